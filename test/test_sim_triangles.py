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

"""Lofts: closed, outward, and as large as they should be."""

from hypothesis import given, strategies as st
import numpy as np
import pytest

from mtperception.sim.pin.turned_parts import HEADS, nut, screw, washer
from mtperception.sim.pin.workpiece import (
    block_triangles,
    Cell,
    divided,
    Feature,
    Slab,
    slab_triangles,
)
from mtperception.sim.shapes.triangles import (
    circle,
    cross,
    joined,
    loft,
    planar,
    polygon,
    rectangle,
    rounded,
)

ANGLES = np.linspace(0.0, 2 * np.pi, 720, endpoint=False)


def area(part):
    one, other = part.points[:, 1] - part.points[:, 0], part.points[:, 2] - part.points[:, 0]
    return np.linalg.norm(np.cross(one, other), axis=1) / 2


def facing(part):
    """Return the cosine between each triangle's plane and its shading."""
    plane = np.cross(
        part.points[:, 1] - part.points[:, 0], part.points[:, 2] - part.points[:, 0])
    plane /= np.maximum(np.linalg.norm(plane, axis=1, keepdims=True), 1e-30)
    return (plane[:, None] * part.normals).sum(axis=2)


@given(st.floats(0.001, 1.0), st.floats(0.001, 2.0))
def test_a_cylinder_has_the_surface_of_one(radius, height):
    wall, top = circle(ANGLES, radius), circle(ANGLES, 0.0)
    body = loft(ANGLES, [(wall, 0.0), (wall, height), (top, height)])
    expected = 2 * np.pi * radius * height + np.pi * radius**2
    assert area(body).sum() == pytest.approx(expected, rel=1e-4)
    assert (facing(body) > 0.99).all()
    outwards = (body.points * body.normals)[:, :, :2].sum(axis=2)
    assert (outwards > -1e-12).all()


def test_a_hole_faces_inwards():
    wall = circle(ANGLES, 1.0)
    hole = loft(ANGLES, [(wall, 0.0), (wall, -1.0)])
    assert ((hole.points * hole.normals)[:, :, :2].sum(axis=2) < 0.0).all()


@pytest.mark.parametrize(('radii', 'expected'), [
    (rectangle(ANGLES, 1.0, 2.0, 3.0, 0.5), 3.0 * 3.5),
    (polygon(ANGLES, 6, 1.0), 6 * np.tan(np.pi / 6)),
    (rounded(ANGLES, 2.0, 1.0, 0.5), 8.0 - (4 - np.pi) * 0.25),
    (rounded(ANGLES, 2.0, 1.0, 1.0), 4.0 + np.pi),
    (cross(ANGLES, 4.0, 1.0), 7.0),
])
def test_outlines_have_their_area(radii, expected):
    face = loft(ANGLES, [(radii, 0.0), (0.0 * radii, 0.0)])
    assert area(face).sum() == pytest.approx(expected, rel=0.02)
    np.testing.assert_allclose(face.normals, np.broadcast_to((0, 0, 1.0), face.normals.shape),
                               atol=1e-9)


@pytest.mark.parametrize('part', [
    *(mesh for head in HEADS for mesh in vars(screw(head, 0.004, 0.003)).values() if len(mesh)),
    *vars(nut(0.005, 0.004)).values(), *vars(washer(0.006, 0.003, 0.001)).values(),
    block_triangles(0.02, 0.01, 0.0, 0.01, 0.002, 0.0005),
])
def test_parts_are_sound(part):
    assert len(part) and np.isfinite(part.points).all() and np.isfinite(part.uv).all()
    assert part.points[..., 2].min() >= 0.0
    solid = area(part) > 1e-12
    assert np.linalg.norm(part.normals[solid], axis=2) == pytest.approx(1.0)
    assert (facing(part)[solid] > 0.5).all()


@given(st.integers(0, 1000))
def test_a_slab_covers_its_whole_top(seed):
    rng = np.random.default_rng(seed)
    slab = Slab(0.01, -0.02, 0.1, 0.08, 0.0, 0.01, 0.001)
    slab.cells = [(cell, Feature()) for cell in divided(rng, slab, 0.02, 0.04)]
    surface, cavity = slab_triangles(slab)
    assert len(cavity) == 0
    flat = (surface.normals[:, :, 2].min(axis=1) > 0.999)
    assert area(surface)[flat].sum() == pytest.approx(4 * 0.099 * 0.079, rel=1e-6)


@pytest.mark.parametrize('kind', ['hole', 'counterbore', 'pocket', 'land', 'groove'])
def test_features_stay_within_their_cell(kind):
    cell = Cell(0.0, 0.0, 0.01, 0.012, 0.011, 0.013)
    feature = Feature(kind, 0.006, 0.003, 0.0005, 0.002, 0.005, 0.002)
    slab = Slab(0.0, 0.0, 0.02, 0.02, 0.0, 0.01, 0.001, [(cell, feature)])
    surface, cavity = slab_triangles(slab)
    top = surface.points[len(surface_of_rim(slab)):]
    assert np.abs(top[..., 0]).max() <= 0.01201 * 1.002
    assert bool(len(cavity)) == (kind in ('hole', 'counterbore'))
    assert (top[..., 2].max() > 0.002) == (kind == 'land')


def surface_of_rim(slab):
    return slab_triangles(Slab(
        slab.x, slab.y, slab.half_x, slab.half_y, slab.height, slab.thickness, slab.edge))[0]


def test_nothing_joined_is_an_empty_mesh():
    empty = joined([])
    assert len(empty) == 0 and empty.points.shape == (0, 3, 3)


def test_a_planar_texture_repeats_after_its_size():
    face = loft(ANGLES, [(circle(ANGLES, 1.0), 0.0), (circle(ANGLES, 0.0), 0.0)])
    laid = planar(face, 0.5, 0.0, (0.25, 0.0))
    np.testing.assert_allclose(laid.uv[..., 0], face.points[..., 0] / 0.5 + 0.25)
    turned = planar(face, 0.5, np.pi / 2, (0.0, 0.0))
    np.testing.assert_allclose(turned.uv[..., 0], face.points[..., 1] / 0.5, atol=1e-12)
