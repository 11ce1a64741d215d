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
import trimesh

from mtperception.sim.shapes.mesh_triangles import mesh_triangles
from mtperception.sim.shapes.parts import FINISHES, PARTS

SIZES = {
    'cylinder': (0.036, 0.036, 0.07), 'l': (0.08, 0.06, 0.024), 't': (0.08, 0.07, 0.022),
    'ring': (0.08, 0.08, 0.018), 'hammer': (0.031, 0.117, 0.3), 'star': (0.082, 0.078, 0.02),
}


@pytest.fixture(params=sorted(PARTS))
def part(request):
    return PARTS[request.param]()


def hulls(part):
    return [trimesh.convex.convex_hull(piece) for piece in part.collision]


def test_meshes_are_closed_and_look_outwards(part):
    assert part.mesh.is_watertight
    assert part.mesh.is_winding_consistent
    assert part.mesh.volume > 0.0


def test_no_face_is_folded_over(part):
    for solid in part.mesh.split():
        a, b, c = np.moveaxis(np.asarray(solid.triangles), 1, 0)
        normals = np.cross(b - a, c - a)
        middles = (a + b + c) / 3.0
        ways = 1e-5 * normals / np.linalg.norm(normals, axis=1, keepdims=True)
        direction = np.array((0.31, 0.52, 0.79))
        for points, inside in ((middles + ways, 0), (middles - ways, 1)):
            for point in points:
                reach = np.einsum('ij,ij->i', a - point, normals) / (normals @ direction)
                hit = point + reach[:, None] * direction
                met = reach > 0.0
                for one, other in ((a, b), (b, c), (c, a)):
                    across = np.cross(other - one, hit - one)
                    met &= np.einsum('ij,ij->i', across, normals) >= 0.0
                # As often out of the solid as into it, and once more from inside.
                assert np.sign(normals[met] @ direction).sum() == inside


def test_parts_have_their_size(part):
    np.testing.assert_allclose(part.mesh.extents, SIZES[part.name], atol=6e-4)
    assert part.finish in FINISHES
    assert part.name in PARTS


def test_collision_pieces_fill_the_mesh_and_no_more(part):
    pieces = hulls(part)
    # Broken edges and a handle within the head make the difference.
    assert sum(piece.volume for piece in pieces) == pytest.approx(part.mesh.volume, rel=0.04)
    points, _ = trimesh.sample.sample_surface(part.mesh, 2000, seed=1)
    distances = np.min([
        (points @ hull.face_normals.T
         - np.einsum('ij,ij->i', hull.face_normals, hull.triangles[:, 0])).max(axis=1)
        for hull in pieces], axis=0)
    # How far the seen surface is outside of what is felt.
    assert distances.max() < 6e-4
    np.testing.assert_allclose(
        trimesh.util.concatenate(pieces).bounds, part.mesh.bounds, atol=1.2e-3)


def test_a_gripper_finds_the_width_that_it_is_told(part):
    """Somewhere on the part, opposite faces are that far apart."""
    points, faces = trimesh.sample.sample_surface(part.mesh, 150, seed=2)
    inwards = -part.mesh.face_normals[faces]
    origins = points + 1e-6 * inwards
    widths = []
    a, b, c = np.moveaxis(part.mesh.triangles, 1, 0)
    for origin, direction in zip(origins, inwards, strict=True):
        widths.append(first_hit(origin, direction, a, b, c))
    assert np.abs(np.array(widths) - part.grasp_width).min() < 1.5e-3


def first_hit(origin, direction, a, b, c):
    """Return how far the nearest triangle is along a ray."""
    edge, other = b - a, c - a
    normal = np.cross(direction, other)
    determinant = np.einsum('ij,ij->i', edge, normal)
    with np.errstate(divide='ignore', invalid='ignore'):
        away = origin - a
        u = np.einsum('ij,ij->i', away, normal) / determinant
        around = np.cross(away, edge)
        v = around @ direction / determinant
        t = np.einsum('ij,ij->i', other, around) / determinant
        return t[(u >= 0) & (v >= 0) & (u + v <= 1) & (t > 1e-5)].min(initial=np.inf)


def test_the_hammer_has_a_wooden_handle():
    mesh = PARTS['hammer']().mesh
    assert mesh.visual.kind == 'face'
    low = mesh.triangles_center[:, 2] < 0.0
    red, _, blue, _ = mesh.visual.face_colors[low].T.astype(int)
    assert (red - blue > 50).all()


def test_round_parts_are_shaded_round_and_edges_sharp():
    part = PARTS['cylinder']()
    shaded = mesh_triangles(part.mesh)
    assert len(shaded) == len(part.mesh.faces)
    np.testing.assert_allclose(np.linalg.norm(shaded.normals, axis=2), 1.0, atol=1e-9)
    flat = np.asarray(part.mesh.face_normals)
    side = np.abs(flat[:, 2]) < 0.1
    radial = shaded.points[side] * (1, 1, 0)
    radial /= np.linalg.norm(radial, axis=2, keepdims=True)
    # On the wall the shade's normals are those of a true cylinder, on the caps they are flat.
    assert np.einsum('ijk,ijk->ij', radial, shaded.normals[side]).min() > 0.999
    caps = np.abs(flat[:, 2]) > 0.99
    np.testing.assert_allclose(np.abs(shaded.normals[caps][:, :, 2]), 1.0, atol=1e-9)
    assert np.einsum('ijk,ik->ij', shaded.normals, flat).min() > 0.8


def test_textures_lie_flat_on_the_faces_in_metres():
    shaded = mesh_triangles(PARTS['l']().mesh)
    top = shaded.points[:, :, 2].min(axis=1) > 0.0119
    np.testing.assert_allclose(shaded.uv[top], shaded.points[top][:, :, :2])
