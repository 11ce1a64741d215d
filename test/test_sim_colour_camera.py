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

"""The colour camera: each effect does what it says and nothing else."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.distortion import distort_pixels, Distortion
from mtperception.sim.looks import camera_effects as effects, colour_camera as colour
from mtperception.sim.looks.colour_camera import (
    ColourCamera,
    draw_colour_camera,
    photograph_colour,
)

HEIGHT, WIDTH = 200, 240
GEOMETRY = PinholeCamera(WIDTH, HEIGHT, 220.0, 220.0, 119.5, 99.5)
FLAWLESS = ColourCamera(
    level=0.5, contrast=1.0, gains=(1.0, 1.0, 1.0), saturation=1.0, vignette=0.0, bloom=0.0,
    blur=0.0, shake=0.0, shake_angle=0.0, read_noise=0.0, shot_noise=0.0, mosaic=False,
    lens=None, quality=None)
BARREL = Distortion(-0.3, 0.08, 0.001, -0.002)


def scene(seed=0, low=0.1, high=0.9):
    """Return smooth patches of random colours."""
    coarse = np.random.default_rng(seed).uniform(low, high, (12, 14, 3)).astype(np.float32)
    return cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)


def spots():
    """Return a picture with round spots, and their centres (x, y)."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    centres = np.array([(x, y) for x in (25.3, 90.0, 160.7, 214.2) for y in (22.1, 99.6, 176.8)])
    light = sum(np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 18.0) for x, y in centres)
    return np.repeat((220 * light + 10).astype(np.uint8)[..., None], 3, axis=2), centres


def centroids(image, near):
    found = []
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    for x, y in near:
        light = (image[..., 1].astype(float) - 10).clip(0) * (
            (columns - x) ** 2 + (rows - y) ** 2 < 144)
        found.append(((light * columns).sum(), (light * rows).sum()) / light.sum())
    return np.array(found)


def test_a_flawless_camera_changes_only_the_exposure():
    light = scene(low=0.3, high=0.5)
    image = photograph_colour(np.random.default_rng(0), light, FLAWLESS, GEOMETRY)
    assert image.shape == (HEIGHT, WIDTH, 3) and image.dtype == np.uint8
    gain = image.astype(float) / light / 255.0
    assert gain.std() / gain.mean() < 0.01


def test_the_same_numbers_make_the_same_picture():
    light, before = scene(), scene()
    for seed in range(12):
        camera = draw_colour_camera(np.random.default_rng(seed))
        assert camera == draw_colour_camera(np.random.default_rng(seed))
        one, other = (
            photograph_colour(np.random.default_rng(seed), light, camera, GEOMETRY)
            for _ in range(2))
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(light, before)


@pytest.mark.parametrize('brightness', [0.1, 0.3, 1.0])
def test_exposure_stays_within_range(brightness):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        camera = replace(draw_colour_camera(rng), vignette=0.0, lens=None)
        light = brightness * scene(seed, 0.0, rng.uniform(0.3, 1.0))
        image = photograph_colour(rng, light, camera, GEOMETRY)
        assert 20 < image.mean() < 200
        assert (image.min(axis=2) >= 254).mean() < 0.02


def test_the_level_is_met_where_it_can_be():
    light = scene(low=0.2, high=0.4)
    for level in (0.3, 0.5):
        image = photograph_colour(
            np.random.default_rng(0), light, replace(FLAWLESS, level=level), GEOMETRY)
        middle = np.sort(image.reshape(-1, 3) @ (0.299, 0.587, 0.114))
        quarter = len(middle) // 4
        assert middle[quarter:-quarter].mean() / 255 == pytest.approx(level, abs=0.02)


def test_white_balance_scales_channels():
    light = scene(low=0.3, high=0.5)
    even = photograph_colour(np.random.default_rng(0), light, FLAWLESS, GEOMETRY).astype(float)
    cast = photograph_colour(
        np.random.default_rng(0), light, replace(FLAWLESS, gains=(1.3, 1.0, 0.7)), GEOMETRY)
    ratio = (cast / even).mean(axis=(0, 1))
    assert ratio / ratio[1] == pytest.approx((1.3, 1.0, 0.7), abs=0.02)


def test_saturation():
    light = scene()
    np.testing.assert_allclose(colour.saturated(light, 1.0), light, atol=1e-6)
    grey = colour.saturated(light, 0.0)
    assert np.ptp(grey, axis=2).max() < 1e-6
    for amount in (0.0, 0.6):
        luma = colour.saturated(light, amount) @ np.float32((0.299, 0.587, 0.114))
        np.testing.assert_allclose(luma, light @ np.float32((0.299, 0.587, 0.114)), atol=1e-5)


