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

"""Poses beside the true ones, as `mtperception watch` shows them."""

import threading
import time

from builtin_interfaces.msg import Time
import numpy as np
import pytest
from rclpy.executors import SingleThreadedExecutor
from rich.console import Console
from std_msgs.msg import Header
from vision_msgs.msg import Detection3DArray

from mtperception.cli.watch_page import line, page
from mtperception.geometry.pose_errors import Pose
from mtperception.geometry.rotations import about_axis
from mtperception.nodes.pose_messages import poses_to_message
from mtperception.nodes.pose_score import PoseScore
from mtperception.nodes.watch import WatchNode
from mtperception.pose.detection import ObjectPose

pytestmark = pytest.mark.timeout(120)
TRUE = Pose(about_axis((1.0, 0.0, 0.0), 0.4), np.array((0.1, 0.0, 0.9)))


def near(millimetres, degrees):
    return Pose(about_axis((0.0, 1.0, 0.0), np.radians(degrees)) @ TRUE.rotation,
                TRUE.translation + 1e-3 * millimetres * np.array((0.0, 0.0, 1.0)))


def test_errors_are_of_the_nearest_free_object():
    score = PoseScore()
    other = Pose(TRUE.rotation, TRUE.translation + np.array((0.3, 0.0, 0.0)))
    score.add([near(10.0, 5.0), near(20.0, 5.0)], [other, TRUE])
    score.add([], [])
    score.add([near(-30.0, 15.0), other], [TRUE, other])
    figures = score.figures()
    assert (figures['frames'], figures['objects'], figures['false']) == (3, 4, 1)
    assert figures['missed'] == 0.25
    assert figures['translation_error_mm'] == pytest.approx({'p50': 10.0, 'p95': 28.0})
    assert figures['rotation_error_deg'] == pytest.approx({'p50': 5.0, 'p95': 14.0})


def test_without_an_observation_there_are_no_figures():
    score = PoseScore()
    score.add([TRUE], [])
    figures = score.figures()
    assert (figures['frames'], figures['false'], figures['missed']) == (1, 1, None)
    assert figures['rotation_error_deg'] == {'p50': None, 'p95': None}


def test_frames_are_compared_by_their_stamps(ros):
    watch, cell = WatchNode(), ros.create_node('cell')
    executor = SingleThreadedExecutor()
    for node in (watch, cell):
        executor.add_node(node)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    found, truth = (cell.create_publisher(Detection3DArray, topic, 10)
                    for topic in ('pose_estimator/detections', 'ground_truth/objects'))

    def wait(condition):
        end = time.monotonic() + 60.0
        while not condition():
            assert time.monotonic() < end, watch.pose_figures()
            time.sleep(0.005)

    def tell(publisher, stamp, *poses):
        header = Header(stamp=Time(sec=stamp), frame_id='camera')
        publisher.publish(poses_to_message(
            [ObjectPose('hammer', *pose, 0.9, (0.0, 0.0, 1.0, 1.0)) for pose in poses], header,
            str, {'hammer': np.zeros((2, 3))}))

    wait(lambda: found.get_subscription_count() == 1)
    assert truth.get_subscription_count() == 0
    tell(found, 1, near(10.0, 4.0))
    wait(lambda: truth.get_subscription_count() == 1)
    for stamp, pose in ((2, near(10.0, 4.0)), (3, near(14.0, 6.0))):
        tell(found, stamp, pose)
        tell(truth, stamp, TRUE)
    tell(truth, 4, TRUE)
    tell(found, 4)
    wait(lambda: watch.pose_figures()['frames'] == 3)
    figures = watch.pose_figures()
    assert figures['translation_error_mm']['p50'] == pytest.approx(12.0)
    assert figures['missed'] == pytest.approx(1 / 3)
    assert line(watch, 9.0).endswith(', off 12.0 mm, 5.0 deg')
    console = Console(width=120, record=True)
    console.print(page(watch, 9.0))
    shown = console.export_text()
    assert '/pose_estimator/detections' in shown and '12.0 mm' in shown and '33.3 %' in shown
    executor.shutdown()
    thread.join()
    for node in (watch, cell):
        node.destroy_node()
