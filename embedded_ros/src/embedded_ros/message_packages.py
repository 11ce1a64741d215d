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

"""The attributes of the importable packages (`sensor_msgs.msg`, `std_srvs.srv`)."""

from typing import Any


def class_named(package: str, name: str) -> Any:
    """
    Return the class of `name` in a package ('sensor_msgs/msg').

    AttributeError when there is none, as for any module.
    """
    # The type store takes a while to load: not before a class is asked for.
    from embedded_ros.messages.classes import message_class, service_class

    if not name.startswith('_'):
        try:
            kind = package.rpartition('/')[2]
            find = service_class if kind == 'srv' and not _is_half(name) else message_class
            return find(f'{package}/{name}')
        except LookupError:
            pass
    raise AttributeError(f"module '{package.replace('/', '.')}' has no attribute '{name}'")


def _is_half(name: str) -> bool:
    return name.endswith(('_Request', '_Response'))


def names_in(package: str) -> list[str]:
    """Return the names of the classes in a package."""
    from embedded_ros.messages.definitions import message_names, service_names

    names = [*message_names(), *service_names()]
    return [name.rpartition('/')[2] for name in names if name.startswith(f'{package}/')]
