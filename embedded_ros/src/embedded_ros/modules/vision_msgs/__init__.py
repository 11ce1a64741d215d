"""Interfaces of the package vision_msgs."""
