"""The exceptions that rclpy's native part raises."""
from rclpy.exceptions import InvalidHandle

__all__ = ['InvalidHandle', 'NodeNameNonExistentError', 'RCLError']


class RCLError(RuntimeError):
    """The middleware refused a call, or its context is shut down."""


class NodeNameNonExistentError(RCLError):
    """No node of that name is in the graph."""
