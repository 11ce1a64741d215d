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

"""Labels of recorded pictures: from Gazebo's boxes, or from the live cell's ground truth."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from vision_msgs.msg import Detection2DArray, Detection3D, Detection3DArray

from mtperception.datasets.grasps import GraspLabel
from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.rotations import matrix
from mtperception.nodes.conversions import pins_from_message, rectangle_from_box
from mtperception.sim.cell import CellCamera
from mtperception.sim.files.data_folder import DataSet
from mtperception.sim.files.recorded_data import (
    CELL,
    GAZEBO,
    RecordedGrasps,
    RecordedPins,
    RecordedPoses,
    SeenGrasp,
    SeenObject,
)
from mtperception.sim.gazebo.boxes import box_from_gazebo, OrientedBox, origin, pin_label, seen
from mtperception.sim.gazebo.stations import label_names, PIN_LABEL
from mtperception.sim.pin.labels import PinLabel
from mtperception.sim.shapes.parts import hammer

_HAMMER = 'hammer'


class Truth(NamedTuple):
    """
    How the labels of a data set come from a topic.

    `camera` is the number of its camera in the cell. `topic` is the topic's name, for that
    camera, `read` turns its messages into labels; ValueError or IndexError where it cannot.
    """

    data_set: DataSet
    camera: int
    message_type: type
    topic: Callable[[CellCamera], str]
    read: Callable[[Any, PinholeCamera], tuple[Any, ...]]


def truth(data_set: str, source: str) -> Truth:
    """Return how labels come from a source; ValueError where it does not tell them."""
    known: dict[tuple[str, str], Truth] = {
        ('pin', GAZEBO): Truth(
            RecordedPins(source=GAZEBO), 0, Detection3DArray, _boxes, _boxed_pins),
        ('pin', CELL): Truth(
            RecordedPins(source=CELL), 0, Detection2DArray, _told('pins'), _told_pins),
        ('grasp', CELL): Truth(
            RecordedGrasps(source=CELL), 1, Detection2DArray, _told('grasps'), _told_grasps),
        ('pose', GAZEBO): Truth(
            RecordedPoses(source=GAZEBO), 2, Detection3DArray, _boxes, _boxed_objects),
        ('pose', CELL): Truth(
            RecordedPoses(source=CELL), 2, Detection3DArray, _told('objects'), _told_objects),
    }
    sources = [teller for labelled, teller in known if labelled == data_set]
    if not sources:
        raise ValueError(f"parameter 'dataset' is {data_set!r}: choose pin, grasp or pose")
    if source not in sources:
        raise ValueError(f"parameter 'source' is {source!r}, which does not tell the labels of a "
                         f'data set for {data_set}: choose {" or ".join(sources)}')
    return known[data_set, source]


def _boxes(camera: CellCamera) -> str:
    return camera.boxes_topic


def _told(name: str) -> Callable[[CellCamera], str]:
    return lambda camera: f'ground_truth/{name}'


def _boxed_pins(message: Detection3DArray, camera: PinholeCamera) -> tuple[PinLabel, ...]:
    pins = [
        pin_label(box, camera) for box in map(_oriented_box, message.detections)
        if box.label == PIN_LABEL]
    return tuple(pin for pin in pins if pin is not None)


def _told_pins(message: Detection2DArray, camera: PinholeCamera) -> tuple[PinLabel, ...]:
    return tuple(
        PinLabel(pin.x, pin.y, pin.diameter, (
            pin.x - pin.diameter / 2, pin.y - pin.diameter / 2,
            pin.x + pin.diameter / 2, pin.y + pin.diameter / 2), pin.score)
        for pin in pins_from_message(message))


def _told_grasps(message: Detection2DArray, camera: PinholeCamera) -> tuple[SeenGrasp, ...]:
    found = []
    for detection in message.detections:
        hypothesis = detection.results[0].hypothesis
        found.append(SeenGrasp(hypothesis.class_id, GraspLabel(
            *rectangle_from_box(detection.bbox), score=hypothesis.score)))
    return tuple(found)


def _boxed_objects(message: Detection3DArray, camera: PinholeCamera) -> tuple[SeenObject, ...]:
    label = PIN_LABEL + label_names(()).index(_HAMMER)
    bounds = np.asarray(hammer().mesh.bounds)
    found = []
    for box in map(_oriented_box, message.detections):
        visible = seen(box, camera)
        if box.label == label and visible > 0.0:
            found.append(SeenObject(_HAMMER, box.rotation, origin(box, bounds), visible))
    return tuple(found)


def _told_objects(message: Detection3DArray, camera: PinholeCamera) -> tuple[SeenObject, ...]:
    found = []
    for detection in message.detections:
        result = detection.results[0]
        place, turn = result.pose.pose.position, result.pose.pose.orientation
        if result.hypothesis.class_id != _HAMMER:
            raise ValueError(f'there is no model of {result.hypothesis.class_id!r}')
        found.append(SeenObject(
            _HAMMER, matrix((turn.x, turn.y, turn.z, turn.w)),
            np.array((place.x, place.y, place.z)), result.hypothesis.score))
    return tuple(found)


def _oriented_box(detection: Detection3D) -> OrientedBox:
    label = int(detection.results[0].hypothesis.class_id)
    centre, size = detection.bbox.center, detection.bbox.size
    position, turn = centre.position, centre.orientation
    return box_from_gazebo(
        label, np.array((position.x, position.y, position.z)),
        np.array((turn.x, turn.y, turn.z, turn.w)), np.array((size.x, size.y, size.z)))
