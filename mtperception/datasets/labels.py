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

"""Labels as they stand in files, each value checked as it is read."""

from collections.abc import Collection
from dataclasses import dataclass
import json
import math
from pathlib import Path
from typing import Any, Generic, TypeVar

from mtperception.datasets.errors import DatasetError

# Files of labelling tools count from the outer edge of the first pixel; its centre is half a
# pixel further.
EDGE = 0.5

L = TypeVar('L')


@dataclass(frozen=True)
class LabelledFile(Generic[L]):
    """A picture's file, its labels, and the width and height that the label file has for it."""

    path: Path
    labels: tuple[L, ...]
    size: tuple[int, int] | None = None


def read_json(path: Path) -> Any:
    """Read a file of JSON, without the copy of the picture that some tools put in it."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise DatasetError(f'{path}: {error.strerror}') from None
    except ValueError as error:
        raise DatasetError(f'{path}: not valid JSON ({error})') from None
    if isinstance(document, dict):
        document.pop('imageData', None)
    return document


def number(where: str, what: str, value: Any) -> float:
    """Read a number, or the text of one; DatasetError begins with ``where``."""
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise DatasetError(f'{where}: {what} is {value!r}, not a number')
    return found


def picture_size(width: Any, height: Any) -> tuple[int, int] | None:
    """Take a picture's size as a label file has it; None where it has none."""
    known = isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0
    return (width, height) if known else None


def chosen_category(where: str, names: Collection[str], wanted: str | None,
                    usual: str) -> str | None:
    """
    Choose which of the categories that labels have counts; None where there are no labels.

    That is the ``wanted`` one, or that of the ``usual`` name or its plural, or the only one.
    """
    for name in names:
        if name == wanted:
            return name
    for name in names:
        if name.casefold() in (usual, f'{usual}s'):
            return name
    if not names or (len(names) == 1 and wanted is None):
        return next(iter(names), None)
    found = ', '.join(map(repr, sorted(names)))
    raise DatasetError(
        f'{where}: labels of {found}, none of {wanted!r}' if wanted is not None else
        f'{where}: labels of {found}; say which are {usual}s with --category NAME')
