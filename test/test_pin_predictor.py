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

import json
import shutil

import numpy as np
import pytest
import torch

from mtperception import zoo
from mtperception.pin.detection import PinDetection
from mtperception.pin.draw import draw_pins
from mtperception.pin.network import PinArchitecture, PinNetwork
from mtperception.pin.predictor import network_from_card, PinDetector
from mtperception.sim.pin.scene import PinScene


@pytest.fixture(scope='module')
def detector():
    return PinDetector.load('pin')


@pytest.fixture(scope='module')
def samples():
    """Rendered frames with five pins each."""
    with PinScene() as scene:
        return [scene.sample(31, index, pins=5) for index in range(8)]


@pytest.fixture(scope='module')
def sample(samples):
    return samples[0]


@pytest.fixture
def untrained():
    """Build a detector that knows nothing and therefore fires wherever it is asked to."""
    torch.manual_seed(0)
    network = PinNetwork(PinArchitecture(stem=4, width=8, deep=8, dilations=(1, 1)))
    return PinDetector(network, model_name='none', sha256='')


def test_pins_are_found_where_they_are(detector, samples):
    visible = near = 0
    for sample in samples:
        found = detector.detect(sample.image)
        for pin in sample.pins:
            if pin.visible > 0.9:
                visible += 1
                near += any(np.hypot(one.x - pin.x, one.y - pin.y) < 2
                            and one.diameter == pytest.approx(pin.diameter, rel=0.2)
                            for one in found)
    assert visible >= 30
    assert near >= 0.9 * visible


def test_detections_are_plain_numbers_best_score_first(detector, sample):
    found = detector.detect(sample.image)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(type(value) is float for one in found for value in vars(one).values())


def test_detect_equals_itself(detector, sample):
    first = detector.detect(sample.image)
    assert first
    assert detector.detect(sample.image) == first
    assert PinDetector.load('pin').detect(sample.image.copy()) == first


def test_views_of_memory_give_the_same(detector, sample):
    image = sample.image
    first = detector.detect(image)
    padded = np.zeros((image.shape[0], image.shape[1] + 5), np.uint8)
    padded[:, :-5] = image
    frozen = image.copy()
    frozen.flags.writeable = False
    for same in (padded[:, :-5], np.asfortranarray(image), frozen, image[::-1].copy()[::-1]):
        assert detector.detect(same) == first


def test_colour_is_turned_grey(detector, sample):
    assert detector.detect(np.dstack([sample.image] * 3)) == detector.detect(sample.image)


@pytest.mark.parametrize(('right', 'down'), [(8, 0), (16, 24)])
def test_moving_the_picture_moves_the_pins(detector, sample, right, down):
    height, width = sample.image.shape
    around = np.pad(sample.image, 120, mode='reflect')

    def seen(x, y):
        cut = around[120 - y:120 - y + height, 120 - x:120 - x + width]
        return {(round(pin.x - x, 1), round(pin.y - y, 1)): pin for pin in detector.detect(cut)
                if 130 < pin.x - x < width - 130 and 130 < pin.y - y < height - 130}

    before, after = seen(0, 0), seen(right, down)
    assert before and len(before) == len(after)
    for one, other in zip(sorted(before.values(), key=lambda pin: pin.x),
                          sorted(after.values(), key=lambda pin: pin.x), strict=True):
        assert [other.x - right, other.y - down, other.diameter, other.score] == pytest.approx(
            [one.x, one.y, one.diameter, one.score], abs=2e-3)


def test_folding_does_not_change_what_is_found(detector, sample):
    bundle = zoo.load('pin')
    network = network_from_card(bundle.card, 'pin')
    network.load_state_dict({key: torch.from_numpy(value).float()
                             for key, value in bundle.tensors.items()}, strict=False)
    network.eval()
    with torch.inference_mode():
        maps = network(torch.from_numpy(sample.image)[None, None] / 255)
    folded = detector.bare_forward(sample.image)()
    for name in ('heat', 'place', 'log_diameter'):
        torch.testing.assert_close(
            getattr(maps, name), getattr(folded, name), atol=2e-3, rtol=2e-3)


def test_thresholds_select_among_the_same(untrained):
    image = np.random.default_rng(0).integers(0, 256, (200, 240)).astype(np.uint8)
    everything = untrained.detect(image, 0.0)
    assert 10 < len(everything) <= 100
    middle = everything[5].score
    assert untrained.detect(image, middle) == [
        one for one in everything if one.score >= middle]
    assert untrained.detect(image, 1.0) == []
    assert untrained.detect(image) == untrained.detect(image, 0.5)


