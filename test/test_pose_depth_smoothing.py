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

"""Smoothing depth pictures: noise is measured and lessened; edges and what is unknown stay."""

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from mtperception.pose.depth_smoothing import noise_of, smoothed

BOX = (60.0, 40.0, 100.0, 90.0)
# All that is within half of the box's longer side around it.
WINDOW = np.s_[15:115, 35:125]


def scene(noise, step=0.0, seed=0):
    """Return a slanted board, before which there is another from column 80 on, and its noise."""
    rng = np.random.default_rng(seed)
    columns, rows = np.meshgrid(np.arange(160), np.arange(120))
    depth = 0.9 + 0.0006 * columns - 0.0004 * rows - step * (columns >= 80)
    return depth, (depth + noise * rng.standard_normal(depth.shape)).astype(np.float32)


@pytest.mark.parametrize('noise', [0.0005, 0.002, 0.005, 0.02])
def test_noise_is_measured_whatever_slopes_and_edges_there_are(noise):
    _, depth = scene(noise, step=0.1)
    depth[::7, ::5] = 0.0
    assert noise_of(depth) == pytest.approx(noise, rel=0.1)


def test_of_too_few_pixels_no_noise_is_told():
    assert noise_of(np.zeros((40, 40), np.float32)) == 0.0
    assert noise_of(np.ones((2, 2), np.float32)) == 0.0


@pytest.mark.parametrize('noise', [0.001, 0.005])
def test_noise_is_lessened_and_edges_stay(noise):
    true, depth = scene(noise, step=0.06)
    error = smoothed(depth, BOX) - true
    within = error[WINDOW]
    assert within.std() < 0.6 * noise
    # A smoothed edge would be off by half a step.
    assert np.abs(error[15:115, 78:82]).max() < 0.4 * 0.06
    assert np.median(np.abs(within)) < 0.5 * np.median(np.abs((depth - true)[WINDOW]))


def test_all_else_is_as_it_was():
    _, depth = scene(0.003)
    before = depth.copy()
    calm = smoothed(depth, BOX)
    outside = np.ones(depth.shape, bool)
    outside[WINDOW] = False
    assert (depth == before).all()
    assert (calm[outside] == depth[outside]).all()
    exact = np.full((120, 160), 0.8, np.float32)
    assert (smoothed(exact, BOX) == exact).all()


def test_what_is_not_known_is_neither_used_nor_filled_in():
    true, depth = scene(0.003)
    holes = np.random.default_rng(1).random(depth.shape) < 0.4
    for nothing in (0.0, np.nan, np.inf, -1.0):
        torn = depth.copy()
        torn[holes] = nothing
        calm = smoothed(torn, BOX)
        assert (calm[holes] == 0.0).all()
        assert np.abs(calm - true)[~holes].max() < 5 * 0.003


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.floats(-500, 700)] * 2), st.tuples(*[st.floats(0.1, 600)] * 2))
def test_a_box_may_lie_anywhere(corner, size):
    _, depth = scene(0.002)
    calm = smoothed(depth, (*corner, corner[0] + size[0], corner[1] + size[1]))
    assert calm.shape == depth.shape and np.isfinite(calm).all()
    assert np.abs(calm - depth).max() < 0.02
