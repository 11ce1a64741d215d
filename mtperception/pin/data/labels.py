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

"""Labels of pins as they stand in a file, each checked as it is read."""

from dataclasses import dataclass
from typing import Any

from mtperception.datasets.errors import DatasetError
from mtperception.datasets.labels import EDGE, number
from mtperception.pin.data.dataset import LabelledPin

# What labels call a pin unless the user says otherwise.
CATEGORY = 'pin'


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