def test_detections_are_apart_and_inside(untrained):
    image = np.random.default_rng(1).integers(0, 256, (120, 90)).astype(np.uint8)
    found = untrained.detect(image, 0.0)
    for index, one in enumerate(found):
        assert -0.5 <= one.x <= 89.5 and -0.5 <= one.y <= 119.5
        for other in found[:index]:
            assert np.hypot(one.x - other.x, one.y - other.y) >= (
                one.diameter + other.diameter) / 4


def test_numbers_that_are_not_finite_never_come_out(untrained):
    with torch.no_grad():
        for parameter in untrained._network.head.parameters():
            parameter.fill_(float('nan'))
    assert untrained.detect(np.zeros((64, 64), np.uint8), 0.0) == []


@pytest.mark.parametrize(('image', 'error', 'text'), [
    ([[1, 2]], TypeError, 'numpy array, not list'),
    (np.zeros((64, 64), np.float32), ValueError, 'uint8, not float32'),
    (np.zeros((64, 64), np.uint16), ValueError, 'uint8, not uint16'),
    (np.zeros((64, 64, 4), np.uint8), ValueError, r'not of shape \(64, 64, 4\)'),
    (np.zeros(64, np.uint8), ValueError, r'not of shape \(64,\)'),
    (np.zeros((0, 64), np.uint8), ValueError, '64 x 0 is too small'),
    (np.zeros((15, 64), np.uint8), ValueError, '64 x 15 is too small'),
])
def test_pictures_that_are_none_are_named(untrained, image, error, text):
    with pytest.raises(error, match=text):
        untrained.detect(image)


@pytest.mark.parametrize('threshold', [-0.1, 1.1, float('nan')])
def test_thresholds_are_checked(untrained, threshold):
    with pytest.raises(ValueError, match='score_threshold'):
        untrained.detect(np.zeros((64, 64), np.uint8), threshold)


@pytest.fixture
def own_model(tmp_path):
    path = tmp_path / 'own.safetensors'
    network = PinNetwork(PinArchitecture(stem=4, width=8, deep=8, dilations=(1, 1)))
    tensors = {name: value.numpy() for name, value in network.state_dict().items()
               if value.is_floating_point()}
    zoo.save(path, tensors, {
        'task': 'pin',
        'architecture': {'stem': 4, 'width': 8, 'deep': 8, 'dilations': [1, 1]}})
    return path


def test_an_own_model_is_loaded_by_its_path(own_model):
    detector = PinDetector.load(own_model)
    assert detector.model_name == 'own'
    assert detector.sha256 == zoo.load(own_model).sha256


@pytest.mark.parametrize(('key', 'value', 'text'), [
    ('task', 'grasp', "model for 'grasp', not for 'pin'"),
    ('architecture', {'stem': 4}, 'does not describe a pin network'),
    ('architecture', {'stem': 4, 'width': 16, 'deep': 8, 'dilations': [1, 1]}, 'train it again'),
    ('architecture', {'stem': 'x', 'width': 8, 'deep': 8, 'dilations': [1, 1]}, 'train it again'),
])
def test_cards_that_do_not_fit_are_refused(own_model, key, value, text):
    card_path = own_model.with_suffix('.json')
    card = json.loads(card_path.read_text())
    card[key] = value
    card_path.write_text(json.dumps(card))
    with pytest.raises(zoo.ModelError, match=text) as caught:
        PinDetector.load(own_model)
    assert '\n' not in str(caught.value)


def test_a_truncated_model_is_refused(own_model):
    copy = own_model.with_name('cut.safetensors')
    copy.write_bytes(own_model.read_bytes()[:-10])
    shutil.copy(own_model.with_suffix('.json'), copy.with_suffix('.json'))
    with pytest.raises(zoo.ModelError, match='truncated'):
        PinDetector.load(copy)


def test_drawing_marks_a_copy():
    grey = np.full((60, 80), 100, np.uint8)
    drawn = draw_pins(grey, [PinDetection(30.0, 25.0, 20.0, 0.87)])
    assert drawn.shape == (60, 80, 3) and (grey == 100).all()
    changed = (drawn != 100).any(axis=2)
    assert changed[25, 30] and changed[25, 40] and changed[15, 30] and not changed[50, 10]
    assert (draw_pins(grey, []) == 100).all()
    colour = np.dstack([grey] * 3)
    assert np.array_equal(draw_pins(colour, [PinDetection(30.0, 25.0, 20.0, 0.87)]), drawn)
    assert (colour == 100).all()
