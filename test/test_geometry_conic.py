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

"""Circles in space, seen by a camera."""

from hypothesis import given, strategies as st
import numpy as np
import pytest

from mtperception.geometry.camera import look_at, PinholeCamera
from mtperception.geometry.conic import circle_image

CAMERA = PinholeCamera(612, 512, 1105.0, 1105.0, 305.5, 255.5)


def rim(centre, normal, radius, count=2000):
    """Return points on a circle."""
    across = np.cross(normal, (0.3, 0.5, -0.8))
    across /= np.linalg.norm(across)
    beside = np.cross(normal, across)
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)[:, None]
    return centre + radius * (np.cos(angles) * across + np.sin(angles) * beside)


@given(
    st.floats(-0.1, 0.1), st.floats(-0.1, 0.1), st.floats(-0.6, 0.6), st.floats(-0.6, 0.6),
    st.floats(0.001, 0.03))
def test_the_ellipse_is_that_of_the_projected_rim(x, y, lean_x, lean_y, radius):
    view = look_at(CAMERA, (0.02, -0.1, 0.4), (0.0, 0.0, 0.0), 0.3)
    normal = np.array([lean_x, lean_y, 1.0])
    normal /= np.linalg.norm(normal)
    centre = np.array([x, y, 0.01])
    ellipse = circle_image(view, centre, normal, radius)
    points = view.project(rim(centre, normal, radius))
    assert (points.min(0) + points.max(0)) / 2 == pytest.approx(
        (ellipse.x, ellipse.y), abs=1e-3)
    reach = np.linalg.norm(points - (ellipse.x, ellipse.y), axis=1)
    assert 2 * reach.max() == pytest.approx(ellipse.major, rel=1e-4)
    assert 2 * reach.min() == pytest.approx(ellipse.minor, rel=1e-4)


def test_a_circle_seen_straight_on_keeps_its_size():
    view = look_at(CAMERA, (0.0, 0.0, 0.5), (0.0, 0.0, 0.0), 0.0)
    ellipse = circle_image(view, np.zeros(3), np.array([0.0, 0.0, 1.0]), 0.01)
    assert ellipse.major == pytest.approx(2 * 0.01 / 0.5 * 1105.0)
    assert ellipse.minor == pytest.approx(ellipse.major)


def test_a_circle_that_reaches_behind_the_camera_is_refused():
    view = look_at(CAMERA, (0.0, -0.5, 0.01), (0.0, 0.0, 0.0), 0.0)
    with pytest.raises(ValueError, match='in front'):
        circle_image(view, np.zeros(3), np.array([0.0, 0.0, 1.0]), 1.0)
