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

"""What objects look like after turns: what is known of solids, parts, and things with trifles."""

import numpy as np
import pytest
import trimesh

from mtperception.geometry.pose_errors import mssd, Pose
from mtperception.geometry.rotations import about_axis, angle_between, random_rotations
from mtperception.objects.symmetry import symmetries_of
from mtperception.sim.shapes.clutter import clutter
from mtperception.sim.shapes.parts import PARTS

THINGS = {part.name: part for part in clutter()}


def box(*sides, at=(0.0, 0.0, 0.0)):
    made = trimesh.creation.box(sides)
    made.apply_translation(at)
    return made


def together(*meshes):
    return trimesh.util.concatenate(meshes)


def turned(mesh, seed=3):
    motion = np.eye(4)
    motion[:3, :3] = random_rotations(np.random.default_rng(seed), 1)[0]
    motion[:3, 3] = (0.1, 0.2, -0.3)
    return mesh.copy().apply_transform(motion)


@pytest.mark.parametrize(('mesh', 'count'), [
    (box(0.05, 0.05, 0.05), 24),
    (box(0.05, 0.08, 0.12), 4),
    (box(0.05, 0.05, 0.12), 8),
    # Its sides are off by less than what counts, its shading is not.
    (box(0.008, 0.008, 0.12), 8),
    (turned(box(0.05, 0.08, 0.12)), 4),
    (PARTS['hammer']().mesh, 1),
    (PARTS['l']().mesh, 1),
    (PARTS['t']().mesh, 2),
    (PARTS['star']().mesh, 10),
    (THINGS['nut'].mesh, 12),
    (THINGS['bolt'].mesh, 6),
    (THINGS['wedge'].mesh, 1),
])
def test_turns_are_found(mesh, count):
    symmetries = symmetries_of(mesh)
    assert len(symmetries) == count
    np.testing.assert_allclose(symmetries.rotations[0], np.eye(3), atol=1e-12)
    np.testing.assert_allclose(symmetries.translations[0], 0.0, atol=1e-12)
    # All are turns, and with any two of them there is the one after the other.
    for one in symmetries.rotations:
        np.testing.assert_allclose(one @ one.T, np.eye(3), atol=1e-9)
        for other in symmetries.rotations:
            assert angle_between(symmetries.rotations, one @ other).min() < np.radians(3.0)


def test_symmetric_motions_take_the_surface_to_itself():
    # Its middle is far from its origin.
    mesh = turned(box(0.05, 0.08, 0.12))
    for corners in symmetries_of(mesh).images(mesh.vertices):
        away = np.linalg.norm(corners[:, None] - mesh.vertices, axis=2).min(axis=1)
        assert away.max() < 0.002


@pytest.mark.parametrize(('name', 'both_ends'), [
    ('cylinder', True), ('ring', True), ('cone', False), ('pen', False)])
def test_surfaces_of_revolution(name, both_ends):
    mesh = (PARTS[name]() if name in PARTS else THINGS[name]).mesh
    symmetries = symmetries_of(mesh)
    along = symmetries.rotations[:, 2, 2]
    assert np.abs(np.abs(along) - 1.0).max() < 1e-9
    ends = np.count_nonzero(along < 0)
    assert ends == (len(symmetries) / 2 if both_ends else 0)
    # However it is turned about its axis, hardly any error is left.
    across = float(np.linalg.norm(mesh.extents))
    here = Pose(np.eye(3), np.zeros(3))
    for angle in (0.3, 1.234, 2.9):
        there = Pose(about_axis((0.0, 0.0, 1.0), angle), np.zeros(3))
        assert mssd(there, here, mesh.vertices, symmetries) < 0.006 * across


def test_a_ball_looks_the_same_from_everywhere():
    symmetries = symmetries_of(THINGS['marble'].mesh)
    assert len(symmetries) == 504
    np.testing.assert_allclose(symmetries.rotations[0], np.eye(3), atol=1e-12)
    for rotation in random_rotations(np.random.default_rng(0), 20):
        assert angle_between(symmetries.rotations, rotation).min() < np.radians(33.0)


def test_what_cannot_be_seen_does_not_count():
    whole = box(0.05, 0.08, 0.12)
    assert len(symmetries_of(together(whole, box(0.02, 0.01, 0.03, at=(0.01, 0.02, 0.03))))) == 4
    # It sticks out.
    assert len(symmetries_of(together(whole, box(0.02, 0.01, 0.03, at=(0.01, 0.02, 0.06))))) == 1


def test_trifles_do_not_count():
    rod = trimesh.creation.cylinder(0.02, 0.1, sections=64)
    plain = symmetries_of(rod)
    rib = box(0.002, 0.03, 0.0015, at=(0.0, 0.0, 0.0505))
    assert len(symmetries_of(together(rod, rib))) >= len(plain) / 2
    blade = box(0.008, 0.03, 0.01, at=(0.0, 0.0, 0.0545))
    assert len(symmetries_of(together(rod, blade))) == 2
