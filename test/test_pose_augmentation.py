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

"""Random views and crops: labels stay on what they label."""

import cv2
from hypothesis import assume, given, settings, strategies as st
import numpy as np
import pytest

from mtperception.geometry.camera import PinholeCamera
from mtperception.pose.augmentation import random_crop, random_plain_crop, random_view
from mtperception.pose.batches import box_targets
from mtperception.pose.network import CROP_SIDE, DRAWN_SIDE, FINDER_SIDE
from mtperception.pose.placing import Crop, crop_of, sighting_of
from mtperception.pose.samples import ObjectSample

CAMERA = PinholeCamera(320, 320, 280.0, 280.0, 158.7, 161.2)
seeds = st.integers(0, 10_000)
# A flag: a large red triangle on a blue pole, so that no turn or mirror image looks the same.
POLE = np.array([(140.0, 120.0), (148.0, 120.0), (148.0, 210.0), (140.0, 210.0)])
CLOTH = np.array([(148.0, 120.0), (200.0, 138.0), (148.0, 156.0)])
ORIGIN, DEPTH = (150.0, 165.0), 0.8


def drawn(matrix, size):
    """Draw the flag after an affine map of the picture's pixels: RGB."""
    image = np.zeros((size, size, 3), np.uint8)
    for corners, colour in ((POLE, (0, 0, 255)), (CLOTH, (255, 0, 0))):
        moved = corners @ matrix[:, :2].T + matrix[:, 2]
        cv2.fillPoly(image, [np.rint(moved * 256).astype(np.int32)], colour, cv2.LINE_AA, 8)
    return image


def sample():
    image = drawn(np.eye(2, 3), 320)
    mask = (image.max(axis=2) > 127)
    rows, columns = np.nonzero(mask)
    outline = cv2.convexHull(np.column_stack((columns, rows)).astype(np.float32))[:, 0]
    box = (*(outline.min(axis=0) - 0.5), *(outline.max(axis=0) + 0.5))
    crop = crop_of(box)
    x, y = crop.middle
    mask_crop = Crop(x - 0.75 * crop.side, y - 0.75 * crop.side, 1.5 * crop.side)
    # Only the cloth can be seen.
    seen = image[..., 0] > 127
    masks = np.dstack([cv2.warpAffine(255 * kind.astype(np.uint8), mask_crop.to_pixels(128),
                                      (128, 128)) for kind in (mask, seen)])
    return image, ObjectSample(
        0, CAMERA, outline.astype(float), masks, mask_crop, drawn(crop.to_pixels(128), 128), crop,
        ORIGIN, DEPTH, 0.7)


IMAGE, SAMPLE = sample()


def all_of_it(image):
    light = image.max(axis=2)
    return not (light[[0, -1]].any() or light[:, [0, -1]].any())


def middle_of(light):
    rows, columns = np.indices(light.shape)
    weight = light / light.sum()
    return (columns * weight).sum(), (rows * weight).sum()


