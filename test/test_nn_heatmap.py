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
import torch

from mtperception.nn.folding import fold_batch_norm
from mtperception.nn.heatmap import focal_loss, gaussian_target, local_maxima, soft_argmax

SHAPE = (24, 31)


def target(*points, sigma=1.0):
    place = torch.tensor([points]) if points else torch.zeros(1, 0, 2)
    return gaussian_target(place, torch.ones(place.shape[:2], dtype=torch.bool),
                           torch.full(place.shape[:2], sigma), SHAPE)[0]


@given(x=st.floats(3, 27), y=st.floats(3, 20), sigma=st.floats(0.6, 0.7))
@settings(deadline=None)
def test_soft_argmax_finds_the_centre_of_a_gaussian(x, y, sigma):
    columns, rows = np.meshgrid(np.arange(SHAPE[1]), np.arange(SHAPE[0]))
    logits = torch.from_numpy(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2))
    row, column = local_maxima(logits, -np.inf, 1)
    found = soft_argmax(logits[None], torch.zeros_like(row), row, column, radius=2)
    assert found[0].tolist() == pytest.approx([x, y], abs=0.02)


def test_soft_argmax_gives_cells_beyond_the_edge_no_weight():
    logits = torch.zeros(1, 4, 4)
    zero = torch.zeros(1, dtype=torch.long)
    assert soft_argmax(logits, zero, zero, zero, radius=1)[0].tolist() == [0.5, 0.5]


def test_soft_argmax_is_of_each_cell_s_own_picture():
    logits = torch.randn(2, *SHAPE)
    rows, columns = torch.tensor([5, 9]), torch.tensor([7, 3])
    both = soft_argmax(logits, torch.tensor([0, 1]), rows, columns, radius=2)
    for picture in range(2):
        alone = soft_argmax(logits[picture:picture + 1], torch.tensor([0]),
                            rows[picture:picture + 1], columns[picture:picture + 1], radius=2)
        assert torch.equal(alone[0], both[picture])


def test_gaussian_target_is_one_at_the_nearest_cells_alone():
    drawn = target((4.4, 6.6), (20.0, 6.0))
    assert (drawn == 1).nonzero().tolist() == [[6, 20], [7, 4]]
    assert drawn.min() >= 0


def test_gaussian_target_of_nothing_is_zero():
    assert torch.equal(target(), torch.zeros(SHAPE))
    assert torch.equal(
        gaussian_target(torch.ones(1, 2, 2), torch.zeros(1, 2, dtype=torch.bool),
                        torch.ones(1, 2), SHAPE)[0], torch.zeros(SHAPE))


def test_gaussian_target_takes_the_larger_where_two_meet():
    together = target((10.0, 10.0), (12.0, 10.0))
    assert torch.equal(together, torch.maximum(target((10.0, 10.0)), target((12.0, 10.0))))


def test_local_maxima_are_in_order_and_above_the_least():
    logits = torch.full(SHAPE, -9.0)
    logits[3, 4], logits[10, 20], logits[11, 20], logits[20, 2] = 1, 3, 2, -1
    rows, columns = local_maxima(logits, 0, 10)
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == [(10, 20), (3, 4)]
    assert len(local_maxima(logits, 0, 1)[0]) == 1


def test_focal_loss_is_least_at_the_target_and_has_no_gradient_where_masked():
    drawn = target((10.0, 10.0))[None]
    weight = torch.ones_like(drawn)
    weight[:, :5] = 0
    good = torch.logit(drawn.clamp(1e-4, 1 - 1e-4))
    assert focal_loss(good, drawn, weight) < 0.1 < focal_loss(-good, drawn, weight)
    logits = torch.randn_like(drawn).requires_grad_()
    focal_loss(logits, drawn, weight).backward()
    assert torch.equal(logits.grad[:, :5], torch.zeros_like(logits.grad[:, :5]))
    assert (logits.grad[:, 5:] != 0).all()


def test_folding_batch_norm_keeps_the_function():
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, bias=False), torch.nn.BatchNorm2d(4), torch.nn.ReLU())
    network(torch.randn(8, 1, 9, 9))
    picture = torch.randn(2, 1, 9, 9)
    expected = network.eval()(picture)
    fold_batch_norm(network)
    assert isinstance(network[1], torch.nn.Identity)
    torch.testing.assert_close(network(picture), expected)
