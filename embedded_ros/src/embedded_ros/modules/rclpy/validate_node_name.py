"""The rule for node names."""

from rclpy.exceptions import InvalidNodeNameException

from embedded_ros.names import node_name_fault


def validate_node_name(node_name: str) -> bool:
    """Return True, or raise InvalidNodeNameException."""
    if fault := node_name_fault(node_name):
        raise InvalidNodeNameException(node_name, *fault)
    return True
