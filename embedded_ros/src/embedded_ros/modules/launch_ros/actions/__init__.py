"""Actions that know ROS 2 nodes."""

from launch_ros.actions.node import Node

__all__ = ['Node']
