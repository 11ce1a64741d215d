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
Guided back-propagation: which activations speak for an answer of a network.

As back-propagation, but that a rectified linear unit lets only what is positive pass back:
R = (f > 0) max(R', 0), f being its activation, R' what comes back to it and R what goes on.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn, Tensor


@contextmanager
def guided(network: nn.Module) -> Iterator[None]:
    """
    Have gradients of what a network computes in this context be guided.

    The network itself stays as it is, and so do gradients of what it computes outside.
    """
    def let_positive_pass(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        if output.requires_grad:
            output.register_hook(  # type: ignore[no-untyped-call]
                lambda gradient: gradient.clamp(min=0))

    handles = [module.register_forward_hook(let_positive_pass)
               for module in network.modules() if isinstance(module, nn.ReLU)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def guided_gradients(answer: Tensor, activations: Sequence[Tensor]) -> list[Tensor]:
    """
    Give R of an answer, a number computed in `guided`, at activations of rectified linear units.

    The graph is kept: further answers may be asked about.
    """
    arriving = torch.autograd.grad(answer, list(activations), retain_graph=True)
    return [gradient.clamp(min=0) * (activation.detach() > 0)
            for gradient, activation in zip(arriving, activations, strict=True)]
