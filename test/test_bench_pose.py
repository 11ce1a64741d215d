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

"""What `mtperception bench pose` times, with a small network that was never trained."""

import numpy as np
import torch

from mtperception.cli.bench_pose import figures
from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.rotations import random_rotations
from mtperception.objects.known import surface_of
from mtperception.pose.codebook import Codebook
from mtperception.pose.network import PoseArchitecture, PoseNetwork
from mtperception.pose.predictor import PoseEstimator
from mtperception.sim.shapes.parts import PARTS


def test_all_is_timed():
    torch.manual_seed(0)
    estimator = PoseEstimator(
        PoseNetwork(PoseArchitecture(4, 16)), label='hammer', model_name='small', sha256='0')
    codes = torch.nn.functional.normalize(torch.randn(40, 16), dim=1)
    estimator.codebook = Codebook(
        codes.to(torch.bfloat16), random_rotations(np.random.default_rng(0), 40),
        np.tile((200.0, 190.0, 310.0, 320.0), (40, 1)),
        PinholeCamera(512, 512, 443.0, 443.0, 255.5, 255.5), 0.9)
    estimator.surface = surface_of(PARTS['hammer']())
    found = figures(estimator, seconds=0.02)['pose']
    assert set(found) == {
        'detect_ms', 'by_depth_ms', 'by_picture_ms', 'boxes_ms', 'poses_ms', 'codebook'}
    book = found.pop('codebook')
    assert min(found.values()) > 0 and found['by_depth_ms'] > found['poses_ms']
    assert (book['entries'], book['latent']) == (40, 16)
    assert book['ratio'] == book['lookup_ms'] / book['read_ms'] > 0
