# Copyright 2026 mtperception developers
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

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
