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

"""AdaBound against plain arithmetic, its bounds, and its checkpoints."""

import numpy as np
import pytest
import torch

from mtperception.training.adabound import AdaBound, bounds
from mtperception.training.checkpoint import optimiser_tensors, restore_optimiser


def by_hand(weight, gradients, rate, final_rate, closing=1e-3, epsilon=1e-8):
    """Take steps as Algorithm 1 of the paper says, with corrected moments."""
    mean, squares = np.zeros_like(weight), np.zeros_like(weight)
    for step, gradient in enumerate(gradients, 1):
        mean = 0.9 * mean + 0.1 * gradient
        squares = 0.999 * squares + 0.001 * gradient**2
        rate_now = rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        low = final_rate * (1 - 1 / (closing * step + 1))
        high = final_rate * (1 + 1 / (closing * step))
        weight = weight - np.clip(rate_now / (np.sqrt(squares) + epsilon), low, high) * mean
    return weight


def stepped(optimiser, weight, gradients):
    for gradient in gradients:
        weight.grad = torch.from_numpy(gradient)
        optimiser.step()


@pytest.mark.parametrize('closing', [1e-3, 0.5])
@pytest.mark.parametrize('shape', [(7,), (40, 2000), (3, 2, 3, 3)])
def test_steps_are_those_of_the_paper(shape, closing):
    rng = np.random.default_rng(0)
    start = rng.standard_normal(shape)
    gradients = [10.0 ** rng.uniform(-5, 2, shape) * rng.standard_normal(shape)
                 for _ in range(5)]
    weight = torch.nn.Parameter(torch.from_numpy(start.copy()))
    stepped(AdaBound([weight], 1e-3, 0.1, closing=closing), weight, gradients)
    np.testing.assert_allclose(
        weight.detach().numpy(), by_hand(start, gradients, 1e-3, 0.1, closing), rtol=1e-9)


def test_memory_format_does_not_matter():
    rng = np.random.default_rng(1)
    start, gradient = rng.standard_normal((2, 4, 6, 5, 5))
    plain = torch.nn.Parameter(torch.from_numpy(start.copy()))
    last = torch.nn.Parameter(torch.from_numpy(start.copy()).to(
        memory_format=torch.channels_last))
    for weight in (plain, last):
        stepped(AdaBound([weight]), weight, [gradient] * 3)
    torch.testing.assert_close(plain, last)


def test_bounds_close_on_the_final_rate():
    low, high = bounds(0.1, 1e-3, 1)
    # The paper's rate of 8e-6 is below the lower bound from the first step on.
    assert 8e-6 < low < 1.1e-4 and high > 100
    assert bounds(0.1, 1e-3, 10**9) == pytest.approx((0.1, 0.1))
    # With bounds that have closed it is gradient descent with a mean gradient.
    weight = torch.nn.Parameter(torch.zeros(3, dtype=torch.float64))
    stepped(AdaBound([weight], 1e-3, 0.1, closing=1e9), weight, [np.array((1e-6, 1.0, 1e3))])
    np.testing.assert_allclose(weight.detach().numpy(), -0.01 * np.array((1e-6, 1.0, 1e3)))


def test_the_final_rate_follows_the_rate():
    weights = [torch.nn.Parameter(torch.zeros(2, dtype=torch.float64)) for _ in range(2)]
    one = AdaBound([weights[0]], 1e-3, 0.1, closing=1e9)
    one.param_groups[0]['lr'] = 1e-4
    other = AdaBound([weights[1]], 1e-4, 0.01, closing=1e9)
    for optimiser, weight in zip((one, other), weights, strict=True):
        stepped(optimiser, weight, [np.array((1.0, 2.0))])
    torch.testing.assert_close(*weights)


def test_it_goes_on_from_a_checkpoint():
    rng = np.random.default_rng(2)
    gradients = list(rng.standard_normal((4, 6)))
    whole = torch.nn.Parameter(torch.zeros(6, dtype=torch.float64))
    stepped(AdaBound([whole]), whole, gradients)
    parts = torch.nn.Parameter(torch.zeros(6, dtype=torch.float64))
    first = AdaBound([parts])
    stepped(first, parts, gradients[:2])
    second = AdaBound([parts])
    restore_optimiser(second, optimiser_tensors(first, 'o'), 'o')
    stepped(second, parts, gradients[2:])
    torch.testing.assert_close(parts, whole, rtol=0, atol=0)


def test_impossible_settings_are_refused():
    weight = torch.nn.Parameter(torch.zeros(1))
    for wrong in ({'rate': 0.0}, {'final_rate': -1.0}, {'decays': (0.9, 1.0)}):
        with pytest.raises(ValueError, match='AdaBound of rates'):
            AdaBound([weight], **wrong)
