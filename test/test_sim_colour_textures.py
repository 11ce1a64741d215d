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

"""Colour textures tile, repeat themselves and differ."""

import numpy as np
import pytest

from mtperception.sim.looks.colour_textures import colour_texture, COLOUR_TEXTURES
from mtperception.sim.looks.noise import smooth

VARIANTS = range(3)


def steps(texture, axis):
    """Return the mean differences between neighbouring lines, and that across the wrap."""
    lines = np.moveaxis(texture.astype(float), axis, 0).reshape(texture.shape[axis], -1)
    return np.abs(np.diff(lines, axis=0)).mean(axis=1), np.abs(lines[0] - lines[-1]).mean()


@pytest.mark.parametrize('name', COLOUR_TEXTURES)
def test_a_texture_has_no_seam(name):
    for variant in VARIANTS:
        texture = colour_texture(name, variant)
        for axis in (0, 1):
            inside, across = steps(texture, axis)
            # Patterns have edges of their own; the seam must not be one that is not among them.
            assert across <= 1.5 * inside.max() + 0.5


@pytest.mark.parametrize('sigma', [(0.7, 0.7), (3.0, 40.0), (120.0, 5.0)])
def test_noise_has_no_seam(sigma):
    field = smooth(np.random.default_rng(1), 256, *sigma)
    assert field.std() == pytest.approx(1.0, abs=1e-3)
    for axis in (0, 1):
        inside, across = steps(field[..., None], axis)
        assert across < 1.3 * inside.max()


def test_a_seam_would_be_found():
    cut = np.linspace(0, 255, 64)[:, None, None] * np.ones((1, 64, 3))
    inside, across = steps(cut, 0)
    assert across > 1.5 * inside.max() + 0.5


@pytest.mark.parametrize('name', COLOUR_TEXTURES)
def test_a_texture_is_always_the_same_and_no_other(name):
    one = colour_texture(name, 0)
    assert one.shape == (512, 512, 3) and one.dtype == np.uint8 and one.flags['C_CONTIGUOUS']
    np.testing.assert_array_equal(one, colour_texture(name, 0))
    assert not np.array_equal(one, colour_texture(name, 1))
    assert one.std(axis=(0, 1)).max() > 0.5
