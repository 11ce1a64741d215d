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

"""The live bench: parts fall onto a belt, ride through the picture with the truth, and leave."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import trimesh

from mtperception.sim.bench.live import _rails, BODIES, LiveBench, SPEED
from mtperception.sim.grasp.grasps import plan_grasps, PosedMesh


@pytest.fixture
def bench():
    """Give a live bench."""
    opened = LiveBench(4, 200, 200)
    yield opened
    opened.close()


def play(bench, start, stop, step=0.1):
    """Return the samples of so many seconds."""
    return [bench.step(float(t)) for t in np.arange(start, stop, step)]


def world(sample, part):
    """Return where a part is in the world."""
    return sample.view.rotation @ part.translation + sample.view.position


def test_the_same_seed_plays_the_same_cell(bench):
    other = LiveBench(4, 200, 200)
    try:
        for one, two in zip(play(bench, 0.0, 4.0, 0.4), play(other, 0.0, 4.0, 0.4), strict=True):
            np.testing.assert_array_equal(one.image, two.image)
            np.testing.assert_array_equal(one.depth, two.depth)
            assert one.grasps == two.grasps
    finally:
        other.close()


def test_parts_fall_ride_and_leave(bench):
    samples = play(bench, 0.0, 14.0, 0.5)
    counts = [len(sample.objects) for sample in samples]
    assert counts[0] <= 1
    assert max(counts) >= 3
    # Taken away at the end: what was there in the beginning is not for ever.
    assert max(counts) < BODIES
    assert len(samples[-1].grasps) > 0
    for sample in samples:
        for part in sample.objects:
            x, y, z = world(sample, part)
            assert -0.35 < x < 0.28
            assert abs(y) < 0.16
            assert z > -0.01


def test_parts_ride_at_the_belts_speed_and_grasps_with_them(bench):
    bench.reset()
    bench.drop('star')
    play(bench, 0.0, 2.4, 0.4)
    before, after = bench.step(2.5), bench.step(2.7)
    (one, *_), (two, *_) = before.objects, after.objects
    assert one.part == two.part
    np.testing.assert_allclose(
        world(after, two) - world(before, one), (0.2 * SPEED, 0, 0), atol=4e-4)
    assert len(one.grasps) == len(two.grasps) > 0
    for first, second in zip(one.grasps, two.grasps, strict=True):
        moved = after.view.rotation @ (
            np.array(second.pose.position) - np.array(first.pose.position))
        np.testing.assert_allclose(moved, (0.2 * SPEED, 0, 0), atol=1e-6)


def test_the_truth_is_what_is_seen(bench):
    sample = play(bench, 0.0, 5.0, 0.5)[-1]
    assert sample.image.shape == (200, 200, 3)
    assert sample.objects
    for part in sample.objects:
        rows, columns = np.nonzero(part.visible_mask)
        camera = sample.view.camera
        pixels = np.column_stack((columns, rows))
        points = camera.rays(pixels) * sample.depth[rows, columns, None]
        inside = (points - part.translation) @ part.rotation
        assert np.abs(inside).max() < 0.07
        x0, y0, x1, y1 = part.box
        assert columns.min() > x0 - 0.02
        assert columns.max() < x1 + 0.02
        assert rows.min() > y0 - 0.02
        assert rows.max() < y1 + 0.02


def test_no_finger_goes_between_a_part_and_a_rail():
    # A bar along the belt, touching the rail, no higher than that.
    bar = PosedMesh(
        trimesh.creation.box((0.07, 0.03, 0.02)), np.eye(3), np.array((0.3, 0.135, 0.01)))
    across = [
        [abs(np.sin(grasp.closing)) > 0.5 for grasp in plan_grasps(scene, [0])[0]]
        for scene in ([bar], [bar, *_rails([0.3])])]
    assert any(across[0])
    assert across[1]
    assert not any(across[1])


def test_parts_fall_on_request(bench):
    bench.reset()
    bench.drop('cylinder', 3)
    samples = play(bench, 0.0, 2.0)
    names = [part.part for part in samples[-1].objects]
    assert names[:3] == ['cylinder'] * 3


@pytest.mark.parametrize(('name', 'count', 'words'), [
    ('spanner', 1, "no part 'spanner'"), ('l', 0, '0 parts'), ('l', 1000, '1000 parts')])
def test_what_cannot_fall_is_said(bench, name, count, words):
    with pytest.raises(ValueError, match=words):
        bench.drop(name, count)


def test_a_reset_empties_the_belt(bench):
    assert play(bench, 0.0, 5.0, 0.5)[-1].objects
    bench.reset()
    assert len(bench.step(5.0).objects) <= 1


@pytest.mark.parametrize('jump', [-3.0, 1000.0])
def test_time_may_jump(bench, jump):
    play(bench, 5.0, 9.0, 0.5)
    later = 9.0 + jump
    assert len(bench.step(later).objects) <= 1
    assert play(bench, later + 0.5, later + 5.0, 0.5)[-1].objects


def test_any_thread_may_ask(bench):
    with ThreadPoolExecutor(4) as threads:
        steps = [threads.submit(bench.step, 1.0) for _ in range(4)]
        drops = [threads.submit(bench.drop, 'l') for _ in range(4)]
        for future in steps + drops:
            future.result()


def test_closing_twice_is_harmless():
    bench = LiveBench(1, 64, 64)
    bench.close()
    bench.close()
