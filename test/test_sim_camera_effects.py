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

"""Camera effects: each does what it says, and leaves its input alone."""

import numpy as np
import pytest

from mtperception.sim.looks import camera_effects as effects
from mtperception.sim.looks.noise import grain

GREY = np.full((100, 120), 0.5, dtype=np.float32)


def spot(x, y):
    picture = np.zeros((100, 120), dtype=np.float32)
    picture[y, x] = 1.0
    return picture


def test_effects_do_not_change_their_input():
    rng = np.random.default_rng(0)
    picture = rng.random((100, 120), dtype=np.float32)
    before = picture.copy()
    effects.exposed(picture, 2.0, 0.8)
    effects.glare(picture, 30, 40, 20, 10, 0.3, 1.0, 0.1)
    effects.bloom(picture, 0.9, 8.0, 0.5)
    effects.compressed(picture, 0.7)
    effects.photograph(rng, picture, effects.draw_lens(rng))
    np.testing.assert_array_equal(picture, before)


def test_blur_keeps_light_and_place():
    blurred = effects.defocused(spot(60, 50), 1.5)
    assert blurred.sum() == pytest.approx(1.0, abs=1e-4)
    rows, columns = np.mgrid[:100, :120]
    assert (blurred * columns).sum() == pytest.approx(60.0, abs=1e-3)
    assert (blurred * rows).sum() == pytest.approx(50.0, abs=1e-3)
    spread = np.sqrt((blurred * (columns - 60) ** 2).sum())
    assert spread == pytest.approx(1.5, rel=0.05)


@pytest.mark.parametrize('sigma', [0.8, 2.5, 7.0])
@pytest.mark.parametrize('channels', [1, 3])
def test_wide_blurs_are_those_of_a_gaussian(sigma, channels):
    rng = np.random.default_rng(2)
    picture = np.squeeze(effects.defocused(
        rng.random((90, 120, channels), dtype=np.float32), 2.0))
    near = np.abs(effects.blurred(picture, sigma) - effects.defocused(picture, sigma))
    assert near.max() < 0.15 * (picture.max() - picture.min())
    assert near.mean() < 0.02 * (picture.max() - picture.min())


def test_grain_is_normal_and_its_rows_have_nothing_in_common():
    noise = grain(np.random.default_rng(3), 400, 300)
    assert noise.mean() == pytest.approx(0.0, abs=0.01)
    assert noise.std() == pytest.approx(1.0, abs=0.01)
    assert (np.abs(noise) > 2.0).mean() == pytest.approx(0.0455, abs=0.003)
    alike = np.corrcoef(noise) - np.eye(400)
    assert np.abs(alike).max() < 0.35
    np.testing.assert_array_equal(noise, grain(np.random.default_rng(3), 400, 300))
    assert not np.array_equal(noise, grain(np.random.default_rng(4), 400, 300))


def test_the_vignette_darkens_the_corners_alone():
    seen = effects.vignetted(GREY, 0.4)
    assert seen[0, 0] == pytest.approx(0.5 * 0.6)
    assert seen[50, 60] == pytest.approx(0.5, abs=1e-3)


def test_glare_is_an_ellipse_along_its_angle():
    lit = effects.glare(0 * GREY, 60.0, 50.0, 20.0, 5.0, np.pi / 4, 0.0, 1.0)
    assert lit[50, 60] == pytest.approx(1.0)
    # Counter-clockwise as seen on the screen: up and to the right.
    assert lit[40, 70] > 0.5 > lit[60, 70]
    masked = effects.glare(GREY, 60.0, 50.0, 20.0, 5.0, 0.0, 1.0, 0.0, np.zeros((100, 120), bool))
    np.testing.assert_array_equal(masked, GREY)


def test_bloom_spills_only_what_is_too_bright():
    np.testing.assert_array_equal(effects.bloom(GREY, 0.9, 8.0, 0.5), GREY)
    spilt = effects.bloom(20 * spot(60, 50), 0.9, 8.0, 0.5)
    assert spilt[50, 70] > 0.0 and spilt[50, 70] > spilt[50, 90]


def test_the_knee_keeps_what_is_below_and_orders_what_is_above():
    ramp = np.linspace(0.0, 1.5, 301, dtype=np.float32)[None]
    bent = effects.compressed(ramp, 0.7)
    below = ramp <= 0.7
    np.testing.assert_allclose(bent[below], ramp[below], atol=1e-6)
    assert (np.diff(bent[0]) > 0).all() and 0.95 < bent.max() < 1.0


def test_noise_grows_with_light_as_stated():
    rng = np.random.default_rng(1)
    bright = np.full((400, 400), 0.64, dtype=np.float32)
    image = effects.sensed(bright, rng, 2.0, 5.0)
    assert image.dtype == np.uint8
    assert image.mean() == pytest.approx(0.64 * 255, abs=0.1)
    assert image.std() == pytest.approx(2.0 + 5.0 * 0.8, rel=0.02)


def test_the_sensor_saturates():
    rng = np.random.default_rng(1)
    assert effects.sensed(9 * GREY, rng, 0.0, 0.0).min() == 255
    assert effects.sensed(-GREY, rng, 0.0, 0.0).max() == 0
