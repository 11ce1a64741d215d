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

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from mtperception.pin.data.dataset import LabelledPin
from mtperception.pin.detection import PinDetection
from mtperception.pin.evaluation import CropScore, cut_crop, FrameScore, match

WIDTH, HEIGHT = 612, 512


def pin(x, y, diameter=20.0, visible=1.0):
    radius = diameter / 2
    return LabelledPin(x, y, diameter, (x - radius, y - radius, x + radius, y + radius), visible)


def found(x, y, score=0.9, diameter=20.0):
    return PinDetection(x, y, diameter, score)


def matched(detections, pins):
    return match(detections, pins, WIDTH, HEIGHT)


def test_a_detection_within_five_pixels_is_a_hit():
    assert matched([found(103, 104)], [pin(100, 100)]).hits == ((0, 0),)
    far = matched([found(103.1, 104)], [pin(100, 100)])
    assert (far.hits, far.false, far.missed) == ((), (0,), (0,))


def test_a_pin_is_found_once():
    twice = matched([found(100, 100, 0.6), found(101, 100, 0.9)], [pin(100, 100)])
    assert (twice.hits, twice.false) == (((1, 0),), (0,))


@pytest.mark.parametrize('ignored', [
    pin(100, 100, visible=0.59), pin(-0.6, 100), pin(100, 511.6)])
def test_pins_between_the_limits_are_neither_hit_nor_miss(ignored):
    seen = matched([found(ignored.x + 6, ignored.y)], [ignored])
    unseen = matched([], [ignored])
    assert seen == unseen
    assert (seen.hits, seen.false, seen.missed) == ((), (), ())


@pytest.mark.parametrize('counted', [pin(100, 100, visible=0.6), pin(-0.5, 0), pin(611.4, 511.4)])
def test_pins_at_the_limits_count(counted):
    assert matched([], [counted]).missed == (0,)


def test_figures_by_hand():
    score = FrameScore()
    score.add([found(100, 100), found(200, 203), found(400, 400)],
              [pin(100, 101), pin(200, 200), pin(300, 300)], WIDTH, HEIGHT)
    score.add([], [], WIDTH, HEIGHT)
    figures = score.figures()
    assert figures['error_px']['mean'] == pytest.approx(2)
    assert figures['error_px']['p95'] == pytest.approx(2.9)
    assert figures['missed'] == pytest.approx(1 / 3)
    assert (figures['false'], figures['pins'], score.frames) == (1, 3, 2)


def test_figures_of_nothing_are_none():
    figures = FrameScore().figures()
    assert figures['error_px'] == {'mean': None, 'p95': None}
    assert figures['missed'] is None


def test_crops_by_hand():
    score = CropScore()
    score.add([found(50, 50)], [pin(50, 53)])
    score.add([found(80, 80, 0.9), found(30, 30, 0.4)], [pin(30, 30), pin(80, 40)])
    score.add([], [pin(50, 50)])
    score.add([], [])
    score.add([found(10, 10)], [])
    figures = score.figures()
    assert figures['accuracy'] == pytest.approx(3 / 5)
    assert figures['error_px']['mean'] == pytest.approx((3 + 40) / 2)
    assert (figures['count'], figures['with_pin']) == (5, 3)


places = st.tuples(st.floats(-20, WIDTH + 20), st.floats(-20, HEIGHT + 20), st.floats(12, 48),
                   st.floats(0, 1))


@given(pins=st.lists(places, max_size=6), seed=st.integers(0, 1000), with_pin=st.booleans())
@settings(deadline=None, max_examples=60)
def test_crops_hold_whole_pins_or_none(pins, seed, with_pin):
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    image = ((7 * rows + columns) % 256).astype(np.uint8)
    labels = [pin(*row) for row in pins]
    crop = cut_crop(image, labels, with_pin, np.random.default_rng(seed), tries=10)
    if crop is None:
        return
    assert crop.image.shape == (100, 100)
    assert bool(crop.pins) == with_pin
    for inside in crop.pins:
        assert 24 <= inside.x <= 75 and 24 <= inside.y <= 75 and inside.visible >= 0.6
        before = next(label for label in labels if label.diameter == inside.diameter
                      and label.visible == inside.visible)
        left, top = round(before.x - inside.x), round(before.y - inside.y)
        assert np.array_equal(crop.image, image[top:top + 100, left:left + 100])


def test_there_is_no_crop_with_a_pin_without_pins():
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    assert cut_crop(image, [pin(100, 100, visible=0.5)], True, np.random.default_rng(0)) is None
