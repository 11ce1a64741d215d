"""Substitutions that know ROS 2 packages."""

from launch.substitutions import FindPackageShare

__all__ = ['FindPackageShare']
