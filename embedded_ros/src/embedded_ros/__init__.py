"""ROS 2 for Python programs on machines without a ROS 2 installation."""
