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

"""
AdaBound: Adam whose step sizes are bounded, ever closer, until it is plain gradient descent.

Luo, Xiong, Liu and Sun, "Adaptive gradient methods with dynamic bound of learning rate", ICLR
2019, Algorithm 1, in the form of its authors' program: no division by the root of the step's
number, and moments corrected for their start at zero.
"""

from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor

_CHUNK = 1 << 16


class AdaBound(torch.optim.Optimizer):
    """
    Adam with the step size of each weight held between two bounds.

    Of step t on, a weight moves by its mean gradient times ``rate / sqrt(v)``, v being its mean
    squared gradient, cut to at least ``final_rate (1 - 1 / (closing t + 1))`` and at most
    ``final_rate (1 + 1 / (closing t))``. Both go to ``final_rate``. Where ``rate`` changes, the
    final rate changes in proportion.
    """

    def __init__(self, parameters: Iterable[Tensor], rate: float = 1e-3,
                 final_rate: float = 0.1, *, decays: tuple[float, float] = (0.9, 0.999),
                 closing: float = 1e-3, epsilon: float = 1e-8) -> None:
        if min(rate, final_rate, closing, epsilon) <= 0 or not all(0 <= d < 1 for d in decays):
            raise ValueError(f'AdaBound of rates {rate} and {final_rate}, closing {closing}, '
                             f'epsilon {epsilon} and decays {decays}: the decays must be in '
                             '[0, 1), the others above 0')
        super().__init__(parameters, {
            'lr': rate, 'first_lr': rate, 'final_lr': final_rate, 'decays': decays,
            'closing': closing, 'epsilon': epsilon})

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Move all weights that have a gradient; a closure computes it first."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group['params']:
                if weight.grad is not None:
                    _move(weight, self.state[weight], group)
        return loss


def bounds(final_rate: float, closing: float, step: int) -> tuple[float, float]:
    """Return the least and the largest step size at a step, which are counted from 1."""
    return (final_rate * (1.0 - 1.0 / (closing * step + 1.0)),
            final_rate * (1.0 + 1.0 / (closing * step)))


def _move(weight: Tensor, state: dict[str, Tensor], group: dict[str, Any]) -> None:
    if not state:
        state['step'] = torch.zeros(())
        state['mean'] = torch.zeros_like(weight)
        state['squares'] = torch.zeros_like(weight)
    assert weight.grad is not None
    state['step'] += 1
    step, (first, second) = int(state['step'].item()), group['decays']
    least, most = bounds(
        group['final_lr'] * group['lr'] / group['first_lr'], group['closing'], step)
    rate = group['lr'] * (1.0 - second**step) ** 0.5 / (1.0 - first**step)
    for w, gradient, mean, squares in zip(*map(_parts, (
            weight, weight.grad, state['mean'], state['squares'])), strict=True):
        mean.lerp_(gradient, 1.0 - first)
        squares.mul_(second).addcmul_(gradient, gradient, value=1.0 - second)
        sizes = squares.sqrt().add_(group['epsilon']).reciprocal_().mul_(rate)
        w.addcmul_(sizes.clamp_(least, most), mean, value=-1.0)


def _parts(values: Tensor) -> tuple[Tensor, ...]:
    """Split large matrices into what the processor's cache holds, which halves the time."""
    if values.ndim > 2 or not values.is_contiguous() or values.is_cuda:
        return (values,)
    return torch.split(values.view(-1), _CHUNK)
