"""From a topic or service name as written to the absolute one."""

from rclpy.validate_namespace import validate_namespace
from rclpy.validate_node_name import validate_node_name
from rclpy.validate_topic_name import validate_topic_name

from embedded_ros.names import expand


def expand_topic_name(topic_name: str, node_name: str, node_namespace: str) -> str:
    """Return the absolute name; the exceptions of the validate functions for invalid names."""
    validate_node_name(node_name)
    validate_namespace(node_namespace)
    validate_topic_name(topic_name)
    return expand(topic_name, node_name, node_namespace)
