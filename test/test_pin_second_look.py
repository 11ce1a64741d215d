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

"""The second look: what is seen turned and mirrored is told where it is."""

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from mtperception import zoo
from mtperception.pin.data.dataset import LabelledPin
from mtperception.pin.evaluation import match
from mtperception.pin.network import MARGIN, PinMaps, STRIDE
from mtperception.pin.predictor import network_from_card, PinDetector
from mtperception.pin.second_look import look_again, SIDE
from mtperception.sim.pin.scene import PinScene

WIDTH, HEIGHT, SPREAD = 150, 120, 12.0


def blobs(*centres, width=WIDTH, height=HEIGHT):
    """Make a picture with round spots of light, 1 x 1 x height x width."""
    x, y = np.arange(width), np.arange(height)[:, None]
    picture = sum(np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * SPREAD**2)) for a, b in centres)
    return torch.from_numpy(picture).float()[None, None]


def lightest(pictures):
    """Stand in for a network: its maps are the logarithm of the light at the cells' centres."""
    height, width = pictures.shape[-2:]
    padded = F.pad(pictures, (MARGIN, MARGIN + -width % 8, MARGIN, MARGIN + -height % 8),
                   mode='replicate')
    light = torch.log(padded[:, 0, ::STRIDE, ::STRIDE] + 1e-6)
    return PinMaps(10 * light, 10 * light, light)


@given(st.floats(30, WIDTH - 31), st.floats(30, HEIGHT - 31), st.floats(-1.5, 1.5),
       st.floats(-1.5, 1.5))
@settings(max_examples=60, deadline=None)
def test_all_eight_ways_tell_the_same_place(x, y, off_x, off_y):
    found, = look_again(lightest, blobs((x, y)), torch.tensor([[x + off_x, y + off_y]]))
    # A place that was turned or mirrored the wrong way would be pixels away.
    assert found[:2].tolist() == pytest.approx([x, y], abs=0.1)


@pytest.mark.parametrize(('width', 'height', 'x', 'y'), [
    (150, 120, 16.3, 15.8), (150, 120, 134.6, 104.1), (40, 30, 21.2, 13.4), (200, 24, 99.3, 11.7)])
def test_at_borders_and_in_small_pictures_too(width, height, x, y):
    found, = look_again(lightest, blobs((x, y), width=width, height=height),
                        torch.tensor([[x, y]]))
    assert found[:2].tolist() == pytest.approx([x, y], abs=0.3)


def test_several_are_looked_at_as_one_each_and_many_in_turn():
    rng = np.random.default_rng(0)
    places = torch.from_numpy(rng.uniform(40, 80, (21, 2))).float()
    picture = blobs((60.2, 50.7))
    together = look_again(lightest, picture, places)
    for place, row in zip(places, together, strict=True):
        torch.testing.assert_close(look_again(lightest, picture, place[None])[0], row)


def test_only_the_surroundings_are_looked_at():
    sizes = []

    def network(pictures):
        sizes.append(tuple(pictures.shape))
        return lightest(pictures)

    look_again(network, blobs((60.2, 50.7)), torch.tensor([[60.0, 51.0], [30.0, 40.0]]))
    assert sizes == [(16, 1, SIDE, SIDE)]


def test_a_second_look_is_nearer_than_the_first():
    bundle = zoo.load('pin')
    network = network_from_card(bundle.card, 'pin')
    network.load_state_dict({key: torch.from_numpy(value).float()
                             for key, value in bundle.tensors.items()}, strict=False)
    first = PinDetector(network, model_name='pin', sha256='', second_look=False)
    detectors = {'first': first, 'second': PinDetector.load('pin')}
    errors = {name: [] for name in detectors}
    with PinScene() as scene:
        for index in range(12):
            sample = scene.sample(77, index, pins=5)
            pins = [pin for pin in sample.pins if pin.visible > 0.9]
            for name, detector in detectors.items():
                found = detector.detect(sample.image)
                for hit, pin in _hits(found, pins, sample.image.shape):
                    errors[name].append(np.hypot(found[hit].x - pins[pin].x,
                                                 found[hit].y - pins[pin].y))
    assert len(errors['second']) > 40
    assert np.mean(errors['second']) < 0.95 * np.mean(errors['first'])


def _hits(found, pins, shape):
    labels = [LabelledPin(pin.x, pin.y, pin.diameter, pin.box, pin.visible) for pin in pins]
    return match(found, labels, shape[1], shape[0]).hits
