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

import numpy as np
import pytest

from mtperception.geometry.camera import look_at
from mtperception.sim.pose.live import LiveTray, tray_view
from mtperception.sim.shapes.parts import hammer

TIMES = (0.2, 1.0, 2.5, 5.0, 9.0, 13.0, 17.0, 21.0, 25.0)


@pytest.fixture(scope='module')
def tray():
    live = LiveTray(0)
    yield live
    live.close()


@pytest.fixture(scope='module')
def played(tray):
    return [tray.step(t) for t in TIMES]


def test_the_tray_is_empty_for_a_moment_and_then_has_one_tool(played):
    assert [len(sample.objects) for sample in played] == [0] + [1] * (len(TIMES) - 1)
    poses = {sample.objects[0].translation.tobytes() for sample in played[1:]}
    assert len(poses) == len(TIMES) - 2  # the second and the third are of one turn


def test_tools_lie_or_are_held_and_are_seen(played):
    lowest, visible = [], []
    for sample in played[1:]:
        tool, = sample.objects
        points = hammer().mesh.vertices @ tool.rotation.T + tool.translation
        world = points @ sample.view.rotation.T + sample.view.position
        lowest.append(world[:, 2].min())
        visible.append(tool.visible)
        x0, y0, x1, y1 = tool.box
        assert 0.0 < x0 < x1 < 511.0 and 0.0 < y0 < y1 < 511.0
    lying = np.abs(lowest) < 1e-6
    assert lying.any() and not lying.all()
    assert (np.array(lowest)[~lying] > 0.03).all()
    assert min(visible) >= 0.35 and all(np.array(visible)[lying] == 1.0)


def test_depth_lies_on_the_tool(played):
    for sample in played[1:]:
        tool, = sample.objects
        points = hammer().mesh.triangles_center @ tool.rotation.T + tool.translation
        column, row = np.round(sample.camera.project(points)).astype(int).T
        seen = tool.visible_mask[row, column]
        behind = points[:, 2] - sample.depth[row, column]
        # Nothing is seen behind the surface, but at edges; a part of that is seen itself.
        assert (behind[seen] > -0.004).mean() > 0.95
        assert (np.abs(behind[seen]) < 0.004).mean() > 0.25


def test_a_time_shows_the_same_whatever_was_before(tray, played):
    for index in (5, 1, 0):
        again = tray.step(TIMES[index])
        assert np.array_equal(again.image, played[index].image)
        assert np.array_equal(again.depth, played[index].depth)


def test_another_seed_is_another_cell_under_the_same_camera(played):
    other = LiveTray(1)
    sample = other.step(TIMES[1])
    other.close()
    other.close()
    assert not np.array_equal(sample.image, played[1].image)
    assert np.array_equal(sample.view.position, tray_view().position)
    again = look_at(sample.camera, sample.view.position, np.zeros(3), 0.0)
    assert np.allclose(again.rotation, sample.view.rotation)
