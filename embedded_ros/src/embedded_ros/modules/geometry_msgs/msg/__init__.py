"""Message classes of geometry_msgs, made when they are first asked for."""

from typing import Any

from embedded_ros.message_packages import class_named, names_in


def __getattr__(name: str) -> Any:
    return class_named('geometry_msgs/msg', name)


def __dir__() -> list[str]:
    return names_in('geometry_msgs/msg')
