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

"""The index of resources: `share/ament_index/resource_index/<type>/<name>` below each prefix."""

from pathlib import Path

from ament_index_python.search_paths import get_search_paths

_INDEX = Path('share/ament_index/resource_index')


def _check(kind: str, value: str) -> None:
    if not value or '/' in value or '\\' in value:
        raise ValueError(f"'{value}' is not a valid {kind}")


def has_resource(resource_type: str, resource_name: str) -> str | bool:
    """Return the prefix that has the resource, or False."""
    _check('resource type', resource_type)
    _check('resource name', resource_name)
    for prefix in get_search_paths():
        if (Path(prefix) / _INDEX / resource_type / resource_name).is_file():
            return prefix
    return False


def get_resource(resource_type: str, resource_name: str) -> tuple[str, str]:
    """Return a resource's content and its prefix; LookupError when there is none."""
    prefix = has_resource(resource_type, resource_name)
    if not isinstance(prefix, str):
        raise LookupError(
            f"Could not find the resource '{resource_name}' of type '{resource_type}'"
        )
    path = Path(prefix) / _INDEX / resource_type / resource_name
    return path.read_text(encoding='utf-8'), prefix


def get_resources(resource_type: str) -> dict[str, str]:
    """Return the resources of a type by name, each with the first prefix that has it."""
    _check('resource type', resource_type)
    found: dict[str, str] = {}
    for prefix in get_search_paths():
        folder = Path(prefix) / _INDEX / resource_type
        if folder.is_dir():
            for file in sorted(folder.iterdir()):
                if file.is_file() and not file.name.startswith('.'):
                    found.setdefault(file.name, prefix)
    return found
