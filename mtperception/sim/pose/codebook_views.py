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

"""
Views of an object from all sides, for a codebook of what it looks like in every pose.

Directions are those of an icosphere, and each is seen turned in the plane of the picture by
equal steps. The object is on the optical axis of a fixed camera, so rotations are allocentric;
each view shows the window around the object's box that `pose_labels.window_around` says, as the
pictures of objects alone do.
"""

import atexit
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PinholeCamera, PosedCamera
from mtperception.geometry.rotations import icosphere, in_plane, in_plane_angles, seen_from
from mtperception.sim.pose.labels import ALONE_SIZE, window_around, windowed
from mtperception.sim.pose.layout import pose_camera
from mtperception.sim.pose.object_alone import model_alone
from mtperception.sim.renderer import Renderer
from mtperception.sim.shapes.part_pieces import part_pieces, Piece
from mtperception.sim.shapes.parts import Part
from mtperception.sim.workers import worker_pool

# From the camera to the object's origin, in lengths of its longest side.
_DISTANCE = 3.0
# Views that are handed out at once, about.
_CHUNK = 256


@dataclass(frozen=True)
class Views:
    """
    Views of an object on the optical axis of the `canonical_camera`.

    For each of N views: `rotations` (N x 3 x 3) to the optical frame, and the size x size pixels
    of its window: `rgb` (uint8), `mask` (bool), `depth` (float32, metres along the optical axis,
    infinite where nothing is). `box` (N x 4: x0, y0, x1, y1) are the bounds of the object in the
    camera's whole picture, in pixels; the window is the square around it.
    """

    rotations: Floats
    rgb: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    depth: NDArray[np.float32]
    box: Floats

    def __len__(self) -> int:
        return len(self.rotations)


def canonical_camera(part: Part) -> tuple[PinholeCamera, float]:
    """Return the camera that views are taken with, and how far away the object's origin is."""
    return pose_camera(512, 512), _DISTANCE * float(np.asarray(part.mesh.extents).max())


def view_rotations(directions: int = 2562, in_plane_steps: int = 36) -> Floats:
    """Return the rotations of all views (directions x steps, 3 x 3), step by step."""
    turns = in_plane(in_plane_angles(in_plane_steps))
    every = turns[None] @ seen_from(icosphere(directions))[:, None]
    return np.asarray(every.reshape(-1, 3, 3))


