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

"""Convex decomposition: the pieces that a mesh is made of for physics."""

import numpy as np
from scipy.spatial import QhullError
import trimesh
import vhacdx

from mtperception.geometry.camera import Floats

MAX_PIECES = 16
# A mesh that fills so much of its convex hull is taken for convex.
_CONVEX = 0.97
_SAMPLES = 20_000


def convex_pieces(mesh: trimesh.Trimesh) -> tuple[Floats, ...]:
    """
    Return the vertices (N x 3) of at most MAX_PIECES convex pieces that together fill a mesh.

    The convex hull of all pieces is that of the mesh, so that a part lies on the bench as its
    mesh does. The same mesh gives the same pieces.
    """
    hull = mesh.convex_hull
    if mesh.volume > _CONVEX * hull.volume:
        return (np.asarray(hull.vertices, dtype=np.float64),)
    # V-HACD works on voxels: what it makes tells which surface points belong together.
    points, _ = trimesh.sample.sample_surface(mesh, _SAMPLES, seed=0)
    surface = np.concatenate((mesh.vertices, points))
    pieces = _decomposed(mesh)
    nearest = np.stack([_outside(piece, surface) for piece in pieces]).argmin(axis=0)
    fitted = []
    for index, piece in enumerate(pieces):
        corners = _hull_corners(surface[nearest == index])
        fitted.append(piece if corners is None else corners)
    return tuple(fitted)


def _decomposed(mesh: trimesh.Trimesh) -> list[Floats]:
    middle, size = mesh.bounds.mean(axis=0), float(mesh.extents.max())
    faces = np.column_stack((np.full(len(mesh.faces), 3), mesh.faces)).astype(np.uint32)
    pieces = vhacdx.compute_vhacd(
        (mesh.vertices - middle) / size, faces.ravel(), maxConvexHulls=MAX_PIECES,
        resolution=50_000, maxRecursionDepth=6, asyncACD=False)
    return [np.asarray(vertices) * size + middle for vertices, _ in pieces]


def _outside(piece: Floats, points: Floats) -> Floats:
    """Return how far points are outside a convex piece; within, less than nothing."""
    hull = trimesh.convex.convex_hull(piece)
    offsets = np.einsum('ij,ij->i', hull.face_normals, hull.triangles[:, 0])
    return np.asarray((points @ hull.face_normals.T - offsets).max(axis=1))


def _hull_corners(points: Floats) -> Floats | None:
    """Return the corners of the convex hull of points, or None where they are flat."""
    if len(points) < 4:
        return None
    try:
        return np.asarray(trimesh.convex.convex_hull(points).vertices, dtype=np.float64)
    except QhullError:
        return None
