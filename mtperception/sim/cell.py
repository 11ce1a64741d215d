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

"""The cameras of the simulated cell, whoever renders it: where they stand, and their topics."""

from dataclasses import dataclass, replace

import numpy as np

from mtperception.geometry.camera import PosedCamera
from mtperception.sim.bench.live import draw_bench_view
from mtperception.sim.grasp import scene as grasp_scene
from mtperception.sim.pin import scene as pin_scene
from mtperception.sim.pin.fixture import draw_view
from mtperception.sim.pose.live import tray_view

# Each camera has a station of its own, so far apart along x that it sees no other: metres.
PIN_STATION, BENCH_STATION, TOOL_STATION = -1.2, 0.0, 1.2


@dataclass(frozen=True)
class CellCamera:
    """
    A camera of the cell: in colour and with depth, or grey without.

    `view` is where it stands in the cell, whose bench is at z = 0; `rate` is pictures a second.
    """

    name: str
    view: PosedCamera
    rate: float
    depth: bool

    @property
    def frame_id(self) -> str:
        """The name of its optical frame."""
        return f'{self.name}_optical_frame'

    @property
    def image_topic(self) -> str:
        """Where its pictures are published."""
        return f'{self.name}/image_raw'

    @property
    def info_topic(self) -> str:
        """Where its intrinsics are published."""
        return f'{self.name}/camera_info'

    @property
    def depth_topic(self) -> str:
        """Where its depth pictures are published, metres as 32-bit floats."""
        return f'{self.name}/depth/image_raw'

    @property
    def labels_topic(self) -> str:
        """Where Gazebo's segmentation is published: label and number of the instance."""
        return f'{self.name}/labels'

    @property
    def boxes_topic(self) -> str:
        """Where Gazebo's boxes around labelled bodies are published."""
        return f'{self.name}/boxes'


def pin_camera(seed: int) -> CellCamera:
    """Return the camera over the pin fixture."""
    view = draw_view(np.random.default_rng([seed, 0]), pin_scene.WIDTH, pin_scene.HEIGHT)
    return CellCamera('pin_camera', _at(PIN_STATION, view), 15.0, depth=False)


def bench_camera(seed: int) -> CellCamera:
    """Return the camera over the bench with parts."""
    view = draw_bench_view(
        np.random.default_rng([seed, 0]), grasp_scene.WIDTH, grasp_scene.HEIGHT)
    return CellCamera('bench_camera', _at(BENCH_STATION, view), 10.0, depth=True)


def tool_camera() -> CellCamera:
    """Return the camera over the tool tray."""
    return CellCamera('tool_camera', _at(TOOL_STATION, tray_view()), 10.0, depth=True)


def cell_cameras(seed: int) -> tuple[CellCamera, ...]:
    """Return the cell's three cameras; the same seed gives the same cell."""
    return pin_camera(seed), bench_camera(seed), tool_camera()


def _at(station: float, view: PosedCamera) -> PosedCamera:
    return replace(view, position=view.position + np.array((station, 0.0, 0.0)))
