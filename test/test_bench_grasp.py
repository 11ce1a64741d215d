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

from mtperception.cli.bench_grasp import figures, GRASPS, spread_grasps
from mtperception.grasp.descriptor.describer import Describer
from mtperception.grasp.descriptor.network import DescriptorArchitecture, DescriptorNetwork
from mtperception.grasp.features import boxes_of_4_3
from mtperception.grasp.network import GraspArchitecture, GraspNetwork
from mtperception.grasp.predictor import GraspDetector, rgb_pixels


@pytest.fixture(scope='module')
def detector():
    torch.manual_seed(0)
    return GraspDetector(GraspNetwork(GraspArchitecture(0.05)), model_name='small', sha256='0')


@pytest.fixture(scope='module')
def image():
    return np.random.default_rng(0).integers(0, 256, (120, 140, 3), dtype=np.uint8)


def test_grasps_are_all_over_the_picture(detector, image):
    activations = detector.look(image).activations
    grasps = spread_grasps(detector, rgb_pixels(image), activations[-1])
    anchors = [grasp.anchor for grasp in grasps]
    assert len(set(anchors)) == GRASPS
    assert anchors[0] == 0 and anchors[-1] == boxes_of_4_3(detector.network, activations[-1]) - 1
    # The cells of the corners, a cell being of 8 x 8 pixels.
    assert (grasps[0].x, grasps[0].y) == (3.5, 3.5)
    assert (grasps[-1].x, grasps[-1].y) == (8 * 17 + 3.5, 8 * 14 + 3.5)


def test_all_is_timed(detector, image):
    describer = Describer(DescriptorNetwork(DescriptorArchitecture((8, 8, 8, 8), 8, 8)),
                          model_name='small', sha256='0')
    found = figures(detector, describer, image, image[:100], seconds=0.05)['grasp']
    assert set(found) == {
        'forward_ms', 'detect_ms', 'features_ms', 'crops_ms', 'guided', 'guided_to',
        'guided_large'}
    assert set(found['detect_ms']) == {'1', '2', '4'}
    assert set(found['guided_to']) == {'2-1', '3-1'}
    for row in (found['guided'], found['guided_large'], *found['guided_to'].values()):
        assert row['ratio'] == row['full_backward_ms'] / row['windowed_ms'] > 0
