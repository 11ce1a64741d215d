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

from xml.etree import ElementTree

from hypothesis import example, given, settings, strategies as st
import numpy as np
import pytest

from mtperception.pin.data.dataset import LabelledPin
from mtperception.pin.detection import PinDetection
from mtperception.pin.robustness.plot import robustness_svg
from mtperception.pin.robustness.sweeps import (
    blurred,
    chord_distance,
    exposed,
    Frame,
    hidden,
    noisy,
    resized,
    rotated,
    Sweep,
    SWEEPS,
)
from mtperception.pin.robustness.table import limits, sweep_frames, tables

WIDTH, HEIGHT = 306, 256
DARK, BRIGHT = 40, 200


def disc(x, y, diameter, visible=1.0):
    """Draw a bright disc with a soft edge; its box is that of a pin that leans a little."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    inside = np.clip(diameter / 2 + 0.5 - np.hypot(columns - x, rows - y), 0, 1)
    image = np.rint(DARK + (BRIGHT - DARK) * inside).astype(np.uint8)
    radius = diameter / 2
    pin = LabelledPin(
        x, y, diameter, (x - radius - 6, y - radius, x + radius, y + radius), visible)
    return Frame(image, (pin,))


def seen(image):
    """Measure a bright disc: x, y and diameter, by its moments."""
    weight = np.clip((image.astype(float) - DARK) / (BRIGHT - DARK), 0, 1)
    rows, columns = np.mgrid[:image.shape[0], :image.shape[1]]
    mass = weight.sum()
    return ((weight * columns).sum() / mass, (weight * rows).sum() / mass,
            2 * np.sqrt(mass / np.pi))


def find_disc(image):
    if image.max() < 120:
        return []
    return [PinDetection(*map(float, seen(image)), 0.9)]


def rng():
    return np.random.default_rng(0)


discs = st.tuples(st.floats(90, 215), st.floats(90, 165), st.floats(16, 32))


@given(place=discs, degrees=st.floats(-180, 360))
@settings(max_examples=30)
def test_turned_labels_are_where_the_disc_is(place, degrees):
    frame = rotated(disc(*place), degrees, rng())
    assert frame.image.shape[0] == frame.image.shape[1] == int(HEIGHT / np.sqrt(2)) - 2
    pin = frame.pins[0]
    if pin.visible:
        assert seen(frame.image) == pytest.approx((pin.x, pin.y, pin.diameter), abs=0.1)
        left, top, right, bottom = pin.box
        assert left < pin.x < right and top < pin.y < bottom


def test_a_quarter_turn_is_counter_clockwise_and_shows_nothing_new():
    frame = disc(200, 128, 20)
    turned = rotated(frame, 90, rng())
    side = turned.image.shape[0]
    assert turned.pins[0].y < side / 2 - 40 and abs(turned.pins[0].x - side / 2) < 2
    assert np.array_equal(turned.image, np.rot90(rotated(frame, 0, rng()).image))


@given(place=st.tuples(st.floats(20, 285), st.floats(20, 235), st.floats(14, 32)),
       diameter=st.floats(8, 120))
@example(place=(20.0, 211.625, 25.71875), diameter=82.5)
@settings(max_examples=40)
def test_scaled_labels_are_where_the_disc_is(place, diameter):
    frame = resized(disc(*place), diameter, rng())
    pin = frame.pins[0]
    height, width = frame.image.shape
    assert height <= HEIGHT and width <= WIDTH and pin.visible == 1
    assert pin.diameter == pytest.approx(diameter, rel=0.02)
    x, y, across = seen(frame.image)
    assert (x, y) == pytest.approx((pin.x, pin.y), abs=0.15)
    assert across == pytest.approx(pin.diameter, rel=0.01)
    assert pin.box[2] - pin.x == pytest.approx(pin.diameter / 2, rel=0.03)


def test_pins_of_another_size_do_not_count():
    image = np.full((HEIGHT, WIDTH), DARK, np.uint8)
    pins = [LabelledPin(x, 100, diameter, (x - 9, 91, x + 9, 109), visible)
            for x, diameter, visible in ((60, 20, 1.0), (120, 23, 1.0), (180, 30, 1.0),
                                         (240, 20, 0.3))]
    after = resized(Frame(image, pins), 20, rng())
    assert [pin.visible for pin in after.pins] == [1.0, 1.0, 0.0, 0.0]
    assert resized(Frame(image, pins[3:]), 20, rng()) is None
    assert resized(Frame(image, []), 20, rng()) is None


@pytest.mark.parametrize('share', [0.0, 0.1, 0.25, 0.5, 0.75])
def test_so_much_of_the_circle_is_hidden(share):
    frame = Frame(np.full((HEIGHT, WIDTH), 128, np.uint8), disc(150.3, 120.7, 60).pins)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(columns - 150.3, rows - 120.7)
    for seed in range(6):
        after = hidden(frame, share, np.random.default_rng(seed))
        change = np.abs(after.image.astype(float) - 128)
        lost = change / change.max(initial=1)
        assert np.mean(lost[distance <= 30]) == pytest.approx(share, abs=0.01)
        assert not lost[distance > 30 * 1.7].any()
        assert after.pins == frame.pins
    assert chord_distance(0.5) == pytest.approx(0, abs=1e-3)


def test_pins_that_are_hidden_already_are_left_alone():
    frame = disc(150, 120, 60, visible=0.8)
    after = hidden(frame, 0.5, rng())
    assert np.array_equal(after.image, frame.image) and after.pins[0].visible == 0


def test_light_noise_and_blur_are_what_they_say():
    frame = Frame(np.full((HEIGHT, WIDTH), 100, np.uint8), ())
    assert (exposed(frame, -2, rng()).image == 25).all()
    assert (exposed(frame, 2, rng()).image == 255).all()
    assert np.std(noisy(frame, 12, rng()).image.astype(float)) == pytest.approx(12, rel=0.02)
    point = np.zeros((61, 61), np.uint8)
    point[30, 30] = 255
    for sigma in (0, 1):
        spread = blurred(Frame(point, ()), sigma, rng()).image.astype(float)
        rows = np.arange(61) - 30
        deviation = np.sqrt((spread.sum(axis=0) * rows**2).sum() / spread.sum())
        assert deviation == pytest.approx(sigma, abs=0.1)


@pytest.mark.parametrize('sweep', SWEEPS, ids=lambda sweep: sweep.name)
def test_the_neutral_value_leaves_the_pin_as_it_was(sweep):
    frame = disc(150, 120, 24)
    after = sweep.apply(frame, sweep.neutral, rng())
    pin = after.pins[0]
    assert pin.visible == 1 and pin.diameter == pytest.approx(24)
    assert seen(after.image) == pytest.approx((pin.x, pin.y, 24), abs=0.1)
    assert list(sweep.values) == sorted(sweep.values)


@pytest.mark.parametrize(('missed', 'expected'), [
    ([0.0, 0.0, 0.0, 0.0], [1, 4]),
    ([0.06, 0.05, 0.0, 0.2], [2, 3]),
    ([0.0, 0.5, 0.0, 0.0], [3, 4]),
    ([0.0, 0.0, 0.06, 0.0], None),
    ([0.0, 0.0, None, 0.0], None),
    ([None, 0.0, 0.0, None], [2, 3]),
])
def test_limits_reach_from_the_neutral_value_to_failure(missed, expected):
    sweep = Sweep('any', 'none', (1, 2, 3, 4), 3, noisy)
    assert limits(sweep, [{'missed': value} for value in missed]) == expected


def test_a_finder_of_bright_discs_fails_where_it_must():
    frames = [disc(150, 120, 24), disc(100, 100, 20)]
    steps = []
    figures = sweep_frames(find_disc, frames, 0, lambda: steps.append(1))
    assert len(steps) == 2 and list(figures) == [sweep.name for sweep in SWEEPS]
    assert figures['rotation']['limits'] == [0, 330]
    # It sees nothing below a brightness of 120: half of 200 is too little.
    assert figures['brightness']['limits'][0] == 0
    rows = {row['value']: row for row in figures['brightness']['values']}
    assert rows[-1]['missed'] == 1 and rows[-1]['error_px'] == {'mean': None, 'p95': None}
    assert rows[0]['pins'] == rows[0]['frames'] == 2 and rows[0]['error_px']['mean'] < 0.1
    assert figures == sweep_frames(find_disc, frames, 0)

    text = tables(figures)
    assert '| brightness | 0 | ' in text and '| -1 | 2 | 100.0 % | - | - | 0 |' in text
    sheet = ElementTree.fromstring(robustness_svg(figures, 'a < b'))
    words = [element.text for element in sheet.iter('{http://www.w3.org/2000/svg}text')]
    assert 'a < b' in words and {sweep.name for sweep in SWEEPS} <= set(words)