@pytest.mark.parametrize('angle', [0.0, 0.6, np.pi / 2, 2.5])
def test_shaking_keeps_light_and_place_and_spreads_along_its_angle(angle):
    light = np.zeros((HEIGHT, WIDTH, 3), dtype=np.float32)
    light[100, 120] = (1.0, 0.5, 0.25)
    moved = colour.shaken(light, 8.0, angle)
    assert moved.sum(axis=(0, 1)) == pytest.approx((1.0, 0.5, 0.25), abs=1e-5)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    x, y = columns - 120, 100 - rows
    spot = moved[..., 0]
    assert ((spot * x).sum(), (spot * y).sum()) == pytest.approx((0.0, 0.0), abs=1e-3)
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    # The standard deviation of a uniform stretch; interpolation widens it a little.
    assert np.sqrt((spot * along**2).sum()) == pytest.approx(8.0 / np.sqrt(12.0), rel=0.1)
    assert (spot * across**2).sum() < 0.5


def test_grey_effects_treat_every_channel_alike():
    light = scene()
    for change in (
            lambda p: effects.vignetted(p, 0.4), lambda p: effects.defocused(p, 1.3),
            lambda p: effects.exposed(p, 1.4, 0.8), lambda p: effects.compressed(p, 0.7),
            lambda p: effects.bloom(p, 0.5, 6.0, 0.3),
            lambda p: effects.glare(p, 60.0, 50.0, 20.0, 8.0, 0.4, 0.7, 0.2)):
        whole = change(light)
        for channel in range(3):
            np.testing.assert_allclose(
                whole[..., channel], change(np.ascontiguousarray(light[..., channel])), atol=1e-5)


def test_a_mosaic_of_one_colour_is_that_colour():
    plain = np.tile(np.float32((0.8, 0.4, 0.2)), (HEIGHT, WIDTH, 1))
    grey = effects.sensed(colour.mosaicked(plain), np.random.default_rng(0), 0.0, 0.0)
    expected = np.broadcast_to((204, 102, 51), plain.shape)
    np.testing.assert_array_equal(colour.demosaicked(grey), expected)


def test_a_mosaic_does_not_move_the_picture():
    image, centres = spots()
    grey = effects.sensed(
        colour.mosaicked(image.astype(np.float32) / 255), np.random.default_rng(0), 0.0, 0.0)
    error = centroids(colour.demosaicked(grey), centres) - centroids(image, centres)
    assert np.abs(error).max() < 0.05


def test_noise_grows_with_light_and_is_grey_on_average():
    light = np.tile(np.repeat(np.float32((0.1, 0.8)), WIDTH // 2)[:, None], (HEIGHT, 1, 3))
    noisy = effects.sensed(light, np.random.default_rng(1), 1.0, 4.0).astype(float)
    dark, bright = noisy[:, :WIDTH // 2], noisy[:, WIDTH // 2:]
    assert dark.std() == pytest.approx(1.0 + 4.0 * np.sqrt(0.1), rel=0.05)
    assert bright.std() == pytest.approx(1.0 + 4.0 * np.sqrt(0.8), rel=0.05)
    assert bright.mean() == pytest.approx(0.8 * 255, abs=0.1)


def test_compression_is_worse_with_less_quality():
    image = (255 * scene()).astype(np.uint8)
    errors = [
        np.abs(colour.recompressed(image, quality).astype(int) - image).mean()
        for quality in (98, 80, 40)]
    assert 0 < errors[0] < errors[1] < errors[2] < 10


def test_a_distorted_picture_lies_where_the_lens_says():
    image, centres = spots()
    expected = distort_pixels(GEOMETRY, BARREL, centres)
    assert np.linalg.norm(expected - centres, axis=1).max() > 5.0
    found = centroids(colour.distorted(image, GEOMETRY, BARREL), expected)
    # Spots are drawn in towards the middle and a little out of shape.
    assert np.abs(found - expected).max() < 0.15


def test_a_rectified_picture_has_not_moved():
    image, centres = spots()
    rectified = colour.rectified(image, GEOMETRY, BARREL)
    error = centroids(rectified, centres) - centroids(image, centres)
    assert np.abs(error).max() < 0.03
    assert not np.array_equal(rectified, image)
    np.testing.assert_array_equal(colour.rectified(image, GEOMETRY, Distortion()), image)
