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

"""
What every known message type is made of.

rosbags brings the definitions of the common packages; the files under `interfaces/` add what it
lacks, and the default values that it does not keep.
"""

import ast
from collections.abc import Iterator
import functools
from importlib import resources
from typing import Any, NamedTuple

from rosbags.interfaces import Nodetype
from rosbags.typesys import get_types_from_msg, get_typestore, Stores
from rosbags.typesys.store import Typestore

REQUEST = '_Request'
RESPONSE = '_Response'

# An IDL structure must not be empty: a message without fields carries this one on the wire, and
# no class shows it.
PLACEHOLDER = 'structure_needs_at_least_one_member'

# (kind, content) as rosbags describes a field's type: (BASE, (name, string bound)),
# (NAME, type name), or (ARRAY | SEQUENCE, (element description, length or bound)).
Description = tuple[int, Any]


class Definition(NamedTuple):
    constants: dict[str, tuple[str, Any]]
    fields: dict[str, Description]
    defaults: dict[str, Any]


class _Definitions(NamedTuple):
    store: Typestore
    defaults: dict[str, dict[str, Any]]
    services: frozenset[str]


@functools.cache
def _load() -> _Definitions:
    store = get_typestore(Stores.ROS2_JAZZY)
    defaults: dict[str, dict[str, Any]] = {}
    services: set[str] = set()
    for name, text in _interface_files():
        if '/srv/' in name:
            services.add(name)
            request, _, response = text.partition('---')
            parts = {name + REQUEST: request, name + RESPONSE: response}
        else:
            parts = {name: text}
        for part, lines in parts.items():
            defaults[part] = _default_values(lines)
            if part not in store.fielddefs:
                store.fielddefs[part] = _parse(lines, part)
    for name, (constants, fields) in store.fielddefs.items():
        store.fielddefs[name] = constants, [(n, _without_char(d)) for n, d in fields]
    return _Definitions(store, defaults, frozenset(services))


def _interface_files() -> Iterator[tuple[str, str]]:
    root = resources.files('embedded_ros') / 'interfaces'
    for package in sorted(root.iterdir(), key=lambda entry: entry.name):
        for kind in package.iterdir():
            for file in kind.iterdir():
                stem = file.name.rpartition('.')[0]
                yield f'{package.name}/{kind.name}/{stem}', file.read_text(encoding='utf-8')


def _parse(lines: str, name: str) -> Any:
    """Return the constants and fields of one definition as rosbags keeps them."""
    # The parser resolves neighbouring types relative to a `msg` folder alone.
    as_message = name.replace('/srv/', '/msg/')
    constants, fields = get_types_from_msg(lines.strip() + '\n', as_message)[as_message]
    if not fields:
        fields = [(PLACEHOLDER, (Nodetype.BASE, ('uint8', 0)))]
    return constants, fields


def _default_values(lines: str) -> dict[str, Any]:
    """Return the values that stand behind the field names, as in `float64 w 1`."""
    values = {}
    for line in lines.splitlines():
        words = line.split('#')[0].split(None, 2)
        if len(words) == 3 and '=' not in line:
            text = {'true': 'True', 'false': 'False'}.get(words[2].strip(), words[2].strip())
            value = ast.literal_eval(text)
            values[words[1]] = float(value) if words[0].startswith('float') else value
    return values


def _without_char(description: Description) -> Description:
    """Replace `char`, which ROS 2 defines as another name of uint8."""
    kind, content = description
    if kind == Nodetype.BASE:
        return (kind, ('uint8', 0)) if content[0] == 'char' else description
    if kind == Nodetype.NAME:
        return description
    return kind, (_without_char(content[0]), content[1])


def _known(name: str) -> _Definitions:
    loaded = _load()
    if name not in loaded.store.fielddefs:
        raise LookupError(
            f"message type '{name}' is not known here (its definition belongs under interfaces/)"
        )
    return loaded


def definition(name: str) -> Definition:
    """
    Return what the message type `name` ('sensor_msgs/msg/Image') consists of.

    LookupError when nobody here knows the type.
    """
    loaded = _known(name)
    constants, fields = loaded.store.fielddefs[name]
    return Definition(
        constants={key: (kind, value) for key, kind, value in constants},
        fields={key: description for key, description in fields if key != PLACEHOLDER},
        defaults=loaded.defaults.get(name, {}),
    )


def field_definitions(name: str) -> list[tuple[str, Description]]:
    """Return the fields of a message type as on the wire: name and rosbags' description."""
    return list(_known(name).store.fielddefs[name][1])


@functools.cache
def type_hash(name: str) -> str:
    """Return the RIHS01 hash by which ROS 2 tells the versions of a message type apart."""
    return str(_known(name).store.hash_rihs01(name))


def definition_text(name: str) -> str:
    """Return the definition with all that it refers to, as bags and Foxglove store it."""
    return str(_known(name).store.generate_msgdef(name, ros_version=2)[0])


def message_names() -> list[str]:
    """Return every known message type, without the halves of services."""
    return sorted(name for name in _load().store.fielddefs if '/msg/' in name)


def service_names() -> list[str]:
    """Return every known service type."""
    return sorted(_load().services)
