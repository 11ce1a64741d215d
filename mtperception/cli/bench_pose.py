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
from mtperception.pose.detection import Refinement
from mtperception.pose.predictor import PoseEstimator


def figures(estimator: PoseEstimator, seconds: float = 3.0) -> dict[str, Any]:
    """
    Time a rendered picture to the pose of its best box, its parts, and the codebook's look-up.

    `detect_ms` is without refinement, `by_depth_ms` with all of it and depth, `by_picture_ms`
    without depth. `codebook.ratio` is the look-up's time over that of reading the codes once.
    """
    from mtperception.sim.pose.scene import PoseScene
    from mtperception.sim.shapes.parts import PARTS

    codebook = estimator.codebook
    assert codebook is not None
    with PoseScene(PARTS['hammer']()) as scene:
        sample = scene.sample(seed=7, index=0)
    image = np.ascontiguousarray(sample.image[..., ::-1])
    found = estimator.find(image, 0.0)[:1]

    def one_object(refinement: Refinement, **more: Any) -> None:
        estimator.poses(sample.image, sample.camera, estimator.find(image, 0.0)[:1],
                        refinement=refinement, **more)

    def read() -> None:
        # A sum over the bits reads each byte once, and does next to nothing else.
        codebook.codes.view(torch.int64).sum()

    entries, latent = codebook.codes.shape
    code = torch.randn(1, 1, latent)
    read_ms = median_ms(read, seconds)
    lookup_ms = median_ms(partial(codebook.nearest, code), seconds)
    return {'pose': {
        'detect_ms': median_ms(partial(one_object, Refinement.NONE), seconds),
        'by_depth_ms': median_ms(
            partial(one_object, Refinement.FULL, depth=sample.depth), seconds),
        'by_picture_ms': median_ms(partial(one_object, Refinement.FULL), seconds),
        'boxes_ms': median_ms(partial(estimator.find, image, 0.0), seconds),
        'poses_ms': median_ms(partial(
            estimator.poses, sample.image, sample.camera, found, refinement=Refinement.NONE),
            seconds),
        'codebook': {'entries': entries, 'latent': latent, 'lookup_ms': lookup_ms,
                     'read_ms': read_ms, 'ratio': lookup_ms / read_ms}}}