@given(seeds, st.booleans())
@settings(max_examples=40, deadline=None)
def test_all_that_is_to_be_said_of_a_crop_is_true_of_it(seed, mirrored):
    shown = random_crop(IMAGE, SAMPLE, mirrored, np.random.default_rng(seed))
    assume(all_of_it(shown.image))
    assert shown.image.shape == (CROP_SIDE, CROP_SIDE, 3)
    # Masks lie on what they are of: the crop shows it four times as large.
    for channel, mask in ((None, 0), (0, 1)):
        light = shown.image.max(axis=2) if channel is None else shown.image[..., channel]
        x, y = middle_of(light)
        seen_x, seen_y = middle_of(shown.masks[..., mask])
        assert ((seen_x + 0.5) * 4 - 0.5, (seen_y + 0.5) * 4 - 0.5) == pytest.approx(
            (x, y), abs=1.5)
    # The drawing is turned as the crop is, and fills its window as all drawings do.
    pole, cloth = (shown.image[..., channel] > 127 for channel in (2, 0))
    drawn_pole, drawn_cloth = (shown.drawn[..., channel] > 127 for channel in (2, 0))
    arm = np.subtract(middle_of(cloth), middle_of(pole))
    drawn_arm = np.subtract(middle_of(drawn_cloth), middle_of(drawn_pole))
    assert arm @ drawn_arm > 0.98 * np.linalg.norm(arm) * np.linalg.norm(drawn_arm)
    rows, columns = np.nonzero(shown.drawn[..., 3] > 127)
    sides = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert max(sides) == pytest.approx(DRAWN_SIDE / 1.2, abs=2.0)
    assert (columns.min() + columns.max()) / 2 == pytest.approx((DRAWN_SIDE - 1) / 2, abs=1.0)


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_the_place_that_is_told_is_the_origin_in_the_turned_picture(seed):
    shown = random_crop(IMAGE, SAMPLE, False, np.random.default_rng(seed))
    assume(all_of_it(shown.image))
    # The turn and the crop from where the two parts of the flag are seen.
    seen = np.array([middle_of(shown.image[..., channel]) for channel in (2, 0)])
    stood = np.array([middle_of(IMAGE[..., channel]) for channel in (2, 0)])
    (arm, was) = (complex(*(pair[1] - pair[0])) for pair in (seen, stood))
    turned = arm / was
    off = turned * complex(*(np.array(ORIGIN) - stood[0]))
    expected = seen[0] + (off.real, off.imag)
    side = CROP_SIDE / abs(turned)
    place = sighting_of(shown.place, Crop(-0.5, -0.5, CROP_SIDE), CAMERA.fx)
    assert (place.x, place.y) == pytest.approx(tuple(expected), abs=0.4)
    told = sighting_of(shown.place, Crop(0.0, 0.0, side), CAMERA.fx)
    assert told.depth == pytest.approx(DEPTH, rel=0.03)


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_boxes_of_views_are_around_what_they_are_of(seed):
    view, boxes = random_view(IMAGE[:300], 1.0, [SAMPLE.outline], np.random.default_rng(seed))
    assert view.shape == (FINDER_SIDE, FINDER_SIDE, 3)
    rows, columns = np.nonzero(view.max(axis=2) > 127)
    inside = (boxes[0] >= 1).all() and (boxes[0] <= FINDER_SIDE - 2).all()
    if inside:
        assert boxes[0] == pytest.approx(
            (columns.min() - 0.5, rows.min() - 0.5, columns.max() + 0.5, rows.max() + 0.5),
            abs=1.5)


def test_views_scale_as_pictures_do():
    small = cv2.resize(IMAGE, (160, 160), interpolation=cv2.INTER_AREA)
    view, boxes = random_view(small, 0.5, [SAMPLE.outline], np.random.default_rng(3))
    rows, columns = np.nonzero(view.max(axis=2) > 127)
    assert boxes[0] == pytest.approx(
        (columns.min() - 0.5, rows.min() - 0.5, columns.max() + 0.5, rows.max() + 0.5), abs=1.5)


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_plain_crops_are_drawn_as_they_are_seen(seed):
    mask = 255 * (SAMPLE.alone.max(axis=2) > 127).astype(np.uint8)
    shown = random_plain_crop(SAMPLE.alone, mask, True, np.random.default_rng(seed))
    assert shown.place is None and shown.masks is None
    arms = [np.subtract(middle_of(image[..., 0] > 127), middle_of(image[..., 2] > 127))
            for image in (shown.image, shown.drawn)]
    assert arms[0] @ arms[1] > 0.98 * np.prod([np.linalg.norm(arm) for arm in arms])


def test_boxes_whose_middle_is_outside_do_not_count():
    inside, outside = (10.0, 10.0, 50.0, 60.0), (-60.0, 10.0, 50.0, 60.0)
    targets = box_targets([np.array([inside, outside]), np.zeros((0, 4))])
    assert targets.counted.tolist() == [[True, False], [False, False]]
