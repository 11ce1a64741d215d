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

"""Meshes of parts as triangles for the renderer, round where they are round."""

import numpy as np
import trimesh

from mtperception.geometry.camera import Floats
from mtperception.sim.shapes.triangles import Indices, SMOOTH_COSINE, Triangles


def mesh_triangles(mesh: trimesh.Trimesh) -> Triangles:
    """
    Return the triangles of a mesh, shaded, in the mesh's frame.

    Facets around a corner that differ by little share a normal. The uv are metres on the plane
    of two axes that each triangle is most nearly parallel to.
    """
    faces = np.asarray(mesh.faces)
    flat = np.asarray(mesh.face_normals)
    points = np.asarray(mesh.triangles, dtype=np.float64)
    return Triangles(points, _shades(mesh, faces, flat), _box_projection(points, flat))


def _shades(mesh: trimesh.Trimesh, faces: Indices, flat: Floats) -> Floats:
    """Return for each corner the mean normal of the faces there that its own goes on in."""
    corners = faces.ravel()
    order = np.argsort(corners, kind='stable')
    count = np.bincount(corners, minlength=len(mesh.vertices))
    start = np.concatenate(([0], np.cumsum(count)))[:-1]
    angles = np.asarray(mesh.face_angles).ravel()
    # Every pair of corners that meet in a vertex.
    repeats = count[corners]
    one = np.repeat(np.arange(len(corners)), repeats)
    nth = np.arange(len(one)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    other = order[start[corners[one]] + nth]
    near = np.einsum('ij,ij->i', flat[one // 3], flat[other // 3]) > SMOOTH_COSINE
    shades = np.zeros((len(corners), 3))
    for axis in range(3):
        weighted = (angles[other] * flat[other // 3, axis])[near]
        shades[:, axis] = np.bincount(one[near], weighted, minlength=len(corners))
    length = np.linalg.norm(shades, axis=1, keepdims=True)
    own = np.repeat(flat, 3, axis=0)
    return np.where(length > 1e-9, shades / np.maximum(length, 1e-9), own).reshape(-1, 3, 3)


def _box_projection(points: Floats, flat: Floats) -> Floats:
    """Return the two coordinates across the axis nearest to each triangle's normal."""
    along = np.abs(flat).argmax(axis=1)
    axes = np.array([(1, 2), (0, 2), (0, 1)])[along]
    return np.take_along_axis(points, axes[:, None], axis=2)
