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

"""The settings of a training: dataclasses of plain values, read from YAML."""

from dataclasses import asdict, replace
import inspect
import json
from pathlib import Path
from typing import Any, Protocol, TypeVar

import yaml


class SettingsError(ValueError):
    """A settings file cannot be used; the message names the key."""


class LoopSettings(Protocol):
    """What the settings of all systems have for the training loop, whatever else they set."""

    @property
    def epochs(self) -> int: ...
    @property
    def samples_per_epoch(self) -> int: ...
    @property
    def batch(self) -> int: ...
    @property
    def kernel_rate(self) -> float: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def largest_gradient(self) -> float: ...
    @property
    def averaging(self) -> float: ...
    @property
    def validation_share(self) -> float: ...


Settings = TypeVar('Settings')


def check_positive(settings: object, *names: str) -> None:
    """Refuse settings of which one of these is not positive."""
    for name in names:
        if not getattr(settings, name) > 0:
            raise SettingsError(f'{name} is {getattr(settings, name)}; it must be positive')


def check_loop_settings(settings: LoopSettings) -> None:
    """Refuse settings of the loop that could only fail later."""
    check_positive(settings, 'epochs', 'samples_per_epoch', 'batch')
    if settings.batch > settings.samples_per_epoch:
        raise SettingsError('batch is larger than samples_per_epoch')
    if not 0 < settings.validation_share < 1:
        raise SettingsError(f'validation_share is {settings.validation_share}; it must be '
                            'between 0 and 1')


def read_settings(path: Path | None, base: Settings) -> Settings:
    """Read settings from a YAML file; keys that it lacks are as in ``base``, a dataclass."""
    if path is None:
        return base
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise SettingsError(f'{path}: {error.strerror}') from None
    except yaml.YAMLError as error:
        raise SettingsError(f'{path}: not valid YAML ({" ".join(str(error).split())})') from None
    content = {} if content is None else content
    if not isinstance(content, dict):
        dash = ', without a dash before it' if isinstance(content, list) else ''
        raise SettingsError(f'{path}: a setting is a line such as "epochs: 20"{dash}')
    defaults = asdict(base)  # type: ignore[call-overload]
    values = {}
    for key, value in content.items():
        if key not in defaults:
            raise SettingsError(f'{path}: unknown setting {key!r}; there are: '
                                f'{", ".join(defaults)}')
        values[key] = _converted(path, key, value, defaults[key])
    try:
        return replace(base, **values)  # type: ignore[type-var]
    except SettingsError as error:
        raise SettingsError(f'{path}: {error}') from None


def settings_text(base: Settings, further: Settings) -> str:
    """
    Write settings as YAML that `read_settings` reads, under what their dataclass says of them.

    ``further`` are those of a training that goes on from a model: where they differ, it is said.
    """
    about = (inspect.getdoc(type(base)) or '').replace('``', '').splitlines()
    values, others = asdict(base), asdict(further)  # type: ignore[call-overload]
    lines = []
    for name, value in values.items():
        other = '' if others[name] == value else f'  # with --init: {others[name]}'
        lines.append(f'{name}: {json.dumps(value)}{other}')
    return '\n'.join([*(f'# {line}'.rstrip() for line in about), *lines, ''])


def _converted(path: Path, key: str, value: Any, default: Any) -> Any:
    if isinstance(default, tuple):
        if isinstance(value, list) and value \
                and all(type(entry) is type(default[0]) for entry in value):
            return tuple(value)
        raise SettingsError(f'{path}: {key} is {value!r}; expected something like '
                            f'{list(default)}')
    if isinstance(default, float) and type(value) in (int, float):
        return float(value)
    if type(value) is type(default):
        return value
    raise SettingsError(f'{path}: {key} is {value!r}; expected something like {default!r}')
