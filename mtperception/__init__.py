"""A ROS 2 package that gives a robot cell its eyes."""

__version__ = '0.1.0'
