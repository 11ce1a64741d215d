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
COCO's JSON: what `mtperception render pin` writes, and what labelling tools export.

Ours has for each pin the box of the whole pin, its centre as the one key point, and the attributes
`diameter` and `visible`. All three may be missing: then a pin is its box.
"""

from pathlib import Path
from typing import Any

from mtperception.datasets.coco import read_coco
from mtperception.datasets.errors import DatasetError
from mtperception.datasets.labels import LabelledFile
from mtperception.pin.data.labels import box_label, CATEGORY, Label


def read_coco_pins(path: Path, document: dict[str, Any],
                   category: str | None) -> list[LabelledFile[Label]]:
    """Read the labels of all pictures."""
    return read_coco(path, document, category, CATEGORY, _label)


def _label(where: str, annotation: dict[str, Any]) -> Label:
    box = annotation.get('bbox')
    if not isinstance(box, list) or len(box) != 4:
        raise DatasetError(f'{where}: the bbox is {box!r}, not four numbers')
    points = annotation.get('keypoints') or []
    if not isinstance(points, list) or len(points) % 3:
        raise DatasetError(f'{where}: the keypoints are not three numbers each')
    seen = [points[start:start + 2] for start in range(0, len(points), 3) if points[start + 2]]
    if len(seen) > 1:
        raise DatasetError(f'{where}: {len(seen)} key points; a pin has one, its centre')
    attributes = annotation.get('attributes')
    given = attributes if isinstance(attributes, dict) else {}
    # What COCO calls a crowd is there, but not one by one: neither hit nor miss.
    visible = 0.0 if annotation.get('iscrowd') else given.get('visible')
    return box_label(where, *box, centre=(seen[0][0], seen[0][1]) if seen else None,
                     diameter=given.get('diameter'), visible=visible)
