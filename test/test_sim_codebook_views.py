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

"""Codebook views are what a camera would see of the object, in order, from any process."""

import cv2
import numpy as np
import pytest

from mtperception.geometry.rotations import angle_between, in_plane, random_rotations
from mtperception.sim.pose.codebook_views import canonical_camera, view_rotations, views, views_at
from mtperception.sim.pose.labels import window_around, windowed
from mtperception.sim.shapes.parts import PARTS

HAMMER = PARTS['hammer']()


@pytest.fixture(scope='module')
def some():
    """A dozen views from anywhere."""
    rotations = random_rotations(np.random.default_rng(5), 12)
    seen, = views_at(HAMMER, rotations, workers=1)
    np.testing.assert_array_equal(seen.rotations, rotations)
    return seen


def test_a_view_is_the_projected_mesh(some, drawn_mesh):
    camera, distance = canonical_camera(HAMMER)
    triangles = np.asarray(HAMMER.mesh.triangles)
    for rotation, mask, box in zip(some.rotations, some.mask, some.box, strict=True):
        posed = triangles @ rotation.T + (0.0, 0.0, distance)
        corners = camera.project(posed)
        np.testing.assert_allclose(box[:2], corners.min(axis=0))
        np.testing.assert_allclose(box[2:], corners.max(axis=0))
        close = windowed(camera, window_around(tuple(box)), 128)
        expected = drawn_mesh(close, posed)
        assert (expected ^ mask).sum() < 0.02 * expected.sum() + 4


def test_the_object_fills_its_window(some):
    for mask in some.mask:
        rows, columns = np.nonzero(mask)
        longest = max(np.ptp(rows), np.ptp(columns)) + 1
        assert longest == pytest.approx(128 / 1.2, abs=2.5)
        for pixels in (rows, columns):
            assert (pixels.min() + pixels.max()) / 2 == pytest.approx(63.5, abs=1.5)


def test_colour_lies_on_the_mask(some):
    for rgb, mask in zip(some.rgb, some.mask, strict=True):
        inside = cv2.erode(mask.astype(np.uint8), np.ones((3, 3))) > 0
        around = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3))) > 0
        assert rgb[inside].max(axis=1).min() > 10 and rgb[~around].max() == 0


def test_depth_is_metres_from_the_camera(some):
    _, distance = canonical_camera(HAMMER)
    assert np.isinf(some.depth[~some.mask]).all()
    corners = np.asarray(HAMMER.mesh.vertices)
    for rotation, depth, mask in zip(some.rotations, some.depth, some.mask, strict=True):
        z = (corners @ rotation.T)[:, 2] + distance
        assert z.min() - 5e-4 < depth[mask].min() < z.min() + 5e-3
        assert depth[mask].max() < z.max() + 5e-4


def test_turning_in_the_plane_turns_the_picture():
    base = random_rotations(np.random.default_rng(8), 1)
    turned = np.concatenate((base, in_plane(np.pi / 2) @ base))
    seen, = views_at(HAMMER, turned, workers=1)
    # A quarter turn counter-clockwise, exactly, but for how pixels on the outline fall.
    difference = np.rot90(seen.mask[0]) ^ seen.mask[1]
    assert difference.sum() < 0.03 * seen.mask[0].sum()
    both = np.rot90(seen.mask[0]) & seen.mask[1]
    assert np.abs(np.rot90(seen.depth[0])[both] - seen.depth[1][both]).max() < 2e-3
    brightness = np.abs(np.rot90(seen.rgb[0]).astype(int) - seen.rgb[1])[both]
    assert np.median(brightness) < 3


@pytest.mark.parametrize('steps', [12, 9])
def test_views_are_what_is_rendered_directly_at_their_rotations(steps):
    found = list(views(HAMMER, 12, steps, workers=1))
    direct = list(views_at(HAMMER, view_rotations(12, steps), workers=1))
    for name in ('rotations', 'box'):
        np.testing.assert_allclose(*(
            np.concatenate([getattr(chunk, name) for chunk in chunks])
            for chunks in (found, direct)), atol=1e-9)
    rgb, mask, depth = (
        [np.concatenate([getattr(chunk, name) for chunk in chunks]) for chunks in (found, direct)]
        for name in ('rgb', 'mask', 'depth'))
    # Only a pixel whose centre is on an edge to a hair may fall to the other side.
    assert (mask[0] ^ mask[1]).sum() < 2e-3 * mask[1].sum()
    both = mask[0] & mask[1]
    apart = np.abs(depth[0][both] - depth[1][both])
    assert np.quantile(apart, 0.995) < 1e-5
    assert np.abs(rgb[0].astype(int) - rgb[1]).mean() < 0.05


def test_all_directions_and_all_turns_are_there_once():
    rotations = view_rotations(42, 8)
    assert rotations.shape == (42 * 8, 3, 3)
    apart = angle_between(rotations[:, None], rotations[None])
    np.fill_diagonal(apart, np.inf)
    assert apart.min() > 0.3
    # Every pose is near one of them.
    asked = random_rotations(np.random.default_rng(0), 300)
    assert angle_between(asked[:, None], rotations[None]).min(axis=1).max() < np.radians(45)


def test_processes_yield_the_same_views_in_the_same_order():
    told = []
    alone = list(views(HAMMER, 12, 30, workers=1))
    together = list(views(
        HAMMER, 12, 30, workers=2, progress=lambda done, total: told.append((done, total))))
    assert sum(map(len, alone)) == 360 and len(alone) > 1
    for one, other in zip(alone, together, strict=True):
        for name in ('rotations', 'rgb', 'mask', 'depth', 'box'):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert told[-1] == (360, 360) and sorted(told) == told


def test_views_may_be_left_before_the_end():
    chunks = views(HAMMER, 42, 36, workers=2)
    assert len(next(chunks)) > 0
    chunks.close()


def test_views_of_any_mesh_and_size():
    seen, = views_at(PARTS['ring'](), np.eye(3)[None], size=64, workers=1)
    assert seen.rgb.shape == (1, 64, 64, 3) and seen.mask[0, 32, 3:8].any()
    # Seen along its axis, through its hole.
    assert not seen.mask[0, 32, 32]
