"""Interfaces of the package diagnostic_msgs."""
