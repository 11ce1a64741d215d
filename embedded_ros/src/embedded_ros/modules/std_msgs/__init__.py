"""Interfaces of the package std_msgs."""
