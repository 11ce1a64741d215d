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

import math

from hypothesis import given, settings, strategies as st
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from mtperception.pin.paper.loss import (
    clamped_cross_entropy,
    half_squared_error,
    paper_loss,
)
from mtperception.pin.paper.network import PaperNetwork, PaperOutput

# Table 1 of the paper.
LEARNABLE = {'conv1': 416, 'norm1': 32, 'conv2': 4608, 'norm2': 64, 'conv3': 9216, 'norm3': 64,
             'classify': 160_000, 'locate': 160_000}


def test_the_network_has_the_parameters_of_table_1():
    counts = dict.fromkeys(LEARNABLE, 0)
    for name, value in PaperNetwork().named_parameters():
        counts[name.split('.')[0]] += value.numel()
    assert counts == LEARNABLE
    assert sum(counts.values()) == 334_400


def test_the_initial_weights_are_glorot_uniform():
    torch.manual_seed(0)
    network = PaperNetwork()
    for layer, inputs, outputs in (
            (network.conv1, 25, 25 * 16), (network.conv2, 9 * 16, 9 * 32),
            (network.conv3, 9 * 32, 9 * 32), (network.locate, 80_000, 2)):
        bound = math.sqrt(6 / (inputs + outputs))
        assert layer.weight.abs().max() <= bound
        assert layer.weight.abs().max() > 0.97 * bound
        assert layer.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.08)
    assert not network.conv1.bias.any()


@pytest.mark.parametrize('pixel', [(0, 0), (6, 7), (7, 6), (99, 99)])
def test_stride_2_pads_at_the_bottom_and_on_the_right_alone(pixel):
    # With kernels that pass the centre on, cell j sees what MATLAB's does: pixel 2 j + 1.
    network = PaperNetwork().eval()
    with torch.no_grad():
        for layer, weight in ((network.conv1, 1.0), (network.conv2, 1.0), (network.conv3, 1.0)):
            layer.weight.zero_()
            middle = layer.kernel_size[0] // 2
            layer.weight[0, 0, middle, middle] = weight
        picture = torch.zeros(1, 1, 100, 100)
        picture[0, 0, pixel[1], pixel[0]] = 1
        seen = network.features(picture)[0, 0]
    assert seen.shape == (50, 50)
    cells = seen.nonzero().tolist()
    x, y = pixel
    assert cells == ([[y // 2, x // 2]] if x % 2 and y % 2 else [])


def test_the_last_row_and_column_see_the_padding_as_zeros():
    network = PaperNetwork()
    with torch.no_grad():
        network.conv2.weight.zero_()
        network.conv2.weight[:, :, 2, 2] = 1
        network.conv1.bias.fill_(1)
        x = F.pad(F.relu(network.norm1.eval()(network.conv1(torch.rand(1, 1, 100, 100)))),
                  (0, 1, 0, 1))
        seen = network.conv2(x)
    assert seen.shape[-2:] == (50, 50)
    assert not seen[..., -1].any() and not seen[..., -1, :].any()
    assert seen[..., :-1, :-1].any()


def test_the_heads_are_linear_maps_of_the_features_channel_by_channel():
    torch.manual_seed(2)
    network, crops = PaperNetwork().double(), torch.rand(3, 1, 100, 100, dtype=torch.float64)
    for layout in (torch.contiguous_format, torch.channels_last):
        network = network.to(memory_format=layout)
        features = network.features(crops).flatten(1)
        said = network(crops)
        torch.testing.assert_close(said.logits, network.classify(features))
        torch.testing.assert_close(said.position, network.locate(features))


def output(probability, position):
    """Give the output that says this probability of a pin, and these positions."""
    p = torch.tensor(probability, dtype=torch.float64)
    return PaperOutput(torch.stack([torch.log1p(-p), torch.log(p)], dim=1),
                       torch.tensor(position, dtype=torch.float64))


def test_the_losses_are_those_of_the_printed_rows():
    # Tables 4 and 6 of the paper: T2, Y2, and what it prints for them.
    target = torch.tensor([[47.0, 25.0], [0.0, 0.0]], dtype=torch.float64)
    with_pin = torch.tensor([True, False])
    first = output([1 - 1e-12, 1e-12], [[44.19, 26.49], [29.24, 33.41]])
    assert half_squared_error(first.position, target).tolist() == pytest.approx(
        [5.053, 985.8], rel=2e-3)
    assert paper_loss(first, with_pin, target).total(1).item() == pytest.approx(
        (0.505 + 98.58) / 2, rel=2e-3)
    second = output([1 - 1e-12, 1e-12], [[41.62, 23.61], [17.07, 21.18]])
    assert paper_loss(second, with_pin, target).total(2).item() == pytest.approx(
        15.414 / 2, rel=2e-3)
    certainly_wrong = clamped_cross_entropy(torch.zeros(1))
    assert certainly_wrong.item() == pytest.approx(36.044, abs=5e-4)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 0.99), *[st.floats(-200, 200)] * 4),
                min_size=1, max_size=8))
def test_the_losses_follow_their_equations(rows):
    with_pin = torch.tensor([row[0] for row in rows])
    said = output([row[1] for row in rows], [row[2:4] for row in rows])
    target = torch.tensor([row[4:] for row in rows], dtype=torch.float64) * with_pin[:, None]
    entropy = error = masked = 0.0
    for (pin, p, x, y, *_), (wanted_x, wanted_y) in zip(rows, target.tolist(), strict=True):
        entropy -= math.log(p if pin else 1 - p)
        square = ((x - wanted_x) ** 2 + (y - wanted_y) ** 2) / 2
        error += square
        masked += square * pin
    count, loss = len(rows), paper_loss(said, with_pin, target)
    assert loss.total(1).item() == pytest.approx((entropy + 0.1 * error) / count)
    assert loss.total(2).item() == pytest.approx((entropy + masked) / count)
