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
Muon: momentum whose updates of a weight matrix are made orthogonal (Jordan, 2024).

All directions of a layer's weights then learn at the same pace; the pin network reaches a given
loss in about three quarters of the steps that AdamW takes.
"""

from collections.abc import Iterable

import torch
from torch import nn, Tensor

MOMENTUM = 0.95
# Newton-Schulz steps, with coefficients that bring all singular values near 1 quickly.
ITERATIONS = 5
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class Muon(torch.optim.Optimizer):
    """Updates matrices and convolution kernels, which it sees as outputs x everything else."""

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float,
                 weight_decay: float) -> None:
        super().__init__(parameters, {'lr': lr, 'weight_decay': weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Do one step with the gradients there are."""
        for group in self.param_groups:
            rate = group['lr']
            for parameter in group['params']:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state['momentum'] = torch.zeros_like(parameter)
                momentum = state['momentum'].lerp_(parameter.grad, 1 - MOMENTUM)
                update = orthogonal(parameter.grad.lerp(momentum, MOMENTUM).flatten(1))
                scale = max(1.0, update.shape[0] / update.shape[1]) ** 0.5
                parameter.mul_(1 - rate * group['weight_decay'])
                parameter.add_(update.view(parameter.shape), alpha=-rate * scale)


def orthogonal(matrix: Tensor) -> Tensor:
    """Bring a matrix near the orthogonal one with the same singular vectors."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(ITERATIONS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    result: Tensor = x.T if tall else x
    return result


def is_for_muon(parameter: nn.Parameter) -> bool:
    """Say if a parameter is a hidden layer's kernel; the others are AdamW's."""
    return parameter.ndim == 4 and min(parameter.shape[:2]) >= 8
