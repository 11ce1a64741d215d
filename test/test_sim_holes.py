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

"""Open edges, and holes that are closed."""

import numpy as np
import pytest
import trimesh

from mtperception.sim.shapes.holes import open_edges, with_holes_closed


def test_a_closed_mesh_is_left_as_it_is():
    ball = trimesh.creation.icosphere(3, 0.05)
    assert len(open_edges(ball)[0]) == 0
    closed, beside = with_holes_closed(ball)
    assert len(closed.faces) == len(ball.faces) and len(beside) == 0


def test_small_holes_are_closed_and_large_ones_are_not():
    ball = trimesh.creation.icosphere(5, 0.05)
    far = np.linalg.norm(ball.triangles_center - ball.triangles_center[7], axis=1)
    cap = ball.triangles_center[:, 2] > 0.03
    volume = ball.volume
    ball.update_faces((far > 0.0025) & ~cap)
    edges, faces = open_edges(ball)
    assert len(edges) == len(faces) > 30
    closed, beside = with_holes_closed(ball)
    added = np.asarray(closed.faces)[len(ball.faces):]
    assert 3 < len(added) == len(beside)
    assert closed.is_winding_consistent
    # Each new face is beside the one that is named.
    for face, neighbour in zip(added, beside, strict=True):
        assert len(set(face.tolist()) & set(ball.faces[neighbour].tolist())) >= 2
    # What is still open is the cap.
    left = closed.vertices[open_edges(closed)[0]]
    assert np.ptp(left[..., 2]) < 0.01 and left[..., 2].min() > 0.02
    assert closed.volume < volume


@pytest.mark.parametrize('removed', [[4], [4, 5]])
def test_a_few_edges_are_closed_whatever_their_size(removed):
    box = trimesh.creation.box((0.08, 0.05, 0.02))
    box.update_faces(~np.isin(np.arange(12), removed))
    closed, beside = with_holes_closed(box)
    assert closed.is_watertight and len(beside) == len(removed)
    assert closed.volume == pytest.approx(8e-5)


def test_an_edge_that_meets_two_is_not_open():
    # The upper face has a corner more on one of its sides.
    box = trimesh.creation.box((0.1, 0.1, 0.1))
    upper = [number for number, normal in enumerate(box.face_normals) if normal[2] > 0.9]
    vertices = [*box.vertices.tolist(), [0.0, 0.05, 0.05]]
    corners = {(x > 0, y > 0): number for number, (x, y, z) in enumerate(box.vertices) if z > 0}
    ring = [corners[False, False], corners[True, False], corners[True, True], 8,
            corners[False, True]]
    fan = [(ring[0], ring[place], ring[place + 1]) for place in (1, 2, 3)]
    mesh = trimesh.Trimesh(
        vertices, [*np.delete(box.faces, upper, axis=0).tolist(), *fan], process=False)
    assert not mesh.is_watertight
    assert len(open_edges(mesh)[0]) == 0
    mesh.update_faces(np.arange(len(mesh.faces)) < len(mesh.faces) - 1)
    assert len(open_edges(mesh)[0]) > 0
