"""The rule for namespaces."""

from rclpy.exceptions import InvalidNamespaceException

from embedded_ros.names import namespace_fault


def validate_namespace(namespace: str) -> bool:
    """Return True, or raise InvalidNamespaceException."""
    if fault := namespace_fault(namespace):
        raise InvalidNamespaceException(namespace, *fault)
    return True
