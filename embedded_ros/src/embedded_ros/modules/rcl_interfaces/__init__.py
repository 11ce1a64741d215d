"""Interfaces of the package rcl_interfaces."""
