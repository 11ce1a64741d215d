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

"""Lamps: their colours, where they shine from, and how sharp their shadows are."""

import contextlib
from dataclasses import replace

import numpy as np
import pytest

from mtperception.geometry.camera import look_at, PinholeCamera
from mtperception.sim.looks.lighting import (
    add_lights,
    black_body,
    draw_lighting,
    Lighting,
    lit_picture,
)
from mtperception.sim.renderer import import_mujoco, Renderer

CAMERA = PinholeCamera(200, 200, 300.0, 300.0, 99.5, 99.5)
VIEW = look_at(CAMERA, (0.0, 0.01, 1.0), (0.0, 0.0, 0.0), 0.0)
UP = np.array((0.0, 0.0, 1.0))
DARK = np.zeros(3)
# A lamp to the left, 45 degrees above the bench.
SPOT = Lighting(
    target=np.zeros(3), lamp=np.array((-1.0, 0.0, 1.0)), radius=0.0, lamp_colour=np.full(3, 0.9),
    fill=UP, fill_colour=DARK, ambient=np.full(3, 0.1), camera_colour=DARK, glint=0.0,
    shadows=True)


@pytest.fixture(scope='module')
def renderer():
    mujoco = import_mujoco()
    spec = mujoco.MjSpec()
    spec.visual.map.znear, spec.visual.map.zfar, spec.stat.extent = 0.05, 10.0, 0.5
    add_lights(mujoco, spec)
    box = mujoco.mjtGeom.mjGEOM_BOX
    # Tiles, because light is worked out at corners.
    for x in np.linspace(-0.45, 0.45, 19):
        for y in np.linspace(-0.45, 0.45, 19):
            spec.worldbody.add_geom(
                type=box, size=[0.025, 0.025, 0.01], pos=[x, y, -0.01], rgba=[1, 1, 1, 1])
    spec.worldbody.add_geom(
        type=box, size=[0.01, 0.1, 0.05], pos=[-0.01, 0.0, 0.05], rgba=[1, 1, 1, 1], group=1)
    with contextlib.closing(Renderer(spec.compile(), 200, 200)) as made:
        yield made


def shadow(renderer, lighting):
    """Return the brightness along the middle row, from the post to the right, and metres."""
    light = lit_picture(renderer, VIEW, lighting, 1.0)
    assert light.dtype == np.float32 and light.shape == (200, 200, 3)
    x = (np.arange(200) - 99.5) / 300.0
    return light[95:105].mean(axis=(0, 2)), x


def test_a_shadow_ends_where_geometry_says(renderer):
    light, x = shadow(renderer, SPOT)
    inside, outside = light[(x > 0.02) & (x < 0.08)].mean(), light[(x > 0.13) & (x < 0.2)].mean()
    assert inside == pytest.approx(0.1, abs=0.02) and outside > 0.5
    edge = x[(x > 0.02) & (light < (inside + outside) / 2)].max()
    # 10 cm high, the lamp 1 m high and 1 m away from the middle: similar triangles.
    assert edge == pytest.approx(0.1 / 0.9, abs=0.01)


def test_a_wide_lamp_has_a_wider_shadow_edge_and_the_same_light(renderer):
    def width(light, x):
        low, high = 0.15, 0.9 * light[(x > 0.2) & (x < 0.25)].mean()
        between = (light > low) & (light < high) & (x > 0.02) & (x < 0.2)
        return between.sum()

    hard, x = shadow(renderer, SPOT)
    soft, _ = shadow(renderer, replace(SPOT, radius=0.15))
    assert width(soft, x) > width(hard, x) + 4
    far = x > 0.25
    assert soft[far].mean() == pytest.approx(hard[far].mean(), rel=0.05)


def test_without_shadows_there_are_none(renderer):
    light, x = shadow(renderer, replace(SPOT, shadows=False))
    assert light[(x > 0.02) & (x < 0.2)].min() > 0.4


def test_light_adds_up_in_colour(renderer):
    red = replace(SPOT, lamp_colour=np.array((0.6, 0.3, 0.0)))
    light = lit_picture(renderer, VIEW, red, 1.0)[95:105, 180:190].mean(axis=(0, 1))
    assert light[2] == pytest.approx(0.1, abs=0.01)
    assert light[0] - 0.1 == pytest.approx(2 * (light[1] - 0.1), rel=0.03)


def test_black_bodies():
    assert black_body(6500.0) == pytest.approx((1.0, 1.0, 1.0))
    warm, cold = black_body(2700.0), black_body(12000.0)
    assert warm[0] == 1.0 > warm[1] > warm[2] > 0.0
    assert cold[2] == 1.0 > cold[1] > cold[0] > 0.5


def test_lamps_are_above_and_mild():
    for seed in range(200):
        lighting = draw_lighting(np.random.default_rng(seed), np.array((1.0, 2.0, 3.0)), UP)
        away = lighting.lamp - lighting.target
        assert away @ UP / np.linalg.norm(away) > np.cos(1.16)
        assert np.linalg.norm(lighting.fill) == pytest.approx(1.0) and lighting.fill @ UP > 0.1
        lamps = (lighting.lamp_colour, lighting.fill_colour, lighting.ambient,
                 lighting.camera_colour)
        assert all((light >= 0.0).all() for light in lamps)
        # A white surface that faces all of them is hardly more than white.
        assert 0.3 < sum(lamps).max() < 1.3
