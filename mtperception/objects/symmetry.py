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

"""What of an object looks like another part of it."""

import numpy as np
from scipy.spatial import cKDTree
import trimesh

# Points on the surface that are compared, and how far they may be off, in diagonals of the box.
_POINTS, _DENSE, _TOLERANCE = 500, 20_000, 0.02


def is_own_mirror_image(mesh: trimesh.Trimesh) -> bool:
    """Tell whether a mesh is the same when mirrored across a plane of two of its axes."""
    rng = np.random.default_rng(0)
    dense, _ = trimesh.sample.sample_surface(mesh, _DENSE, seed=rng)
    points, _ = trimesh.sample.sample_surface(mesh, _POINTS, seed=rng)
    middle = mesh.bounds.mean(axis=0)
    tree = cKDTree(dense)
    reach = _TOLERANCE * float(np.linalg.norm(mesh.extents))
    for axis in range(3):
        mirrored = np.array(points)
        mirrored[:, axis] = 2 * middle[axis] - mirrored[:, axis]
        if tree.query(mirrored)[0].max() <= reach:
            return True
    return False
