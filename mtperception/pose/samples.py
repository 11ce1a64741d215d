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

"""Labelled objects as a training cuts them: silhouettes, masks and pictures alone, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mtperception.datasets.errors import DatasetError
from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.pose.data.dataset import LabelledPose, PosePictures
from mtperception.pose.network import FINDER_SIDE
from mtperception.pose.placing import Crop, crop_of

Image = npt.NDArray[np.uint8]

# A silhouette's masks are kept in a square so many times the usual crop, of so many pixels.
_MASK_MARGIN, _MASK_SIDE = 1.5, 128


@dataclass(frozen=True)
class ObjectSample:
    """
    An object in a picture.

    ``outline`` (K x 2) are the corners of its whole silhouette's convex hull in pixels, ``masks``
    (128 x 128 x 2, 0 to 255) the whole silhouette and what can be seen of it, in the square
    ``mask_crop`` of the picture. ``alone`` (RGB) is the object alone in the square ``alone_crop``.
    ``origin`` is where its origin is seen, ``depth`` how far that is along the optical axis.
    """

    picture: int
    camera: PinholeCamera
    outline: Floats
    masks: Image
    mask_crop: Crop
    alone: Image
    alone_crop: Crop
    origin: tuple[float, float]
    depth: float
    visible: float


@dataclass(frozen=True)
class PoseSamples:
    """
    Pictures and the objects in them.

    ``small`` are the pictures as the finder sees them, ``scales`` how many of their pixels there
    are to one of the full picture's, ``objects`` all objects, ``of`` their numbers by picture.
    """

    pictures: PosePictures
    small: Sequence[Image]
    scales: Sequence[float]
    objects: Sequence[ObjectSample]
    of: Sequence[Sequence[int]]

    def __len__(self) -> int:
        return len(self.small)


def samples_of(pictures: PosePictures) -> PoseSamples:
    """Prepare pictures for training; DatasetError names a file that cannot be used."""
    small, scales, of = [], [], []
    objects: list[ObjectSample] = []
    for number, labels in enumerate(pictures.labels):
        image = pictures.images[number]
        shrunk, scale = shrunken(image)
        small.append(shrunk)
        scales.append(scale)
        of.append(range(len(objects), len(objects) + len(labels)))
        objects += [_sample(number, label) for label in labels]
    return PoseSamples(pictures, small, scales, objects, of)


def shrunken(image: Image) -> tuple[Image, float]:
    """Return a picture whose longer side is what the finder sees, and the scale."""
    height, width = image.shape[:2]
    scale = FINDER_SIDE / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=kind), dtype=np.uint8), scale


def _sample(picture: int, label: LabelledPose) -> ObjectSample:
    whole, seen = (_read(path, cv2.IMREAD_GRAYSCALE) for path in (label.mask, label.visible_mask))
    alone = _read(label.alone, cv2.IMREAD_COLOR)[..., ::-1]
    rows, columns = np.nonzero(whole)
    if not len(rows):
        raise DatasetError(f'{label.mask}: the mask of an object is empty')
    outline = cv2.convexHull(np.column_stack((columns, rows)).astype(np.float32))[:, 0]
    crop = crop_of(label.box)
    x, y = crop.middle
    side = _MASK_MARGIN * crop.side
    mask_crop = Crop(x - side / 2, y - side / 2, side)
    matrix = mask_crop.to_pixels(_MASK_SIDE)
    masks = np.dstack([cv2.warpAffine(255 * (mask > 0).astype(np.uint8), matrix,
                                      (_MASK_SIDE, _MASK_SIDE)) for mask in (whole, seen)])
    (u, v), = label.camera.project(label.translation)
    return ObjectSample(
        picture, label.camera, outline.astype(np.float64), masks, mask_crop,
        np.ascontiguousarray(alone), crop, (float(u), float(v)), label.place[2], label.visible)


def _read(path: Path, kind: int) -> Image:
    image = cv2.imread(str(path), kind)
    if image is None:
        raise DatasetError(f'{path}: not a picture, or damaged')
    return np.asarray(image, dtype=np.uint8)
