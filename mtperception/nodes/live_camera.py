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

"""A camera of the simulated cell, on topics."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
import traceback
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from mtperception.nodes.cell_clock import CellClock
from mtperception.nodes.conversions import camera_info_message, image_message
from mtperception.sim.cell import CellCamera
from mtperception.sim.looks.depth_noise import measured

REPEAT = 5.0  # seconds until a failure is told again
Truth = Callable[[Any, Header], Any]


class Scene(Protocol):
    """What a live camera looks at: LiveFixture, LiveBench or LiveTray."""

    def step(self, t: float) -> Any:
        """Take a picture at a time in seconds."""

    def close(self) -> None:
        """Free the renderer."""


class LiveCamera:
    """
    Publish a camera's pictures, intrinsics and, where it has one, depth, and what is true there.

    `truth` makes a message of a sample under the picture's header. Nothing is rendered while
    nobody subscribes. The scene is made with the first picture, and used by one thread, which
    publishes, too: what the node does meanwhile does not wait. A picture that is not ready when
    the next one is due takes that one's place.
    """

    def __init__(
        self, node: Node, camera: CellCamera, rate: float, clock: CellClock,
        make: Callable[[], Scene], truth_type: type, truth_topic: str, truth: Truth,
    ) -> None:
        self._node, self._camera, self._clock = node, camera, clock
        self._make, self._true = make, truth
        self._scene: Scene | None = None
        self._work: Future[None] | None = None
        self._closed = False
        self._thread = ThreadPoolExecutor(1, camera.name)
        qos = QoSProfile(depth=5)
        self._image = node.create_publisher(Image, camera.image_topic, qos)
        self._info = node.create_publisher(CameraInfo, camera.info_topic, qos)
        self._truth: Any = node.create_publisher(truth_type, truth_topic, qos)
        self._publishers = [self._image, self._info, self._truth]
        if camera.depth:
            self._depth = node.create_publisher(Image, camera.depth_topic, qos)
            self._publishers.append(self._depth)
        self._timer = node.create_timer(1.0 / rate, self._tick, clock=clock.timers)

    @property
    def watched(self) -> bool:
        """Tell whether somebody subscribes."""
        return any(publisher.get_subscription_count() for publisher in self._publishers)

    def prepare(self) -> None:
        """Make the scene now; raise what is in the way."""
        self._thread.submit(self._prepared).result()

    def order(self, work: Callable[[Any], object]) -> None:
        """Have something done to the scene, before the next picture; does not wait for it."""
        self._thread.submit(self._guarded, lambda: work(self._prepared()))

    def close(self, timeout: float = 0.5) -> None:
        """End, and wait so many seconds for the picture in work; harmless when done twice."""
        if self._closed:
            return
        self._closed = True
        if self._work is not None:
            wait([self._work], timeout)
        self._thread.submit(self._discard)
        self._thread.shutdown(wait=False)

    def _discard(self) -> None:
        if self._scene is not None:
            self._scene.close()

    def _prepared(self) -> Scene:
        if self._scene is None:
            self._scene = self._make()
        return self._scene

    def _tick(self) -> None:
        if self._closed or not self.watched or not (self._work is None or self._work.done()):
            return
        self._work = self._thread.submit(self._guarded, self._publish)

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:
            # At the end publishers have gone, by a signal before anybody closes this.
            if not self._closed and self._node.context.ok():
                self._node.get_logger().error(
                    f'{self._camera.name} failed: {traceback.format_exc()}',
                    throttle_duration_sec=REPEAT)

    def _publish(self) -> None:
        scene = self._prepared()
        seconds, stamp = self._clock.now()
        sample = scene.step(seconds)
        header = Header(stamp=stamp, frame_id=self._camera.frame_id)
        if self._closed:
            return
        self._truth.publish(self._true(sample, header))
        self._info.publish(camera_info_message(self._camera.view.camera, header))
        if self._camera.depth and self._depth.get_subscription_count():
            self._depth.publish(image_message(_depth(sample.depth, seconds), '32FC1', header))
        encoding = 'mono8' if sample.image.ndim == 2 else 'rgb8'
        self._image.publish(image_message(sample.image, encoding, header))


def _depth(exact: NDArray[np.float32], seconds: float) -> NDArray[np.float32]:
    """Measure depth as a camera does at a time: metres, NaN where nothing was measured."""
    found = measured(np.random.default_rng([int(1e6 * seconds)]), exact)
    return np.where(found > 0.0, found, np.float32(np.nan))