def views(
    part: Part, directions: int = 2562, in_plane_steps: int = 36, size: int = ALONE_SIZE,
    workers: int | None = None, progress: Callable[[int, int], None] | None = None,
) -> Iterator[Views]:
    """
    Yield all views of a part, in order, some hundred at a time.

    They are rendered by so many processes (one a core by default; 1: in this process) while the
    last ones are worked on. `progress` is told how many views are done, and how many there are.
    """
    rotations = view_rotations(directions, in_plane_steps)
    # A quarter turn of the object is one of the picture, pixel by pixel.
    quarters = 4 if in_plane_steps % 4 == 0 else 1
    together = max(1, _CHUNK // in_plane_steps)
    every = rotations.reshape(directions, in_plane_steps, 3, 3)
    chunks = [every[start:start + together] for start in range(0, directions, together)]
    steps = in_plane_steps // quarters
    rendered = _rendered(
        part, [chunk[:, :steps].reshape(-1, 3, 3) for chunk in chunks], size, workers)
    camera, _ = canonical_camera(part)
    done = 0
    for chunk, drawn in zip(chunks, rendered, strict=True):
        turned = drawn if quarters == 1 else _turned(
            drawn, chunk.reshape(-1, 3, 3), len(chunk), camera)
        done += len(turned)
        if progress is not None:
            progress(done, len(rotations))
        yield turned


def views_at(
    part: Part, rotations: Floats, size: int = ALONE_SIZE, workers: int | None = None,
) -> Iterator[Views]:
    """Yield views of a part at rotations (N x 3 x 3, allocentric), in order, as `views` does."""
    chunks = [rotations[start:start + _CHUNK] for start in range(0, len(rotations), _CHUNK)]
    return _rendered(part, chunks, size, workers)


def _turned(drawn: Views, rotations: Floats, directions: int, camera: PinholeCamera) -> Views:
    """Return a quarter of a circle's views and those turned by one, two and three quarters."""
    def by_quarters(pictures: NDArray[Any]) -> NDArray[Any]:
        first = pictures.reshape(directions, -1, *pictures.shape[1:])
        steps = first.shape[1]
        every = np.empty((directions, 4 * steps, *pictures.shape[1:]), pictures.dtype)
        for quarter in range(4):
            every[:, quarter * steps:(quarter + 1) * steps] = np.rot90(first, quarter, (2, 3))
        return every.reshape(-1, *pictures.shape[1:])

    middle = np.array((camera.cx, camera.cy))
    low, high = drawn.box[:, :2] - middle, drawn.box[:, 2:] - middle
    boxes = []
    for _ in range(4):
        boxes.append(np.concatenate((low + middle, high + middle), axis=1).reshape(
            directions, -1, 4))
        low, high = (
            np.column_stack((low[:, 1], -high[:, 0])), np.column_stack((high[:, 1], -low[:, 0])))
    return Views(
        rotations, by_quarters(drawn.rgb), by_quarters(drawn.mask), by_quarters(drawn.depth),
        np.concatenate(boxes, axis=1).reshape(-1, 4))


def _rendered(
    part: Part, chunks: Sequence[Floats], size: int, workers: int | None,
) -> Iterator[Views]:
    count = min(workers or os.cpu_count() or 1, len(chunks))
    camera, distance = canonical_camera(part)
    corners = np.asarray(part.mesh.convex_hull.vertices)
    arguments = (part_pieces(part), corners, camera, distance, size)
    if count <= 1:
        studio = _Studio(*arguments)
        try:
            for chunk in chunks:
                yield studio.views(chunk)
        finally:
            studio.close()
        return
    executor = worker_pool(count, _open_studio, arguments)
    running: deque[Future[Views]] = deque()
    try:
        for chunk in chunks:
            running.append(executor.submit(_views_in_worker, chunk))
            if len(running) > 2 * count:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        executor.shutdown(cancel_futures=True)


class _Studio:
    """An object in even light that comes from the camera."""

    def __init__(
        self, pieces: Sequence[Piece], corners: Floats, camera: PinholeCamera, distance: float,
        size: int,
    ) -> None:
        self._corners, self._camera = corners, camera
        self._place = np.array((0.0, 0.0, distance))
        self._size = size
        self._renderer = Renderer(model_alone(pieces, distance), size, size)
        for mesh, piece in enumerate(pieces):
            self._renderer.set_mesh(mesh, piece.triangles)

    def close(self) -> None:
        self._renderer.close()

    def views(self, rotations: Floats) -> Views:
        shape = (len(rotations), self._size, self._size)
        rgb = np.empty((*shape, 3), dtype=np.uint8)
        depth = np.empty(shape, dtype=np.float32)
        boxes = np.empty((len(rotations), 4))
        for index, rotation in enumerate(rotations):
            seen = self._camera.project(self._corners @ rotation.T + self._place)
            box = boxes[index] = np.concatenate((seen.min(axis=0), seen.max(axis=0)))
            x0, y0, x1, y1 = box.tolist()
            close = windowed(self._camera, window_around((x0, y0, x1, y1)), self._size)
            # The object stays where it is; the camera goes around it.
            view = PosedCamera(close, rotation.T, -rotation.T @ self._place)
            rgb[index] = self._renderer.colour(view, shadows=False)
            depth[index] = self._renderer.depth(view)
        return Views(np.array(rotations), rgb, np.isfinite(depth), depth, boxes)


_worker_studio: _Studio


def _open_studio(*arguments: Any) -> None:
    global _worker_studio
    _worker_studio = _Studio(*arguments)
    atexit.register(_worker_studio.close)


def _views_in_worker(rotations: Floats) -> Views:
    return _worker_studio.views(rotations)
