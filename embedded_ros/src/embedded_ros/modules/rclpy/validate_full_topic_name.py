"""The rule for absolute names of topics and services."""

from rclpy.exceptions import InvalidServiceNameException, InvalidTopicNameException

from embedded_ros.names import full_topic_name_fault


def validate_full_topic_name(name: str, *, is_service: bool = False) -> bool:
    """Return True, or raise InvalidTopicNameException or InvalidServiceNameException."""
    if fault := full_topic_name_fault(name):
        error = InvalidServiceNameException if is_service else InvalidTopicNameException
        raise error(name, *fault)
    return True
