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

"""Message classes of visualization_msgs, made when they are first asked for."""

from typing import Any

from embedded_ros.message_packages import class_named, names_in


def __getattr__(name: str) -> Any:
    return class_named('visualization_msgs/msg', name)


def __dir__() -> list[str]:
    return names_in('visualization_msgs/msg')
