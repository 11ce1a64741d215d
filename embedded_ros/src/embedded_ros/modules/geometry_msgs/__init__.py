"""Interfaces of the package geometry_msgs."""
