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

"""What can be set about the training of the pin network, and its reading from YAML."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml


class SettingsError(ValueError):
    """A settings file cannot be used; the message names the key."""


@dataclass(frozen=True)
class HyperParameters:
    """
    What can be set about the training.

    An epoch is ``samples_per_epoch`` random cuts of ``cut_side`` pixels. Before each,
    ``hard_pictures`` of the pictures are searched for places where the network goes wrong, and
    up to ``hard_share`` of the cuts are taken there; ``mosaic_share`` of them are put together
    from the surroundings of four pins. ``validation_share`` of the pictures are held out: they
    are not trained on. ``bfloat16`` computes the convolutions in half the
    precision, which many processors do at twice the speed. ``widen`` lets the model that training
    starts from grow to ``stem``, ``width`` and ``deep``; otherwise it keeps its own.
    """

    stem: int = 24
    width: int = 32
    deep: int = 48
    dilations: tuple[int, ...] = (1, 2, 2, 1)
    epochs: int = 90
    samples_per_epoch: int = 8000
    hard_pictures: int = 400
    hard_share: float = 0.5
    mosaic_share: float = 0.0
    batch: int = 32
    cut_side: int = 160
    kernel_rate: float = 0.03
    learning_rate: float = 4e-3
    weight_decay: float = 0.01
    largest_gradient: float = 5.0
    averaging: float = 0.998
    validation_share: float = 0.1
    bfloat16: bool = True
    widen: bool = False

    def __post_init__(self) -> None:
        """Refuse what could only fail later."""
        for name in ('stem', 'width', 'deep', 'epochs', 'samples_per_epoch', 'batch',
                     'cut_side'):
            if getattr(self, name) < 1:
                raise SettingsError(f'{name} is {getattr(self, name)}; it must be at least 1')
        if self.batch > self.samples_per_epoch:
            raise SettingsError('batch is larger than samples_per_epoch')
        if not 0 < self.validation_share < 1:
            raise SettingsError(f'validation_share is {self.validation_share}; it must be '
                                'between 0 and 1')


# A model that is trained further is not to be thrown off what it knows, and needs less.
FURTHER = HyperParameters(
    epochs=12, samples_per_epoch=2000, kernel_rate=0.003, learning_rate=4e-4)


def read_hyper_parameters(
        path: Path | None, base: HyperParameters = HyperParameters()) -> HyperParameters:
    """Read settings from a YAML file; keys that it lacks are as in ``base``."""
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
        raise SettingsError(f'{path}: a settings file is a list of "name: value" lines')
    defaults = asdict(base)
    values = {}
    for key, value in content.items():
        if key not in defaults:
            raise SettingsError(f'{path}: unknown setting {key!r}; there are: '
                                f'{", ".join(defaults)}')
        values[key] = _converted(path, key, value, defaults[key])
    try:
        return replace(base, **values)
    except SettingsError as error:
        raise SettingsError(f'{path}: {error}') from None


def _converted(path: Path, key: str, value: Any, default: Any) -> Any:
    if isinstance(default, tuple):
        if isinstance(value, list) and value and len(value) % 2 == 0 \
                and all(type(entry) is int and entry > 0 for entry in value):
            return tuple(value)
        raise SettingsError(f'{path}: {key} is a list of positive integers, even in number')
    if isinstance(default, float) and type(value) in (int, float):
        return float(value)
    if type(value) is type(default):
        return value
    raise SettingsError(f'{path}: {key} is {value!r}; expected something like {default!r}')
