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

from mtperception.pin.loss import ignore_weight, pin_loss, PinTargets
from mtperception.pin.network import (
    cells_to_pixels,
    PinArchitecture,
    PinMaps,
    PinNetwork,
    pixels_to_cells,
)

SMALL = PinArchitecture(stem=4, width=8, deep=8, dilations=(1, 2))


@pytest.fixture
def network():
    torch.manual_seed(0)
    return PinNetwork(SMALL).eval()


def run(network, picture):
    with torch.inference_mode():
        return network(picture)


def test_default_network_is_small():
    parameters = sum(value.numel() for value in PinNetwork(PinArchitecture()).parameters())
    assert parameters <= 150_000


@pytest.mark.parametrize('size', [(16, 16), (100, 100), (101, 103), (512, 612), (97, 40)])
def test_cells_cover_pictures_of_any_size(network, size):
    heat = run(network, torch.rand(1, 1, *size)).heat
    cell = torch.tensor([heat.shape[2] - 1.0, heat.shape[1] - 1.0])
    last = cells_to_pixels(cell)
    assert last[0] >= size[1] - 1 and last[1] >= size[0] - 1
    assert torch.equal(pixels_to_cells(last), cell)


def test_batch_of_two_equals_two_of_one(network):
    pictures = torch.rand(2, 1, 64, 72)
    both = run(network, pictures)
    for index in range(2):
        alone = run(network, pictures[index:index + 1])
        for name in ('heat', 'place', 'log_diameter'):
            torch.testing.assert_close(getattr(both, name)[index], getattr(alone, name)[0])


@pytest.mark.parametrize(('right', 'down'), [(8, 0), (0, 8), (16, 24)])
def test_moving_the_picture_by_coarse_cells_moves_the_maps(network, right, down):
    large = torch.rand(1, 1, 224, 240)
    before = run(network, large[..., 24:224, 24:240]).heat[0]
    after = run(network, large[..., 24 - down:224 - down, 24 - right:240 - right]).heat[0]
    rows, columns = down // 4, right // 4
    inner = slice(18, -18)
    moved = after[rows:, columns:][:before.shape[0] - rows, :before.shape[1] - columns]
    kept = before[:before.shape[0] - rows, :before.shape[1] - columns]
    torch.testing.assert_close(moved[inner, inner], kept[inner, inner])


def test_a_cell_answers_to_the_pixels_around_its_stated_centre(network):
    # Where does a cell look? The gradient's reach must be symmetric about the stated pixel.
    picture = torch.rand(1, 1, 200, 200, requires_grad=True)
    heat = network(picture).heat
    row, column = 26, 28
    heat[0, row, column].backward()
    ys, xs = np.nonzero(picture.grad[0, 0].numpy())
    centre = cells_to_pixels(torch.tensor([float(column), float(row)])).tolist()
    assert [(xs.min() + xs.max()) / 2, (ys.min() + ys.max()) / 2] == centre


def targets(*pins, ignored=()):
    rows = torch.tensor([pins + tuple(ignored)], dtype=torch.float32).reshape(1, -1, 3)
    radius = rows[..., 2:] / 2
    counted = torch.tensor([[True] * len(pins) + [False] * len(ignored)], dtype=torch.bool)
    return PinTargets(
        centres=rows[..., :2], diameters=rows[..., 2],
        boxes=torch.cat([rows[..., :2] - radius, rows[..., :2] + radius], dim=2),
        counted=counted, ignored=~counted)


def random_maps(requires_grad=True):
    return PinMaps(*(torch.randn(1, 30, 40).requires_grad_(requires_grad) for _ in range(3)))


def test_ignored_pins_are_neither_positive_nor_negative():
    maps = random_maps()
    pin_loss(maps, targets((30.0, 30.0, 20.0), ignored=[(100.0, 60.0, 24.0)])).total.backward()
    x, y = (int(value) for value in pixels_to_cells(torch.tensor([100.0, 60.0])))
    assert not maps.heat.grad[0, y - 3:y + 4, x - 3:x + 4].any()
    assert not maps.place.grad[0, y - 3:y + 4, x - 3:x + 4].any()
    assert not maps.log_diameter.grad[0, y - 3:y + 4, x - 3:x + 4].any()
    assert maps.heat.grad[0, 20:, :10].all()


def test_an_ignored_pin_does_not_hide_a_counted_one():
    both = targets((60.0, 60.0, 20.0), ignored=[(62.0, 60.0, 40.0)])
    heat = torch.zeros(1, 30, 40)
    heat[0, 17, 17] = 1
    weight = ignore_weight(both, heat)
    assert weight[0, 17, 17] == 1
    assert weight[0, 17, 15] == 0


@pytest.mark.parametrize('none', [targets(), targets(ignored=[(50.0, 50.0, 20.0)])])
def test_without_a_counted_pin_position_and_diameter_are_free(none):
    maps = random_maps()
    loss = pin_loss(maps, none)
    loss.total.backward()
    assert loss.place == 0 and loss.diameter == 0
    assert maps.place.grad is None and maps.log_diameter.grad is None
    assert maps.heat.grad.any()


def test_place_loss_vanishes_at_the_true_place():
    pin = (61.3, 47.6, 20.0)
    x, y = pixels_to_cells(torch.tensor(pin[:2])).tolist()
    columns, rows = torch.meshgrid(torch.arange(40.), torch.arange(30.), indexing='xy')
    place = -((columns - x) ** 2 + (rows - y) ** 2)[None] / (2 * 0.6**2)
    flat = torch.zeros(1, 30, 40)
    right = pin_loss(PinMaps(flat, place, flat), targets(pin))
    wrong = pin_loss(PinMaps(flat, flat, flat), targets(pin))
    assert right.place < 1e-4 < wrong.place
    assert right.diameter == 0
