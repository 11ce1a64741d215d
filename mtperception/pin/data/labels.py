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

"""Labels as they stand in a file, each checked as it is read."""

from collections.abc import Collection
from dataclasses import dataclass
import math
from pathlib import Path
from typing import Any

from mtperception.pin.data.dataset import DatasetError, LabelledPin

# Files count from the outer edge of the first pixel; its centre is half a pixel further.
EDGE = 0.5


@dataclass(frozen=True)
class Label:
    """
    A pin, and where its label stands, for errors.

    ``whole`` says that the label is of the whole pin, hidden parts too, so that it may lie
    outside the picture.
    """

    pin: LabelledPin
    where: str
    whole: bool = False


@dataclass(frozen=True)
class LabelledFile:
    """A picture's file, its labels, and the width and height that the label file has for it."""

    path: Path
    labels: tuple[Label, ...]
    size: tuple[int, int] | None = None


def box_label(where: str, left: Any, top: Any, width: Any, height: Any, *,
              centre: tuple[Any, Any] | None = None, diameter: Any = None,
              visible: Any = None) -> Label:
    """
    Make a label of a box; all lengths in pixels from the outer edge of the first one.

    The box's centre is the pin's unless ``centre`` is given, and its smaller side the diameter
    unless ``diameter`` is. Where nothing tells how much is ``visible``, all is. DatasetError
    begins with ``where``.
    """
    left, top = number(where, 'left edge', left), number(where, 'top edge', top)
    width, height = number(where, 'width', width), number(where, 'height', height)
    if width <= 0 or height <= 0:
        raise DatasetError(f'{where}: a box of {width:g} x {height:g} pixels; draw it around '
                           'the pin')
    x, y = (left + width / 2, top + height / 2) if centre is None else (
        number(where, 'x', centre[0]), number(where, 'y', centre[1]))
    across = min(width, height) if diameter is None else number(where, 'diameter', diameter)
    if across <= 0:
        raise DatasetError(f'{where}: the diameter is {across:g}; it must be larger than 0')
    seen = 1.0 if visible is None else number(where, 'visible', visible)
    if not 0 <= seen <= 1:
        raise DatasetError(f'{where}: visible is {seen:g}; it is a share from 0 to 1')
    box = (left - EDGE, top - EDGE, left + width - EDGE, top + height - EDGE)
    return Label(LabelledPin(x - EDGE, y - EDGE, across, box, seen), where,
                 whole=visible is not None)


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


def pin_category(where: str, names: Collection[str], wanted: str | None) -> str | None:
    """
    Choose which of the categories that labels have means pins; None where there are no labels.

    That is the ``wanted`` one, or the one called pin, or the only one.
    """
    for name in names:
        if name == wanted:
            return name
    for name in names:
        if name.casefold() in ('pin', 'pins'):
            return name
    if not names or (len(names) == 1 and wanted is None):
        return next(iter(names), None)
    found = ', '.join(map(repr, sorted(names)))
    raise DatasetError(
        f'{where}: labels of {found}, none of {wanted!r}' if wanted is not None else
        f'{where}: labels of {found}; say which are pins with --category NAME')
