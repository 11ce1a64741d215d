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

"""Random views of pictures, and random crops of the objects in them, with what they are to say."""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from mtperception.geometry.camera import Floats
from mtperception.pose.network import CROP_SIDE, DRAWN_SIDE, FINDER_SIDE, MASK_SIDE
from mtperception.pose.placing import crop_of, Sighting, told_place
from mtperception.pose.samples import ObjectSample

Image = npt.NDArray[np.uint8]

SCALE_LEAST, SCALE_MOST = 0.8, 1.25
SHIFT = 0.1
# How far the box that a crop is made for is off: in its longer sides, and as a logarithm.
CROP_SHIFT, CROP_SCALE = 0.1, 0.16


class ShownCrop(NamedTuple):
    """
    A crop for the encoder (128 x 128 x 3, RGB), and what is to be said of it.

    ``drawn`` (64 x 64 x 4) is the object alone and its mask, ``masks`` (32 x 32 x 2) the whole
    silhouette and what can be seen of it, all 0 to 255; ``place`` (3) as `placing.told_place`
    says it. What is not known of a picture of the object alone is None.
    """

    image: Image
    drawn: Image
    masks: Image | None = None
    place: tuple[float, float, float] | None = None


def random_view(small: Image, scale: float, outlines: list[Floats],
                rng: np.random.Generator) -> tuple[Image, Floats]:
    """
    Show a picture turned, mirrored, scaled and moved at random, as the finder sees it.

    ``small`` has so many pixels to one of the full picture's (``scale``), in which the outlines
    are. Returned are the view, 256 x 256, and the boxes (x0, y0, x1, y1) around the outlines.
    """
    height, width = small.shape[:2]
    zoom = float(np.exp(rng.uniform(np.log(SCALE_LEAST), np.log(SCALE_MOST))))
    turn = zoom * _turn(rng, mirrored=True)
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    aim = (FINDER_SIDE - 1) / 2 + rng.uniform(-SHIFT, SHIFT, 2) * FINDER_SIDE
    matrix = np.column_stack((turn, aim - turn @ middle))
    view = cv2.warpAffine(small, matrix, (FINDER_SIDE, FINDER_SIDE), flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REPLICATE)
    # Pixel (0, 0) is the centre of the first pixel, of both sizes.
    full = _after(matrix, np.array([
        (scale, 0.0, scale / 2 - 0.5), (0.0, scale, scale / 2 - 0.5)]))
    boxes = [_bounds(outline @ full[:, :2].T + full[:, 2], zoom * scale / 2)
             for outline in outlines]
    return np.asarray(view, dtype=np.uint8), np.array(boxes, np.float64).reshape(-1, 4)


def random_crop(picture: Image, thing: ObjectSample, mirrored: bool,
                rng: np.random.Generator) -> ShownCrop:
    """
    Cut around an object, the picture being turned about the optical axis at random.

    With ``mirrored`` half of them are mirror images, which is right for objects that are their
    own mirror image alone. The crop is a little off, as those around detected boxes are.
    """
    camera = thing.camera
    turn = _turn(rng, mirrored=mirrored)
    axis = np.array((camera.cx, camera.cy))
    turned = np.column_stack((turn, axis - turn @ axis))
    box = _bounds(thing.outline @ turn.T + turned[:, 2], 0.5)
    exact, crop = crop_of(box), crop_of(_off(box, rng))
    image = cv2.warpAffine(picture, _after(crop.to_pixels(CROP_SIDE), turned),
                           (CROP_SIDE, CROP_SIDE), flags=cv2.INTER_LINEAR,
                           borderMode=cv2.BORDER_REPLICATE)
    alone = _after(exact.to_pixels(DRAWN_SIDE),
                   _after(turned, _back(thing.alone_crop.to_pixels(len(thing.alone)))))
    masks = _back(thing.mask_crop.to_pixels(len(thing.masks)))
    drawn = np.dstack((
        _shrunken(thing.alone, alone, DRAWN_SIDE),
        _shrunken(thing.masks[..., 0], _after(
            exact.to_pixels(DRAWN_SIDE), _after(turned, masks)), DRAWN_SIDE)))
    seen = _shrunken(
        thing.masks, _after(crop.to_pixels(MASK_SIDE), _after(turned, masks)), MASK_SIDE)
    x, y = turn @ (np.array(thing.origin) - axis) + axis
    place = told_place(Sighting(float(x), float(y), thing.depth), crop, camera.fx)
    return ShownCrop(np.asarray(image, dtype=np.uint8), drawn, seen, place)


def random_plain_crop(alone: Image, mask: Image, mirrored: bool,
                      rng: np.random.Generator) -> ShownCrop:
    """Cut a picture of the object alone, on black, with its mask (0 to 255), as `random_crop`."""
    rows, columns = np.nonzero(mask > 127)
    corners = cv2.convexHull(np.column_stack((columns, rows)).astype(np.float32))[:, 0]
    turn = _turn(rng, mirrored=mirrored)
    middle = (np.array(mask.shape[::-1]) - 1) / 2
    turned = np.column_stack((turn, middle - turn @ middle))
    box = _bounds(corners.astype(np.float64) @ turn.T + turned[:, 2], 0.5)
    exact, crop = crop_of(box), crop_of(_off(box, rng))
    image = cv2.warpAffine(alone, _after(crop.to_pixels(CROP_SIDE), turned),
                           (CROP_SIDE, CROP_SIDE), flags=cv2.INTER_LINEAR)
    drawn = _shrunken(np.dstack((alone, mask)), _after(exact.to_pixels(DRAWN_SIDE), turned),
                      DRAWN_SIDE)
    return ShownCrop(np.asarray(image, dtype=np.uint8), drawn)


def _turn(rng: np.random.Generator, *, mirrored: bool) -> Floats:
    angle = rng.uniform(-np.pi, np.pi)
    flip = -1.0 if mirrored and rng.random() < 0.5 else 1.0
    return np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))]) \
        @ np.diag((flip, 1.0))


def _off(box: Floats, rng: np.random.Generator) -> Floats:
    """Move and scale a box a little."""
    low, high = box.reshape(2, 2)
    middle = (low + high) / 2 + rng.uniform(-CROP_SHIFT, CROP_SHIFT, 2) * (high - low).max()
    half = (high - low) / 2 * np.exp(rng.uniform(-CROP_SCALE, CROP_SCALE))
    return np.concatenate((middle - half, middle + half))


def _bounds(points: Floats, margin: float) -> Floats:
    """Return the box around centres of pixels whose edges are so far from them."""
    return np.concatenate((points.min(axis=0) - margin, points.max(axis=0) + margin))


def _after(second: Floats, first: Floats) -> Floats:
    """Return the affine map (2 x 3) that does one and then another."""
    return np.column_stack((second[:, :2] @ first[:, :2],
                            second[:, :2] @ first[:, 2] + second[:, 2]))


def _back(matrix: Floats) -> Floats:
    """Return the inverse of an affine map (2 x 3)."""
    inverse = np.linalg.inv(matrix[:, :2])
    return np.column_stack((inverse, -inverse @ matrix[:, 2]))


def _shrunken(image: Image, matrix: Floats, side: int) -> Image:
    """Warp a picture to so many pixels a side, each the mean of what it covers."""
    twice = _after(np.array([(2.0, 0.0, 0.5), (0.0, 2.0, 0.5)]), matrix)
    large = cv2.warpAffine(image, twice, (2 * side, 2 * side), flags=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


