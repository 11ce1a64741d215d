"""Types as they are named on command lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from embedded_ros.messages import message_class, service_class
from ros2cli.errors import CommandError


def known_message_class(name: str) -> Any:
    """Return the class of a message type, given as `pkg/msg/Name` or `pkg/Name`."""
    return _known('message', 'msg', message_class, name)


def known_service_class(name: str) -> Any:
    """Return the class of a service type, given as `pkg/srv/Name` or `pkg/Name`."""
    return _known('service', 'srv', service_class, name)


def _known(what: str, folder: str, find: Callable[[str], Any], name: str) -> Any:
    package, slash, short = name.partition('/')
    full = f'{package}/{folder}/{short}' if slash and '/' not in short else name
    try:
        return find(full)
    except LookupError as error:
        raise CommandError(f"the {what} type '{name}' is not known here") from error
