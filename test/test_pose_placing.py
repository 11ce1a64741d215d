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

"""From boxes and views to places, and from places to what the encoder says and back."""

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.pose_errors import add, Pose
from mtperception.geometry.rotations import allocentric, angle_between, random_rotations
from mtperception.pose.placing import (
    between,
    Crop,
    crop_of,
    pose_of,
    projective_sighting,
    Sighting,
    sighting_of,
    told_place,
)
from mtperception.sim.pose.codebook_views import canonical_camera
from mtperception.sim.shapes.parts import PARTS

CAMERA = PinholeCamera(640, 480, 520.0, 520.0, 318.2, 241.7)
numbers = st.floats(-0.4, 0.4)


def box_of(camera, points):
    seen = camera.project(points)
    return np.concatenate((seen.min(axis=0), seen.max(axis=0)))


@given(st.integers(0, 10_000))
@settings(max_examples=60)
def test_the_projective_place_is_where_the_object_is(seed):
    """With the true view and an exact box all that is left is perspective."""
    rng = np.random.default_rng(seed)
    part = PARTS['hammer']()
    corners = np.asarray(part.mesh.convex_hull.vertices)
    camera, distance = canonical_camera(part)
    true = Pose(random_rotations(rng, 1)[0],
                rng.uniform((-0.25, -0.2, 0.8), (0.25, 0.2, 1.2)))
    looks = allocentric(true.rotation, true.translation)
    view = box_of(camera, corners @ looks.T + (0.0, 0.0, distance))
    seen = projective_sighting(
        box_of(CAMERA, true.moved(corners)), view, camera, distance, CAMERA.fx)
    pose = pose_of(looks, seen, CAMERA)
    assert pose.translation[2] == pytest.approx(true.translation[2], rel=0.08)
    # Across the line of sight it is far more exact.
    (x, y), = CAMERA.project(true.translation)
    assert (seen.x, seen.y) == pytest.approx((x, y), abs=9.0)
    assert np.degrees(angle_between(pose.rotation, true.rotation)) < 2.0
    assert add(pose, true, corners) < 0.1


@given(numbers, numbers, st.floats(0.2, 3.0), st.floats(40, 400), st.floats(100, 900))
def test_places_are_told_and_read_again(across, down, depth, side, focal):
    crop = Crop(100.0, 50.0, side)
    x, y = crop.middle
    sighting = Sighting(x + across * side, y + down * side, depth)
    again = sighting_of(told_place(sighting, crop, focal), crop, focal)
    assert again == pytest.approx(sighting, rel=1e-9, abs=1e-9)


@given(st.floats(0.3, 3.0))
def test_what_is_told_does_not_depend_on_how_large_the_picture_is(scale):
    one = told_place(Sighting(210.0, 130.0, 0.9), Crop(150.0, 80.0, 120.0), 450.0)
    other = told_place(Sighting(210.0 * scale, 130.0 * scale, 0.9),
                       Crop(150.0 * scale, 80.0 * scale, 120.0 * scale), 450.0 * scale)
    assert other == pytest.approx(one)


def test_a_crop_is_a_square_around_the_box_by_the_edges_of_pixels():
    crop = crop_of((-0.5, 9.5, 99.5, 59.5))
    assert crop == pytest.approx((-10.5, -25.5, 120.0))
    # The crop's left upper edge is that of its first pixel, half a pixel before its centre.
    matrix = crop.to_pixels(60)
    assert matrix @ (crop.left, crop.top, 1.0) == pytest.approx((-0.5, -0.5))
    x, y = crop.middle
    assert matrix @ (x, y, 1.0) == pytest.approx((29.5, 29.5))


def test_the_mean_of_two_sightings_is_geometric_in_depth():
    mean = between(Sighting(10.0, 20.0, 0.5), Sighting(14.0, 22.0, 2.0))
    assert mean == pytest.approx((12.0, 21.0, 1.0))


@given(st.integers(0, 10_000))
def test_poses_are_those_of_the_rotation_that_is_seen(seed):
    rng = np.random.default_rng(seed)
    rotation = random_rotations(rng, 1)[0]
    sighting = Sighting(*rng.uniform((50, 50), (590, 430)), rng.uniform(0.5, 2.0))
    pose = pose_of(rotation, sighting, CAMERA)
    assert CAMERA.project(pose.translation)[0] == pytest.approx((sighting.x, sighting.y))
    assert pose.translation[2] == pytest.approx(sighting.depth)
    assert allocentric(pose.rotation, pose.translation) == pytest.approx(rotation)
