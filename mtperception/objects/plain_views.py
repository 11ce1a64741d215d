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

"""Views of an object alone, for the training of its encoder."""

from collections.abc import Callable

import numpy as np

from mtperception.geometry.rotations import random_rotations
from mtperception.pose.batches import PlainViews
from mtperception.sim.pose.codebook_views import views_at
from mtperception.sim.shapes.parts import Part

# How many are drawn for a training, and their seed.
VIEWS, SEED = 2000, 5


def plain_views(part: Part, count: int = VIEWS,
                progress: Callable[[int, int], None] | None = None) -> PlainViews:
    """
    Draw an object as its codebook does, from everywhere; always the same.

    ``progress`` is told how many views are done, and how many there are.
    """
    rotations = random_rotations(np.random.default_rng(SEED), count)
    images, masks, done = [], [], 0
    # In processes of their own: OpenGL's compiler and PyTorch's do not go together.
    for some in views_at(part, rotations, workers=2):
        images.append(some.rgb)
        masks.append(some.mask)
        done += len(some)
        if progress is not None:
            progress(done, count)
    return PlainViews(np.concatenate(images), np.concatenate(masks))
