"""Rclpy nodes, and the small pieces that they share. The only room that imports ROS."""
