"""Interfaces of the package builtin_interfaces."""
