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

"""Pictures of one object each, as the paper's networks take them: crops, and whole ones."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
import os
from typing import NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import ArrayLike
import torch
from torch import Tensor

from mtperception.datasets.errors import DatasetError
from mtperception.datasets.picture_files import PictureFiles
from mtperception.datasets.pictures import Image
from mtperception.datasets.reading import MEMORY
from mtperception.geometry.camera import Floats
from mtperception.geometry.rotations import allocentric
from mtperception.pose.data.dataset import LabelledPose, PosePictures
from mtperception.pose.paper.autoencoder import SIDE
from mtperception.pose.placing import crop_of

# How far a shaken box may be moved and how much it may be scaled, in shares of its longer side.
JITTER = 0.1

Made = TypeVar('Made')


@dataclass(frozen=True)
class PaperPictures:
    """
    Square pictures (RGB) of one object each, and the object alone.

    ``alone`` are as files have them, 128 x 128. ``rotations`` are allocentric.
    """

    images: Sequence[Image]
    alone: Sequence[Image]
    labels: Sequence[LabelledPose]
    rotations: Floats

    def __len__(self) -> int:
        return len(self.labels)


class CropBatch(NamedTuple):
    """Crops and the objects alone, uint8 B x 128 x 128 x 3, and rotations, B x 3 x 3."""

    crops: Tensor
    alone: Tensor
    rotations: Tensor


class FrameBatch(NamedTuple):
    """
    Whole pictures, uint8 B x S x S x 3, the boxes in them, and the objects alone.

    Boxes are B x 4 in the pictures' pixels, 0 at the edge of the first one.
    """

    pictures: Tensor
    boxes: Tensor
    alone: Tensor


def paper_pictures(pictures: PosePictures, numbers: Sequence[int]) -> PaperPictures:
    """Take some pictures of a data set; DatasetError is raised where one has not one object."""
    alone, labels = PictureFiles(MEMORY, SIDE, colour=True), []
    for number in numbers:
        if len(pictures.labels[number]) != 1:
            raise DatasetError(f'picture {number} has {len(pictures.labels[number])} objects: the '
                               'paper has one in each')
        label, = pictures.labels[number]
        labels.append(label)
        alone.add(label.alone)
    rotations = np.stack([allocentric(label.rotation, label.translation) for label in labels])
    return PaperPictures(pictures.part(numbers).images, alone, labels, rotations)


def crop_batch(pictures: PaperPictures, numbers: Iterable[int],
               shaken: np.random.Generator | None = None) -> CropBatch:
    """
    Cut the windows around the true boxes, or around boxes that are shaken at random.

    What is to be drawn stays the object alone in the window around the true box.
    """
    chosen = [int(number) for number in numbers]
    boxes = [np.array(pictures.labels[number].box) for number in chosen]
    if shaken is not None:
        boxes = [jittered(box, shaken) for box in boxes]
    crops = [window_of(pictures.images[number], box)
             for number, box in zip(chosen, boxes, strict=True)]
    return CropBatch(_stacked(crops), _stacked([pictures.alone[number] for number in chosen]),
                     torch.from_numpy(pictures.rotations[chosen]).float())


def frame_batch(pictures: PaperPictures, numbers: Iterable[int], side: int) -> FrameBatch:
    """Shrink whole pictures to a side in pixels."""
    chosen = [int(number) for number in numbers]
    images = [pictures.images[number] for number in chosen]
    boxes = [edges(pictures.labels[number].box, side / image.shape[1])
             for number, image in zip(chosen, images, strict=True)]
    return FrameBatch(_stacked([shrunken(image, side) for image in images]),
                      torch.from_numpy(np.stack(boxes)).float(),
                      _stacked([pictures.alone[number] for number in chosen]))


def jittered(box: Floats, rng: np.random.Generator) -> Floats:
    """Move and scale a box (x0, y0, x1, y1) at random, by up to a tenth of its longer side."""
    low, high = box.reshape(2, 2)
    longer = float((high - low).max())
    middle = (low + high) / 2 + longer * rng.uniform(-JITTER, JITTER, 2)
    half = (high - low) / 2 * (1.0 + rng.uniform(-JITTER, JITTER))
    return np.concatenate((middle - half, middle + half))


def window_of(image: Image, box: ArrayLike) -> Image:
    """Cut the square window around a box, 128 x 128, black beyond the picture."""
    return np.asarray(cv2.warpAffine(
        image, crop_of(box).to_pixels(SIDE), (SIDE, SIDE), flags=cv2.INTER_LINEAR), np.uint8)


def shrunken(image: Image, side: int) -> Image:
    """Return a square picture at a side in pixels."""
    if image.shape[0] == side:
        return image
    return np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def usual_window(pictures: PaperPictures, side: int) -> float:
    """Return the median side of the windows around objects, in pixels of pictures of a side."""
    return float(np.median([side / label.camera.width * crop_of(label.box).side
                            for label in pictures.labels]))


def mean_picture_error(pictures: PaperPictures) -> float:
    """Return equation 1 of who draws the mean picture of the object alone, whatever is seen."""
    sums, squares = np.zeros((2, SIDE, SIDE, 3))
    for alone in pictures.alone:
        values = alone / 255.0
        sums += values
        squares += values**2
    count = len(pictures)
    return float((squares / count - (sums / count) ** 2).sum(axis=2).mean())


def edges(box: ArrayLike, scale: float) -> Floats:
    """Take boxes (... x 4), 0 being the middle of the first pixel, to a picture so much larger."""
    return (np.asarray(box, dtype=np.float64) + 0.5) * scale


def from_edges(box: ArrayLike, scale: float) -> Floats:
    """Undo `edges`."""
    return np.asarray(box, dtype=np.float64) / scale - 0.5


def ahead(make: Callable[[int], Made], count: int) -> Iterator[Made]:
    """Yield make(0), make(1) and so on; the next few are made meanwhile, a thread each."""
    workers = min(8, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        waiting: list[Future[Made]] = []
        try:
            for number in range(count):
                waiting.append(pool.submit(make, number))
                if len(waiting) > workers:
                    yield waiting.pop(0).result()
            while waiting:
                yield waiting.pop(0).result()
        finally:
            for future in waiting:
                future.cancel()


def _stacked(images: Sequence[Image]) -> Tensor:
    return torch.from_numpy(np.stack(images))
