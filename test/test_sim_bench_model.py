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

"""Things that fall onto a bench come to rest on it, the same way whatever fell before."""

import numpy as np
import pytest

from mtperception.geometry.rotations import random_rotations
from mtperception.sim.bench.model import bench_spec, Bodies, body_name
from mtperception.sim.renderer import import_mujoco
from mtperception.sim.shapes.clutter import clutter
from mtperception.sim.shapes.parts import Part, PARTS

NAMES = ('cylinder', 'l', 'star', 't', 'ring')
COUNT = 5


def opened(parts, count=COUNT, scale=1.0):
    spec = bench_spec(parts, count, scale)
    for index in range(count):
        spec.add_material(name=body_name(index))
    model = spec.compile()
    return Bodies(model, import_mujoco().MjData(model), parts, count)


@pytest.fixture(scope='module')
def bench():
    """Give a bench with five bodies that can be any part or clutter."""
    return opened([*(PARTS[name]() for name in NAMES), *clutter()])


def dropped(bodies, kinds, seed, scale=1.0):
    """Let things fall from a circle; tell whether they came to rest."""
    rng = np.random.default_rng(seed)
    bodies.clear()
    for body, kind in enumerate(kinds):
        bodies.add(body, kind)
    bodies.weighed()
    for body, rotation in enumerate(random_rotations(rng, len(kinds))):
        angle = 2 * np.pi * body / COUNT + rng.uniform(-0.3, 0.3)
        place = scale * np.array((0.1 * np.cos(angle), 0.1 * np.sin(angle), 0.08))
        bodies.place(body, place, rotation)
    return bodies.settle()


def lowest(bodies, part, body):
    rotation, position = bodies.pose(body)
    return (np.asarray(part.mesh.vertices) @ rotation.T + position)[:, 2].min()


def deepest(bodies):
    """Return how far what touches is in one another, in metres."""
    import_mujoco().mj_forward(bodies.model, bodies.data)
    contacts = bodies.data.contact.dist
    return float(-contacts.min()) if len(contacts) else 0.0


def test_every_drop_settles_and_nothing_floats_or_sinks(bench):
    parts = [PARTS[name]() for name in NAMES]
    deep, floating = [], []
    for seed in range(80):
        kinds = range(5) if seed % 2 else np.random.default_rng(seed).integers(0, 5, 5)
        kinds = [int(kind) for kind in kinds]
        assert dropped(bench, kinds, seed), f'drop {seed} did not settle'
        deep.append(deepest(bench))
        before = [bench.pose(body) for body in range(COUNT)]
        heights = [lowest(bench, parts[kind], body) for body, kind in enumerate(kinds)]
        assert min(heights) > -0.001
        # What is not on the bench lies on something: it stays where it is.
        import_mujoco().mj_step(bench.model, bench.data, nstep=100)
        floating += [
            np.linalg.norm(bench.pose(body)[1] - position)
            for body, (_, position) in enumerate(before)]
    assert max(deep) < 0.001
    assert np.median(deep) < 0.0003
    assert max(floating) < 0.004
    assert np.median(floating) < 1e-4


def test_clutter_settles(bench):
    rng = np.random.default_rng(1)
    settled = [
        dropped(bench, [int(kind) for kind in rng.integers(5, 5 + len(clutter()), 5)], seed)
        for seed in range(25)]
    # A marble may roll on.
    assert sum(settled) >= 24


def test_a_fall_does_not_depend_on_what_fell_before(bench):
    fresh = opened([*(PARTS[name]() for name in NAMES), *clutter()])
    kinds = (1, 4, 1)
    assert dropped(bench, (0, 7, 3, 9, 4), 3)
    results = []
    for bodies in (bench, fresh):
        dropped(bodies, kinds, 5)
        results.append([bodies.pose(body) for body in range(3)])
    np.testing.assert_array_equal(
        [position for _, position in results[0]], [position for _, position in results[1]])
    np.testing.assert_array_equal(
        [rotation for rotation, _ in results[0]], [rotation for rotation, _ in results[1]])


def test_a_body_weighs_what_its_part_does(bench):
    bench.clear()
    for body, kind in enumerate((0, 4, 2)):
        bench.add(body, kind)
        part = PARTS[NAMES[kind]]()
        number = bench.model.body(body_name(body)).id
        assert bench.model.body_mass[number] == pytest.approx(2700 * part.mesh.volume, rel=0.04)
        np.testing.assert_allclose(
            bench.model.body_ipos[number], part.mesh.center_mass, atol=2e-4)


@pytest.mark.parametrize('scale', [0.05, 10.0])
def test_small_and_large_parts_fall_alike(scale):
    parts = []
    for name in NAMES:
        part = PARTS[name]()
        mesh = part.mesh.copy()
        mesh.apply_scale(scale)
        parts.append(Part(
            name, mesh, tuple(scale * piece for piece in part.collision), part.finish, None))
    usual, scaled = opened([PARTS[name]() for name in NAMES]), opened(parts, scale=scale)
    for seed in range(4):
        assert dropped(usual, range(5), seed)
        assert dropped(scaled, range(5), seed, scale)
        heights = [lowest(scaled, part, body) / scale for body, part in enumerate(parts)]
        assert min(heights) > -0.001
        assert deepest(scaled) / scale < 0.001


def test_what_is_taken_away_is_in_nobodys_way(bench):
    assert dropped(bench, (2,), 1)
    rests = bench.pose(0)[1]
    assert dropped(bench, (2, 2), 1)
    bench.remove(1)
    assert bench.present == {0}
    assert bench.settle()
    assert bench.pose(1)[1][2] < -1.0
    assert dropped(bench, (2,), 1)
    np.testing.assert_array_equal(bench.pose(0)[1], rests)
