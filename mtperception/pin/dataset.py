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

"""Labelled pin pictures from files: COCO's JSON with a key point, a diameter and a visibility."""

from collections.abc import Sequence
from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

ANNOTATIONS = 'annotations.json'
# A pin less visible than this is neither hit nor miss.
LEAST_VISIBLE = 0.6


class DatasetError(ValueError):
    """A data set cannot be read; the message names the file and what is wrong with it."""


@dataclass(frozen=True)
class LabelledPin:
    """
    A true pin; pixels, (0, 0) being the centre of the picture's first one.

    ``x`` and ``y`` are the centre of its top face, ``diameter`` the top face's, ``box`` (left,
    top, right, bottom) the whole pin, hidden parts too, and ``visible`` the share of it, from 0
    to 1, that nothing hides.
    """

    x: float
    y: float
    diameter: float
    box: tuple[float, float, float, float]
    visible: float

    def counts(self, width: int, height: int) -> bool:
        """Say if the pin must be found in a picture of this size: centre inside and visible."""
        inside = -0.5 <= self.x < width - 0.5 and -0.5 <= self.y < height - 0.5
        return inside and self.visible >= LEAST_VISIBLE


@dataclass(frozen=True)
class PinPictures:
    """Pictures of one size in memory, N x H x W, with the pins of each, and a hash of all."""

    images: npt.NDArray[np.uint8]
    pins: Sequence[tuple[LabelledPin, ...]]
    sha256: str

    def __len__(self) -> int:
        return len(self.images)

    def part(self, indices: slice) -> 'PinPictures':
        """Take some of the pictures; the hash stays that of the whole."""
        return PinPictures(self.images[indices], self.pins[indices], self.sha256)


def read_pictures(folder: Path) -> PinPictures:
    """Read a whole data set; DatasetError names what cannot be used."""
    records = _read_records(folder)
    if not records:
        raise DatasetError(f'{folder}: the data set has no pictures')
    digest = hashlib.sha256((folder / ANNOTATIONS).read_bytes())
    images: npt.NDArray[np.uint8] | None = None
    for index, (path, _) in enumerate(records):
        try:
            data = path.read_bytes()
        except OSError as error:
            raise DatasetError(f'{path}: {error.strerror}') from None
        digest.update(data)
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) \
            if data else None
        if image is None:
            raise DatasetError(f'{path}: not a picture, or damaged; render the data set again')
        if images is None:
            images = np.empty((len(records), *image.shape), np.uint8)
        if image.shape != images.shape[1:]:
            raise DatasetError(f'{path}: {image.shape[1]} x {image.shape[0]} pixels, the first '
                               f'picture has {images.shape[2]} x {images.shape[1]}')
        images[index] = image
    assert images is not None
    return PinPictures(images, [pins for _, pins in records], digest.hexdigest())


def _read_records(folder: Path) -> list[tuple[Path, tuple[LabelledPin, ...]]]:
    path = folder / ANNOTATIONS
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise DatasetError(f'{folder}: no finished data set ({ANNOTATIONS} is missing); make one '
                           'with: mtperception render pin') from None
    except ValueError as error:
        raise DatasetError(f'{path}: not valid JSON ({error})') from None
    try:
        pins: dict[int, list[LabelledPin]] = {image['id']: [] for image in content['images']}
        for annotation in content['annotations']:
            pins[annotation['image_id']].append(_pin_from_coco(annotation))
        return [(folder / image['file_name'], tuple(pins[image['id']]))
                for image in sorted(content['images'], key=lambda image: image['file_name'])]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DatasetError(f'{path}: not a pin data set ({error!r})') from None


def _pin_from_coco(annotation: dict[str, Any]) -> LabelledPin:
    # COCO counts from the first pixel's outer edge: half a pixel more.
    x, y = annotation['keypoints'][:2]
    left, top, width, height = annotation['bbox']
    attributes = annotation['attributes']
    pin = LabelledPin(
        x=float(x) - 0.5, y=float(y) - 0.5, diameter=float(attributes['diameter']),
        box=(left - 0.5, top - 0.5, left + width - 0.5, top + height - 0.5),
        visible=float(attributes['visible']))
    if not np.isfinite([pin.x, pin.y, *pin.box, pin.visible, pin.diameter]).all() \
            or pin.diameter <= 0:
        raise ValueError(f'numbers out of range in annotation {annotation.get("id")}')
    return pin
