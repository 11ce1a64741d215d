"""The part of launch that knows ROS 2 nodes, with the names of ROS 2's launch_ros."""

from launch_ros import actions, parameter_descriptions, substitutions

__all__ = ['actions', 'parameter_descriptions', 'substitutions']
