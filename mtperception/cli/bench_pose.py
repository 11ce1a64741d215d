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

"""`mtperception bench pose`: a picture to poses, and the codebook against reading its bytes."""

from functools import partial
from typing import Any

import numpy as np
import torch

from mtperception.cli.bench import median_ms
from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.rotations import random_rotations
from mtperception.pose.codebook import Codebook
from mtperception.pose.predictor import PoseEstimator

# The codebook of all everyday views: 2,562 directions, 36 turns.
ENTRIES = 92_232


def figures(estimator: PoseEstimator, seconds: float = 3.0) -> dict[str, Any]:
    """
    Time a rendered picture to the pose of its best box, its parts, and the codebook's look-up.

    `codebook.ratio` is the look-up's time over that of reading the codes once. The codebook's
    codes are chance: how long it takes does not depend on what they are.
    """
    from mtperception.sim.pose.scene import PoseScene
    from mtperception.sim.shapes.parts import PARTS

    rng = np.random.default_rng(0)
    latent = estimator.network.architecture.latent
    codes = torch.nn.functional.normalize(torch.randn(ENTRIES, latent), dim=1)
    estimator.codebook = codebook = Codebook(
        codes.to(torch.bfloat16), random_rotations(rng, ENTRIES),
        np.tile((200.0, 190.0, 310.0, 320.0), (ENTRIES, 1)),
        PinholeCamera(512, 512, 443.0, 443.0, 255.5, 255.5), 0.9, 36)
    with PoseScene(PARTS['hammer']()) as scene:
        sample = scene.sample(seed=7, index=0)
    image = np.ascontiguousarray(sample.image[..., ::-1])
    found = estimator.find(image, 0.0)[:1]

    def one_object() -> None:
        estimator.poses(sample.image, sample.camera, estimator.find(image, 0.0)[:1])

    def read() -> None:
        # A sum over the bits reads each byte once, and does next to nothing else.
        codebook.codes.view(torch.int64).sum()

    code = torch.randn(1, 1, latent)
    read_ms = median_ms(read, seconds)
    lookup_ms = median_ms(partial(codebook.nearest, code), seconds)
    return {'pose': {
        'detect_ms': median_ms(one_object, seconds),
        'boxes_ms': median_ms(partial(estimator.find, image, 0.0), seconds),
        'poses_ms': median_ms(partial(estimator.poses, sample.image, sample.camera, found),
                              seconds),
        'codebook': {'entries': ENTRIES, 'latent': latent, 'lookup_ms': lookup_ms,
                     'read_ms': read_ms, 'ratio': lookup_ms / read_ms}}}
