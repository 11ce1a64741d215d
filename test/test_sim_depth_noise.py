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

"""Noise of depth cameras: as large as said, holes where they belong."""

import cv2
import numpy as np
import pytest

from mtperception.sim.looks.depth_noise import measured, NOISE, with_holes


@pytest.mark.parametrize('distance', [0.5, 1.0, 2.0])
def test_noise_grows_with_the_square_of_the_distance(distance):
    exact = np.full((300, 300), distance, dtype=np.float32)
    seen = measured(np.random.default_rng(1), exact)
    errors = (seen - exact)[seen > 0]
    assert seen.dtype == np.float32 and len(errors) > 0.9 * exact.size
    assert errors.std() == pytest.approx(NOISE * distance**2, rel=0.03)
    assert abs(errors.mean()) < 0.02 * NOISE * distance**2


def test_nothing_is_measured_where_nothing_is_and_far_away():
    exact = np.full((100, 100), 1.0, dtype=np.float32)
    exact[:20], exact[80:] = np.inf, 20.0
    seen = measured(np.random.default_rng(2), exact)
    assert (seen[:20] == 0).all() and (seen[80:] == 0).all()
    assert (seen[22:78] > 0).mean() > 0.8


def test_edges_of_things_are_often_lost():
    exact = np.full((200, 200), 1.5, dtype=np.float32)
    exact[:, 100:] = 1.0
    lost = np.mean([
        measured(np.random.default_rng(seed), exact) == 0 for seed in range(20)], axis=0)
    edge, flat = lost[:, 99:101].mean(), lost[:, 20:80].mean()
    assert 0.5 < edge < 0.75 and flat < 0.1


def test_the_same_noise_for_the_same_numbers():
    exact = np.linspace(0.5, 3.0, 10_000, dtype=np.float32).reshape(100, 100)
    one, other, another = (
        measured(np.random.default_rng(seed), exact) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, other)
    assert (one != another).any()


def test_noise_is_as_large_as_asked_for():
    exact = np.full((300, 300), 1.0, dtype=np.float32)
    plain, more = (measured(np.random.default_rng(3), exact, noise) for noise in (NOISE, 0.005))
    known = plain > 0
    np.testing.assert_array_equal(known, more > 0)
    assert (more - exact)[known].std() == pytest.approx(0.005, rel=0.03)
    np.testing.assert_array_equal(plain, measured(np.random.default_rng(3), exact))


@pytest.mark.parametrize('share', [0.0, 0.1, 0.3, 0.7])
def test_holes_are_blobs(share):
    depth = np.full((512, 512), 1.0, dtype=np.float32)
    holed = with_holes(np.random.default_rng(4), depth, share)
    lost = holed == 0
    assert lost.mean() == pytest.approx(share, abs=0.001)
    if share:
        # Little of them is on their edges.
        kernel = np.ones((3, 3), np.uint8)
        assert cv2.erode(lost.astype(np.uint8), kernel).sum() > 0.6 * lost.sum()


@pytest.mark.parametrize('share', [-0.1, 1.0])
def test_holes_leave_something(share):
    with pytest.raises(ValueError, match='below 1'):
        with_holes(np.random.default_rng(5), np.ones((9, 9), dtype=np.float32), share)
