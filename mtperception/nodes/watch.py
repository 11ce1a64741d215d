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

"""Accuracy and health of a running cell, from its topics alone."""

from collections import deque
from collections.abc import Callable, Iterator
import contextlib
import time
from typing import Any, NamedTuple

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CameraInfo
from vision_msgs.msg import Detection2DArray, Detection3DArray

from mtperception.geometry.pose_errors import Pose
from mtperception.nodes.conversions import pins_from_message, seconds
from mtperception.nodes.pose_messages import poses_from_message
from mtperception.nodes.pose_score import PoseScore
from mtperception.pin.data.dataset import LabelledPin
from mtperception.pin.detection import PinDetection
from mtperception.pin.evaluation import FrameScore

RATE_WINDOW = 5.0  # seconds
REMEMBERED = 60    # frames whose truth and detections wait for each other
OTHER_TOPICS = {
    'bench_camera/camera_info': CameraInfo, 'ground_truth/grasps': Detection2DArray,
    'tool_camera/camera_info': CameraInfo, 'ground_truth/objects': Detection3DArray}


class Rate:
    """Messages a second, over the last five seconds."""

    def __init__(self) -> None:
        self.heard = False
        self._arrivals: deque[float] = deque()
        self._start = time.monotonic()

    def tick(self) -> None:
        self.heard = True
        self._arrivals.append(time.monotonic())

    def value(self) -> float:
        now = time.monotonic()
        while self._arrivals and self._arrivals[0] < now - RATE_WINDOW:
            self._arrivals.popleft()
        return len(self._arrivals) / max(min(RATE_WINDOW, now - self._start), 1e-3)


class Results:
    """How often a detector's results come, and how long after their pictures."""

    def __init__(self) -> None:
        self.rate = Rate()
        self._latencies: deque[float] = deque(maxlen=600)

    def come(self, stamp: float, now: float) -> None:
        """Count one for a picture of a stamp, that has come now; both in seconds."""
        self.rate.tick()
        self._latencies.append(1e3 * (now - stamp))

    def figures(self) -> dict[str, Any]:
        """Give the rate (Hz) and, once something has come, the latency (ms)."""
        figures: dict[str, Any] = {'rate': self.rate.value()}
        if self._latencies:
            p50, p95 = np.percentile(list(self._latencies), [50, 95])
            figures['latency_ms'] = {'p50': float(p50), 'p95': float(p95)}
        return figures


def labelled(pin: PinDetection) -> LabelledPin:
    """Read a pin of `ground_truth/pins`, whose score is the visible share, as a label."""
    radius = pin.diameter / 2
    box = (pin.x - radius, pin.y - radius, pin.x + radius, pin.y + radius)
    return LabelledPin(pin.x, pin.y, pin.diameter, box, visible=pin.score)


class Sighting(NamedTuple):
    """A pin of one frame: what was found, and what is there; None where one side is missing."""

    found: PinDetection | None
    truth: LabelledPin | None


