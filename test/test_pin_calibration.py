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

from mtperception import zoo
from mtperception.nn.calibration_error import expected_calibration_error
from mtperception.pin.calibration import (
    BEST_THRESHOLD,
    calibrate,
    Calibration,
    choose_threshold,
    fit,
    logits,
    ScoredDetections,
    with_calibration,
)
from mtperception.pin.data.dataset import LabelledPin, PinPictures
from mtperception.pin.detection import PinDetection
from mtperception.pin.predictor import PinDetector
from mtperception.sim.pin.scene import PinScene


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def drawn(count, seed, scale=1.0, offset=0.0):
    """Draw logits, and labels that are true with the probability that a line makes of them."""
    rng = np.random.default_rng(seed)
    values = rng.normal(1, 2, count)
    return values, rng.random(count) < sigmoid(scale * values + offset)


def test_the_error_by_hand():
    # 30 detections, two a bin: scores 0.2 with a fifth true would be right.
    scores = [0.1] * 20 + [0.9] * 10
    assert expected_calibration_error(scores, [False] * 20 + [True] * 10) == pytest.approx(0.1)
    assert expected_calibration_error(scores, [True] * 20 + [False] * 10) == pytest.approx(0.9)
    assert expected_calibration_error([0.8], [True]) == pytest.approx(0.2)
    assert expected_calibration_error([], []) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_the_error_is_between_the_mean_gap_and_one(detections):
    scores, true = zip(*detections, strict=True)
    error = expected_calibration_error(scores, true)
    assert abs(np.mean(scores) - np.mean(true)) - 1e-9 <= error <= 1


def test_true_probabilities_have_almost_no_error_and_bent_ones_have():
    values, true = drawn(20_000, 0)
    assert expected_calibration_error(list(sigmoid(values)), list(true)) < 0.015
    assert expected_calibration_error(list(sigmoid(values / 2)), list(true)) > 0.05


@given(scale=st.floats(0.3, 4), offset=st.floats(-2, 2), seed=st.integers(0, 100))
@settings(max_examples=15)
def test_the_line_that_bent_the_scores_is_found(scale, offset, seed):
    values, true = drawn(10_000, seed, scale, offset)
    line = fit(list(sigmoid(values)), list(true))
    assert line.scale == pytest.approx(scale, rel=0.15)
    assert line.offset == pytest.approx(offset, abs=0.3)
    straight = sigmoid(line.scale * values + line.offset)
    assert expected_calibration_error(list(straight), list(true)) < 0.035


@pytest.mark.parametrize(('scores', 'true'), [
    ([], []),
    ([0.9] * 50, [True] * 50),
    ([0.9] * 50 + [0.1] * 9, [True] * 50 + [False] * 9),
    # a score that is the higher the less likely a pin is
    ([0.2] * 50 + [0.8] * 50, [True] * 50 + [False] * 50),
])
def test_there_is_no_line_without_enough_to_fit_or_sense(scores, true):
    assert fit(scores, true) is None


def test_scores_that_divide_all_do_not_run_away():
    line = fit([0.2] * 50 + [0.8] * 50, [False] * 50 + [True] * 50)
    low, high = sigmoid(line.scale * logits([0.2, 0.8]) + line.offset)
    assert 0.005 < low < 0.05 and 0.95 < high < 0.995


def test_detections_of_pins_that_do_not_count_are_left_out():
    seen = LabelledPin(50, 50, 20, (40, 40, 60, 60), 1.0)
    hidden = LabelledPin(150, 50, 20, (140, 40, 160, 60), 0.3)
    scored = ScoredDetections()
    scored.add([PinDetection(51, 50, 20, 0.9), PinDetection(150, 52, 20, 0.8),
                PinDetection(90, 90, 20, 0.3)], [seen, hidden], 200, 100)
    assert scored.figures() == {
        'ece': pytest.approx((0.1 + 0.3) / 2), 'detections': 2, 'true': 1}


@pytest.fixture(scope='module')
def frames():
    with PinScene() as scene:
        return [scene.sample(41, index) for index in range(30)]


@pytest.mark.parametrize('line', [Calibration(2.5, 1.0), Calibration(0.4, -0.7)])
def test_the_line_in_the_weights_moves_the_scores_and_nothing_else(frames, line):
    model = zoo.load('pin')
    before = PinDetector.from_bundle(model)
    after = PinDetector.from_bundle(
        zoo.Bundle('', '', model.card, with_calibration(model.tensors, line)))
    image = next(frame.image for frame in frames if len(frame.pins) > 3)
    found = before.detect(image, 0.1)
    floor = float(sigmoid(line.scale * logits([0.1]) + line.offset)[0])
    moved = after.detect(image, floor - 0.01)[:len(found)]
    for one, other in zip(found, moved, strict=True):
        assert (other.x, other.y, other.diameter) == pytest.approx(
            (one.x, one.y, one.diameter), abs=1e-3)
        expected = sigmoid(line.scale * logits([one.score]) + line.offset)[0]
        assert other.score == pytest.approx(expected, abs=5e-3)


def test_a_model_that_is_too_sure_is_mended(frames):
    model = zoo.load('pin')
    spoilt = zoo.Bundle(
        'spoilt', '', model.card, with_calibration(model.tensors, Calibration(0.4, 1.5)))
    pictures = PinPictures(
        [frame.image for frame in frames],
        [tuple(LabelledPin(pin.x, pin.y, pin.diameter, pin.box, pin.visible)
               for pin in frame.pins) for frame in frames],
        [''] * len(frames), [''] * len(frames))
    tensors, card = calibrate(spoilt, pictures)
    assert card['threshold'] == BEST_THRESHOLD
    assert card['calibration']['ece'] < 0.03 and card['calibration']['detections'] > 50
    assert card['validation']['missed'] < 0.1
    assert card['architecture'] == model.card['architecture']
    assert tensors['head.weight'].dtype == model.tensors['head.weight'].dtype
    detector = PinDetector.from_bundle(zoo.Bundle('', '', card, tensors))
    assert detector.threshold == BEST_THRESHOLD
    image = pictures.images[0]
    assert detector.detect(image) == detector.detect(image, BEST_THRESHOLD)


def test_the_papers_network_has_no_place_for_the_line(disc_model):
    with pytest.raises(zoo.ModelError, match='only the heat-map model can be calibrated'):
        with_calibration(zoo.load(disc_model).tensors, Calibration(2.0, 0.0))


def test_the_threshold_lies_between_false_and_true():
    assert 0.4 < choose_threshold([0.9, 0.95, 0.8], [0.2, 0.1]) < 0.8
    assert choose_threshold([0.99] * 10, []) <= 0.9
    assert choose_threshold([], []) >= 0.3


def test_the_threshold_weighs_false_against_missed():
    # Losing one pin is worth one false detection less; losing two is not.
    assert choose_threshold([0.5] + [0.8] * 9, [0.6, 0.1]) == pytest.approx(0.71, abs=0.02)
    assert choose_threshold([0.5] * 2 + [0.8] * 9, [0.6, 0.1]) < 0.5
