"""Parts of rclpy that its own modules build on."""