class WatchNode(Node):
    """
    Compare `pin_detector/detections` with `ground_truth/pins`, frame by frame.

    Of `grasp_detector/grasps`, `grasps` has rate and latency. `pose_estimator/detections` are
    compared with `ground_truth/objects` from the first on.
    With `all_cameras` the rates of the bench's and the tool's camera are taken, too, in `rates`;
    a simulator renders these only while somebody subscribes.
    """

    def __init__(self, all_cameras: bool = False, **options: Any) -> None:
        super().__init__('cell_watch', **options)
        self.camera_rate = Rate()
        self.truth_rate = Rate()
        self.detections = Results()
        self.grasps = Results()
        self.poses = Results()
        self.score = FrameScore()
        self.pose_score = PoseScore()
        self.newest: list[Sighting] | None = None
        self.topics: dict[str, str] = {}
        self._truth: dict[float, list[PinDetection]] = {}
        self._found: dict[float, list[PinDetection]] = {}
        self._true_poses: dict[float, list[Pose]] = {}
        self._found_poses: dict[float, list[Pose]] = {}
        self._true_objects: Any = None
        self._health: dict[str, dict[str, str]] = {}
        self._size = (0, 0)
        for name, message, callback in (
            ('pin_camera/camera_info', CameraInfo, self._on_camera_info),
            ('ground_truth/pins', Detection2DArray, self._on_truth),
            ('pin_detector/detections', Detection2DArray, self._on_detections),
            ('grasp_detector/grasps', Detection2DArray, self._on_grasps),
            ('pose_estimator/detections', Detection3DArray, self._on_poses),
            ('/diagnostics', DiagnosticArray, self._on_diagnostics),
        ):
            subscription = self.create_subscription(message, name, callback, 10)
            self.topics[name] = subscription.topic_name
        self.rates: dict[str, Rate] = {}
        if all_cameras:
            for name, message in OTHER_TOPICS.items():
                rate = Rate()
                subscription = self.create_subscription(
                    message, name, lambda _, rate=rate: rate.tick(), 10)
                self.rates[name], self.topics[name] = rate, subscription.topic_name

    @property
    def silent(self) -> bool:
        """Whether nothing at all has been heard of a cell."""
        return not any(rate.heard for rate in (
            self.camera_rate, self.truth_rate, self.detections.rate, self.grasps.rate,
            self.poses.rate))

    def figures(self) -> dict[str, Any]:
        """Give what `mtperception watch --json` prints of the pin detector."""
        return {
            **self.detections.figures(), **self._dropped('pin_detector/detections'),
            'frames': self.score.frames, **self.score.figures()}

    def grasp_figures(self) -> dict[str, Any]:
        """Give what it prints of the grasp detector."""
        return {**self.grasps.figures(), **self._dropped('grasp_detector/grasps')}

    def pose_figures(self) -> dict[str, Any]:
        """Give what it prints of the pose estimator."""
        return {**self.poses.figures(), **self._dropped('pose_estimator/detections'),
                **self.pose_score.figures()}

    def _dropped(self, topic: str) -> dict[str, int]:
        """Give the frames that a topic's node has dropped, as far as it has told."""
        health = self._health.get(self.topics[topic].rpartition('/')[0], {})
        return {'dropped': int(health['dropped'])} if 'dropped' in health else {}

    def _now(self) -> float:
        return float(self.get_clock().now().nanoseconds * 1e-9)

    def _on_camera_info(self, message: CameraInfo) -> None:
        self.camera_rate.tick()
        self._size = (message.width, message.height)

    def _on_truth(self, message: Detection2DArray) -> None:
        self.truth_rate.tick()
        self._remember(self._truth, message)

    def _on_detections(self, message: Detection2DArray) -> None:
        self.detections.come(seconds(message.header.stamp), self._now())
        if not self._truth:
            self.newest = [Sighting(pin, None) for pin in pins_from_message(message)]
        self._remember(self._found, message)

    def _on_grasps(self, message: Detection2DArray) -> None:
        self.grasps.come(seconds(message.header.stamp), self._now())

    def _on_poses(self, message: Detection3DArray) -> None:
        self.poses.come(seconds(message.header.stamp), self._now())
        if self._true_objects is None:
            # Not before: a simulator renders that camera for whoever listens to its truth.
            self._true_objects = self.create_subscription(
                Detection3DArray, 'ground_truth/objects', self._on_true_objects, 10)
        self._compare(self._found_poses, message)

    def _on_true_objects(self, message: Detection3DArray) -> None:
        self._compare(self._true_poses, message)

    def _compare(self, frames: dict[float, list[Pose]], message: Detection3DArray) -> None:
        """Keep a frame's poses, and score the frame once both sides of it are known."""
        stamp = seconds(message.header.stamp)
        frames[stamp] = poses_from_message(message)
        if stamp in self._found_poses and stamp in self._true_poses:
            self.pose_score.add(self._found_poses.pop(stamp), self._true_poses.pop(stamp))
        while len(frames) > REMEMBERED:
            frames.pop(next(iter(frames)))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self._health[status.name] = {item.key: item.value for item in status.values}

    def _remember(
        self, frames: dict[float, list[PinDetection]], message: Detection2DArray
    ) -> None:
        """Keep a frame's pins, and score the frame once both sides of it are known."""
        stamp = seconds(message.header.stamp)
        frames[stamp] = pins_from_message(message)
        if stamp in self._truth and stamp in self._found:
            found, truth = self._found.pop(stamp), [*map(labelled, self._truth.pop(stamp))]
            matching = self.score.add(found, truth, *self._size)
            self.newest = [
                *(Sighting(found[one], truth[other]) for one, other in matching.hits),
                *(Sighting(found[one], None) for one in matching.false),
                *(Sighting(None, truth[one]) for one in matching.missed),
            ]
        while len(frames) > REMEMBERED:
            frames.pop(next(iter(frames)))


@contextlib.contextmanager
def watching(
    namespace: str, all_cameras: bool = False
) -> Iterator[tuple[WatchNode, Callable[[float], None]]]:
    """
    Give a watching node and a function that lets it listen for so many seconds.

    Signals are left to the caller.
    """
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = WatchNode(all_cameras, namespace=namespace)

    def listen(seconds: float) -> None:
        end = time.monotonic() + seconds
        with contextlib.suppress(ExternalShutdownException):
            while (left := end - time.monotonic()) > 0:
                rclpy.spin_once(node, timeout_sec=left)

    try:
        yield node, listen
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
