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

import numpy as np
import pytest
import torch

from mtperception import zoo
from mtperception.pin.data.dataset import LabelledPin
from mtperception.pin.draw import draw_pins
from mtperception.pin.evaluation import FrameScore
from mtperception.pin.paper.network import NO_PIN, PaperNetwork, PIN, SIDE
from mtperception.pin.paper.scan import (
    MARGIN,
    PaperScan,
    pins_from_windows,
    WindowMaps,
    with_margin,
)
from mtperception.pin.predictor import PinDetector


def some_network():
    """Make a network whose weights, norms and means are all different."""
    torch.manual_seed(3)
    network = PaperNetwork()
    with torch.no_grad():
        for norm in (network.norm1, network.norm2, network.norm3):
            norm.running_mean.normal_(0, 0.1)
            norm.running_var.uniform_(0.5, 2)
            norm.weight.uniform_(0.5, 2)
            norm.bias.normal_(0, 0.3)
    return network.eval().requires_grad_(False)


@pytest.mark.parametrize(('width', 'height'), [(71, 56), (50, 80), (20, 16)])
def test_the_scan_is_the_network_on_each_crop(width, height):
    network = some_network()
    picture = torch.rand(1, 1, height, width)
    crops = with_margin(picture)[0, 0].unfold(0, SIDE, 2).unfold(1, SIDE, 2)
    rows, columns = crops.shape[:2]
    assert rows >= 1 + max(0, height + 2 * MARGIN - SIDE) // 2
    assert columns >= 1 + max(0, width + 2 * MARGIN - SIDE) // 2
    some = (slice(None, None, 4), slice(None, None, 3))
    with torch.inference_mode():
        alone = network(crops[some].reshape(-1, 1, SIDE, SIDE))
        maps = PaperScan(network)(picture)
    assert maps.heat.shape == (rows, columns)
    heat = alone.logits[:, PIN] - alone.logits[:, NO_PIN]
    for said, expected in zip((maps.heat, maps.x, maps.y), (heat, *alone.position.T), strict=True):
        assert expected.abs().max() > 0.02
        torch.testing.assert_close(said[some].flatten(), expected, atol=1e-4, rtol=1e-4)


def test_pictures_of_differing_sizes_do_not_disturb_each_other():
    scan = PaperScan(some_network())
    small, large = torch.rand(1, 1, 60, 70), torch.rand(1, 1, 60, 90)
    with torch.inference_mode():
        first = scan(small)
        scan(large)
        torch.testing.assert_close(scan(small).heat, first.heat)


def windows(*said, rows=60, columns=80):
    """Make maps of windows that see nothing but (row, column, logit, x, y)."""
    heat, x, y = (torch.full((rows, columns), value) for value in (-9.0, 50.0, 50.0))
    for row, column, logit, right, down in said:
        heat[row, column], x[row, column], y[row, column] = logit, right, down
    return WindowMaps(heat, x, y)


def test_windows_that_agree_are_one_pin_the_surest():
    maps = windows((10, 10, 4.0, 50, 60), (11, 12, 6.0, 46, 58), (12, 12, 5.0, 47, 55),
                   (40, 50, 3.0, 40, 40))
    pins = pins_from_windows(maps, 0.5, 200, 150)
    assert [(pin.x, pin.y) for pin in pins] == [
        (2 * 12 + 46 - MARGIN, 2 * 11 + 58 - MARGIN), (2 * 50 + 40 - MARGIN, 80 + 40 - MARGIN)]
    assert [pin.score for pin in pins] == pytest.approx(1 / (1 + np.exp([-6, -3])))
    assert all(pin.diameter == 0 for pin in pins)
    assert len(pins_from_windows(maps, 0.96, 200, 150)) == 1


def test_what_rounds_to_certainty_is_still_ordered():
    maps = windows((10, 10, 60.0, 50, 50), (10, 12, 80.0, 50, 50))
    assert pins_from_windows(maps, 1.0, 200, 150)[0].x == 24 + 50 - MARGIN


@pytest.mark.parametrize('said', [
    (10, 10, 9.0, 19.0, 50.0),  # at the border of its window
    (10, 10, 9.0, 50.0, 81.0),
    (0, 10, 9.0, 50.0, 25.0),  # above the picture
    (50, 10, 9.0, 50.0, 79.0),  # below it
    (10, 10, float('nan'), 50.0, 50.0),
    (10, 10, 9.0, float('nan'), 50.0),
])
def test_windows_that_say_nothing_sensible_are_left_out(said):
    assert pins_from_windows(windows(said), 0.5, 200, 150) == []


def test_a_model_whose_card_is_the_papers_finds_several_pins(disc_model, disc_picture):
    detector = PinDetector.load(disc_model)
    assert (detector.model_name, detector.threshold) == ('discs', 0.9)
    centres = [(12, 70), (150, 40.5), (149, 185.25)]
    found = detector.detect(disc_picture(*centres, width=200, height=200))
    assert sorted((pin.x, pin.y) for pin in found) == [
        pytest.approx(centre, abs=1) for centre in sorted(centres)]
    assert all(pin.score > 0.99 and pin.diameter == 0 for pin in found)
    assert detector.detect(disc_picture(width=200, height=200)) == []


def test_an_unknown_diameter_can_be_drawn_and_is_no_error(disc_model, disc_picture):
    picture = disc_picture((60, 50))
    found = PinDetector.load(disc_model).detect(picture)
    assert (draw_pins(picture, found) != picture[..., None]).any()
    score = FrameScore()
    score.add(found, [LabelledPin(60, 50, 20, (50, 40, 70, 60), 1.0)], 160, 140)
    figures = score.figures()
    assert figures['missed'] == 0 and figures['error_px']['mean'] < 1
    assert figures['diameter_error_px'] == {'mean': None, 'p95': None}


@pytest.mark.parametrize('threshold', ['0.5', 1.5, None, True])
def test_a_card_with_a_wrong_threshold_is_named(disc_model, tmp_path, threshold):
    bundle = zoo.load(disc_model)
    path = tmp_path / 'wrong.safetensors'
    zoo.save(path, bundle.tensors, {**bundle.card, 'threshold': threshold})
    with pytest.raises(zoo.ModelError, match='the threshold of its card is'):
        PinDetector.load(path)


def test_other_tensors_under_the_papers_card_are_named(disc_model, tmp_path):
    bundle = zoo.load(disc_model)
    path = tmp_path / 'wrong.safetensors'
    zoo.save(path, {'conv1.weight': bundle.tensors['conv1.weight']}, bundle.card)
    with pytest.raises(zoo.ModelError, match='not those of the network that is described'):
        PinDetector.load(path)
