"""The rule for parameter names."""

from rclpy.exceptions import InvalidParameterException


def validate_parameter_name(name: str) -> bool:
    """Return True, or raise InvalidParameterException."""
    if not isinstance(name, str) or not name:
        raise InvalidParameterException(name)
    return True
