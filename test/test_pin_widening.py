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

from dataclasses import replace

import numpy as np
import pytest
import torch

from mtperception import zoo
from mtperception.pin.network import PinArchitecture, PinNetwork
from mtperception.pin.widening import widen_from

SMALL = PinArchitecture(stem=4, width=8, deep=8, dilations=(1, 2))
WIDE = replace(SMALL, stem=6, width=12, deep=16)


def tensors_of(network):
    return {name: value.numpy().astype(np.float16 if value.ndim == 4 else np.float32)
            for name, value in network.state_dict().items() if value.is_floating_point()}


def in_use(architecture, seed):
    """Give a network whose norms have seen pictures and whose head says something."""
    torch.manual_seed(seed)
    network = PinNetwork(architecture).train()
    torch.nn.init.normal_(network.head.weight)
    for _ in range(3):
        network(torch.rand(2, 1, 48, 48))
    return network.eval()


def test_the_wider_network_says_the_same_and_learns_with_all_its_channels():
    tensors = tensors_of(in_use(SMALL, 0))
    narrow, wide = PinNetwork(SMALL).eval(), PinNetwork(WIDE).eval()
    widen_from(narrow, tensors, 'small')
    widen_from(wide, tensors, 'small')
    picture = torch.rand(1, 1, 50, 70)
    with torch.inference_mode():
        said, expected = wide(picture), narrow(picture)
    for name in ('heat', 'place', 'log_diameter'):
        torch.testing.assert_close(
            getattr(said, name), getattr(expected, name), rtol=1e-4, atol=1e-4)
    assert expected.heat.std() > 0.01
    # The head sees the new channels once its zero weights have moved: they have gradients.
    wide.train()(torch.rand(2, 1, 48, 48)).heat.square().mean().backward()
    gradient = wide.head.weight.grad
    assert gradient is not None and (gradient[0, SMALL.width:] != 0).any()


@pytest.mark.parametrize('other', [
    replace(SMALL, width=4), replace(SMALL, dilations=(1, 2, 2, 1)),
    replace(SMALL, dilations=(1, 2, 1, 1))])
def test_a_model_of_other_or_wider_layers_is_refused(other):
    tensors = tensors_of(in_use(replace(SMALL, dilations=(1, 1, 1, 1, 1, 1)), 1))
    with pytest.raises(zoo.ModelError, match='small: this model cannot be widened'):
        widen_from(PinNetwork(other), tensors, 'small')
