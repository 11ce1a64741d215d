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
import numpy as np
import pytest
import torch

from mtperception.grasp.detection import Grasp
from mtperception.grasp.features import CROP_SAMPLES, grasp_features
from mtperception.grasp.network import GraspArchitecture, GraspNetwork
from mtperception.nn.rotated_crops import rotated_crops
from mtperception.nn.vgg import LAYERS, STRIDES


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    return GraspNetwork(GraspArchitecture(0.1)).eval()


@pytest.fixture(scope='module')
def activations(network):
    with torch.inference_mode():
        return network.trunk.activations(torch.rand(1, 3, 150, 170) * 2 - 1)


def grasps(*rows):
    return [Grasp(x, y, 40.0, 20.0, theta, 0.9, anchor) for x, y, theta, anchor in rows]


SOME = grasps((30.0, 40.0, 0.3, 1), (80.0, 70.0, -1.2, 900), (169.4, 0.0, 1.5, 4000))


@pytest.mark.parametrize('kind', ['rotated_crop', 'guided'])
def test_a_row_a_grasp_whatever_grasps_are_beside(network, activations, kind):
    together = grasp_features(network, activations, SOME, kind)
    for number, grasp in enumerate(SOME):
        alone = grasp_features(network, activations, [grasp], kind)
        for layer, rows in together.items():
            assert rows.dtype == np.float32 and np.isfinite(rows).all()
            np.testing.assert_allclose(alone[layer][0], rows[number], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('kind', ['rotated_crop', 'guided'])
@pytest.mark.parametrize('reduction', ['sum', 'flatten'])
def test_no_grasps_are_no_rows(network, activations, kind, reduction):
    some = grasp_features(network, activations, SOME, kind, ['3-3'], reduction)
    none = grasp_features(network, activations, [], kind, ['3-3'], reduction)
    assert none['3-3'].shape == (0, some['3-3'].shape[1])


def test_sizes_of_features(network, activations):
    channels = {layer: f.shape[1] for layer, f in zip(LAYERS, activations, strict=True)}
    crops = grasp_features(network, activations, SOME)
    assert {layer: rows.shape for layer, rows in crops.items()} == {
        layer: (3, channels[layer] * CROP_SAMPLES**2) for layer in ('3-3', '4-1')}
    sums = grasp_features(network, activations, SOME, 'guided')
    assert {layer: rows.shape for layer, rows in sums.items()} == {
        layer: (3, channels[layer]) for layer in LAYERS}
    whole = grasp_features(network, activations, SOME, 'guided', ['2-1'], 'flatten')
    assert whole['2-1'].shape == (3, channels['2-1'] * 75 * 85)


def test_crops_have_length_one(network, activations):
    for rows in grasp_features(network, activations, SOME).values():
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, rtol=1e-5)


def test_an_unknown_layer_is_named(network, activations):
    with pytest.raises(ValueError, match=r"no layer is called '5-1'; there are 1-1, "):
        grasp_features(network, activations, SOME, layers=['5-1'])


def test_features_are_told_within_inference_too(network, activations):
    with torch.inference_mode():
        within = grasp_features(network, activations, SOME, 'guided')
    for layer, rows in grasp_features(network, activations, SOME, 'guided').items():
        np.testing.assert_array_equal(within[layer], rows)


@settings(max_examples=60, deadline=None)
@given(x=st.floats(60, 140), y=st.floats(60, 120), theta=st.floats(-math.pi / 2, math.pi / 2),
       layer=st.sampled_from(LAYERS))
def test_crops_sample_where_the_rectangle_is(x, y, theta, layer):
    # Cells that hold the places of their own centres: what is sampled are the samples' places.
    stride = STRIDES[layer]
    rows, columns = math.ceil(190 / stride), math.ceil(203 / stride)
    down, across = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing='ij')
    places = stride * (torch.stack((across, down)) + 0.5) - 0.5
    crop = rotated_crops(places[None], stride, torch.tensor([[x, y, theta]]), side=52.0,
                         samples=14)[0]
    reach = np.linspace(-26.0, 26.0, 14)
    along = np.array([math.cos(theta), -math.sin(theta)])
    below = np.array([math.sin(theta), math.cos(theta)])
    expected = (np.array([x, y]) + reach[None, :, None] * along
                + reach[:, None, None] * below).transpose(2, 0, 1)
    np.testing.assert_allclose(crop.numpy(), expected, atol=2e-3)


@settings(max_examples=20, deadline=None)
@given(x=st.floats(70, 130), y=st.floats(70, 130), theta=st.floats(-1.5, 1.5),
       quarters=st.integers(0, 3))
def test_a_turned_map_gives_the_same_crop(x, y, theta, quarters):
    generator = torch.Generator().manual_seed(5)
    activation = torch.rand(1, 3, 50, 50, generator=generator)
    crop = rotated_crops(activation, 4, torch.tensor([[x, y, theta]]), side=52.0, samples=14)
    for _ in range(quarters):
        # A quarter turn counter-clockwise about the middle of 200 x 200 pixels.
        activation = torch.rot90(activation, 1, (2, 3))
        x, y, theta = y, 199.0 - x, theta + math.pi / 2
    turned = rotated_crops(activation, 4, torch.tensor([[x, y, theta]]), side=52.0, samples=14)
    torch.testing.assert_close(turned, crop, atol=1e-4, rtol=0)


def test_half_a_turn_is_the_crop_upside_down(activations):
    places = torch.tensor([[80.0, 70.0, 0.4], [80.0, 70.0, 0.4 + math.pi]])
    one, other = rotated_crops(activations[6].clone(), 4, places, side=52.0, samples=14)
    torch.testing.assert_close(other, one.flip(1, 2), atol=1e-4, rtol=1e-4)


def test_nothing_is_seen_outside_of_the_picture():
    places = torch.tensor([[-200.0, 20.0, 0.0]])
    assert not rotated_crops(torch.ones(1, 2, 9, 9), 8, places, side=52.0, samples=14).any()
