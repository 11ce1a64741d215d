"""Interfaces of the package sensor_msgs."""
