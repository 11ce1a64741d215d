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
import pytest
import torch
from torch import nn

from mtperception.grasp.detection import Grasp
from mtperception.grasp.features import boxes_of_4_3, grasp_features, guided_forward
from mtperception.grasp.network import GraspArchitecture, GraspNetwork
from mtperception.nn.folding import fold_batch_norm
from mtperception.nn.guided_backprop import guided, guided_gradients
from mtperception.nn.vgg import LAYERS


def random_network(seed, architecture, *, folded=False):
    """Make a network whose norms and biases are none of the trivial ones they start with."""
    torch.manual_seed(seed)
    network = GraspNetwork(architecture).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.3, 0.3)
            module.running_var.uniform_(0.3, 2.0)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.3, 0.3)
    if folded:
        fold_batch_norm(network)
    return network


def by_autograd(activations, logits, anchors):
    """Give f R of each of the anchors at the ten layers, by the whole network's own graph."""
    found = []
    for anchor in anchors:
        gradients = guided_gradients(logits[0, anchor], activations)
        found.append([(f.detach() * r)[0]
                      for f, r in zip(activations, gradients, strict=True)])
    return found


def grasps_at(anchors):
    return [Grasp(0.0, 0.0, 1.0, 1.0, 0.0, 1.0, anchor) for anchor in anchors]


def assert_alike(found, expected):
    """Compare to 1e-5 of the largest entry."""
    largest = float(expected.abs().max())
    torch.testing.assert_close(torch.from_numpy(found).reshape(expected.shape), expected,
                               rtol=0, atol=1e-5 * largest + 1e-30)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**31), rows=st.integers(64, 150), columns=st.integers(64, 150),
       width=st.sampled_from([0.04, 0.1]), orientations=st.sampled_from([1, 3]),
       batch_norm=st.booleans(), folded=st.booleans(), coarse=st.booleans(), data=st.data())
def test_windows_give_what_autograd_gives(seed, rows, columns, width, orientations, batch_norm,
                                          folded, coarse, data):
    network = random_network(
        seed, GraspArchitecture(width, batch_norm, orientations), folded=folded)
    picture = torch.rand(1, 3, rows, columns) * 2 - 1
    if coarse:
        # Of few values and flat in places: maxima are met more than once.
        picture = nn.functional.interpolate((picture * 2).round() / 2, scale_factor=0.25)
        picture = nn.functional.interpolate(picture, size=(rows, columns))
    activations, logits = guided_forward(network, picture)
    last = boxes_of_4_3(network, activations[-1]) - 1
    anchors = [0, last, *data.draw(st.lists(st.integers(0, last), max_size=3), label='anchors')]
    expected = by_autograd(activations, logits, anchors)
    features = {reduction: grasp_features(network, activations, grasps_at(anchors), 'guided',
                                          reduction=reduction) for reduction in ('sum', 'flatten')}
    for number, layers in enumerate(expected):
        for layer, refined in zip(LAYERS, layers, strict=True):
            assert_alike(features['flatten'][layer][number], refined)
            assert_alike(features['sum'][layer][number], refined.sum(dim=(1, 2)))


@pytest.mark.parametrize('size', [(300, 300), (203, 149)])
def test_every_map_of_boxes_is_led_back(size):
    network = random_network(3, GraspArchitecture(0.05))
    picture = torch.rand(1, 3, *size) * 2 - 1
    activations, logits = guided_forward(network, picture)
    features = [tuple(feature.shape[-2:]) for feature in network.features(activations[-1])]
    assert len(features) >= 5
    anchors, first = [], 0
    for rows, columns in features:
        anchors.append(first + rows * columns * 9 + 4)
        first += rows * columns * 18
    expected = by_autograd(activations, logits, anchors)
    found = grasp_features(network, activations, grasps_at(anchors), 'guided',
                           reduction='flatten')
    for number, layers in enumerate(expected):
        for layer, refined in zip(LAYERS, layers, strict=True):
            assert refined.abs().max() > 0
            assert_alike(found[layer][number], refined)


def test_only_what_is_positive_passes_a_unit():
    torch.manual_seed(1)
    # By hand, through two units: (f > 0) max(R', 0) at each.
    layers = nn.Sequential(nn.Linear(4, 6), nn.ReLU(inplace=True), nn.Linear(6, 5),
                           nn.ReLU(inplace=True), nn.Linear(5, 1)).double()
    x = torch.randn(4, dtype=torch.float64)
    with guided(layers):
        first = layers[:2](x)
        second = layers[2:4](first)
        answer = layers[4](second)[0]
    found = guided_gradients(answer, [first, second])
    upper = layers[4].weight[0].clamp(min=0) * (second > 0)
    lower = (upper @ layers[2].weight).clamp(min=0) * (first > 0)
    torch.testing.assert_close(found, [lower, upper])


def test_the_network_is_left_as_it_was():
    torch.manual_seed(2)
    layers = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))
    x = torch.randn(4, requires_grad=True)
    plain = torch.autograd.grad(layers(x).sum(), x)[0]
    with guided(layers):
        within = torch.autograd.grad(layers(x).sum(), x)[0]
    torch.testing.assert_close(torch.autograd.grad(layers(x).sum(), x)[0], plain)
    assert not torch.equal(within, plain)
    assert not any(module._forward_hooks for module in layers.modules())
