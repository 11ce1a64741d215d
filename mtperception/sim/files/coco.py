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
Pin data sets on disk: a folder with `images/000000.png` ... and `annotations.json` (COCO).

In the file, pixel (0, 0) is the corner of the first pixel, as COCO has it for boxes: boxes and
key points are those of `PinLabel` plus 0.5. Each annotation is a pin with `bbox` (x, y, width,
height), one key point (x, y, v; v is 2 where most of the pin can be seen, 1 where not) and
`attributes`: `diameter` in pixels and `visible`, a share. Each image carries the camera's
`camera_matrix`, row by row, in the project's own convention (centres at whole numbers).
"""

from collections.abc import Mapping, Sequence
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import PinholeCamera
from mtperception.sim.files.writing import png, write_file
from mtperception.sim.pin.labels import PinLabel

ANNOTATIONS = 'annotations.json'
IMAGES = 'images'
_EDGE = 0.5
_CATEGORY = 1


def image_name(index: int) -> str:
    """Return the path of a picture within its data set."""
    return f'{IMAGES}/{index:06d}.png'


def write_image(path: Path, image: NDArray[np.uint8]) -> None:
    """Write a grey picture as PNG, whole or not at all."""
    write_file(path, png(image))


def write_annotations(
    folder: Path, pins: Sequence[Sequence[PinLabel]], cameras: Sequence[PinholeCamera],
    info: Mapping[str, object],
) -> None:
    """Write the labels of pictures 0, 1, ... as one COCO file, whole or not at all."""
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for index, (labels, camera) in enumerate(zip(pins, cameras, strict=True)):
        images.append({
            'id': index, 'file_name': image_name(index), 'width': camera.width,
            'height': camera.height, 'camera_matrix': camera.matrix.ravel().tolist(),
        })
        for label in labels:
            annotations.append({'id': len(annotations) + 1, 'image_id': index, **_encoded(label)})
    text = json.dumps({
        'info': dict(info),
        'licenses': [],
        'categories': [{
            'id': _CATEGORY, 'name': 'pin', 'supercategory': 'part',
            'keypoints': ['top_centre'], 'skeleton': [],
        }],
        'images': images,
        'annotations': annotations,
    })
    write_file(folder / ANNOTATIONS, text.encode())


def _encoded(label: PinLabel) -> dict[str, object]:
    x0, y0, x1, y1 = label.box
    width, height = x1 - x0, y1 - y0
    return {
        'category_id': _CATEGORY, 'iscrowd': 0, 'area': width * height,
        'bbox': [x0 + _EDGE, y0 + _EDGE, width, height],
        'num_keypoints': 1,
        'keypoints': [label.x + _EDGE, label.y + _EDGE, 2 if label.visible > 0.5 else 1],
        'attributes': {'diameter': label.diameter, 'visible': label.visible},
    }
