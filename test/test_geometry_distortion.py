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

"""Lenses' distortion: that of OpenCV, there and back."""

import cv2
from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.distortion import distort_pixels, Distortion, undistort_pixels

CAMERA = PinholeCamera(612, 512, 600.0, 590.0, 310.2, 250.1)
LENSES = st.builds(
    Distortion, st.floats(-0.3, 0.1), st.floats(-0.05, 0.1), st.floats(-0.005, 0.005),
    st.floats(-0.005, 0.005), st.floats(-0.02, 0.02), st.floats(-0.05, 0.2),
    st.floats(-0.02, 0.05), st.floats(-0.01, 0.01))
PIXELS = st.lists(
    st.tuples(st.floats(0, 611), st.floats(0, 511)), min_size=1, max_size=20).map(np.array)


@given(LENSES, PIXELS)
def test_it_is_what_opencv_has(lens, pixels):
    rays = CAMERA.rays(pixels)
    expected, _ = cv2.projectPoints(
        rays, np.zeros(3), np.zeros(3), CAMERA.matrix, np.array(lens.coefficients))
    np.testing.assert_allclose(
        distort_pixels(CAMERA, lens, pixels), expected[:, 0], rtol=0, atol=1e-9)


@settings(max_examples=200)
@given(LENSES, PIXELS)
def test_there_and_back(lens, pixels):
    shown = distort_pixels(CAMERA, lens, pixels)
    np.testing.assert_allclose(undistort_pixels(CAMERA, lens, shown), pixels, rtol=0, atol=1e-6)


def test_no_coefficients_are_a_pinhole():
    pixels = np.random.default_rng(0).uniform(0, 500, (50, 2))
    assert distort_pixels(CAMERA, Distortion(), pixels) == pytest.approx(pixels)


def test_a_barrel_draws_corners_in():
    corner = np.array([(0.0, 0.0)])
    shown = distort_pixels(CAMERA, Distortion(k1=-0.2), corner)[0]
    assert (shown > 5.0).all()
