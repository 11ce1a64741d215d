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
The recorder against the live cell, and a stand-in for Gazebo.

That one has the renderer's pictures, and Gazebo's conventions.
"""

from dataclasses import replace
import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from mtperception.datasets.bop import read_bop, read_models
from mtperception.geometry.rotations import quaternion, random_rotations
from mtperception.grasp.data.reading import read_grasps
from mtperception.pin.data.reading import read_labels
from mtperception.sim.cell import bench_camera, tool_camera
from mtperception.sim.gazebo.boxes import box_from_gazebo, pin_label
from mtperception.sim.grasp.scene import TRAINING_PARTS
from mtperception.sim.pin.fixture import draw_fixture, draw_view
from mtperception.sim.pin.stage import PinStage
from mtperception.sim.pin.turned_parts import pin_triangles
from mtperception.sim.shapes.parts import hammer

pytestmark = pytest.mark.timeout(600)
TIMEOUT = 240.0
WIDTH, HEIGHT, COUNT = 306, 256, 4
UPRIGHT = np.diag((1.0, -1.0, -1.0))


@pytest.fixture(scope='module')
def shots():
    """Give fixtures without collars, seen by one camera, with their pictures and labels."""
    stage = PinStage(WIDTH, HEIGHT)
    camera = draw_view(np.random.default_rng(5), WIDTH, HEIGHT).camera
    made = []
    try:
        for index in range(COUNT):
            rng = np.random.default_rng([5, index])
            view = replace(draw_view(rng, WIDTH, HEIGHT), camera=camera)
            drawn = draw_fixture(rng, view, (3, 0, 5, 2)[index])
            fixture = replace(drawn, pins=tuple(
                replace(pin, collar_radius=0.0) for pin in drawn.pins))
            stage.put(fixture)
            labels, _ = stage.labels(fixture)
            picture = np.rint(255 * np.clip(stage.picture(fixture.view), 0, 1)).astype(np.uint8)
            made.append((fixture, picture, labels))
    finally:
        stage.close()
    return made


def gazebo_box(pin, view):
    """Return centre, quaternion and size as Gazebo has them: y up and z backwards."""
    body = pin_triangles(replace(pin, seat=np.zeros(3), rotation=np.eye(3))).points.reshape(-1, 3)
    low, high = body.min(axis=0), body.max(axis=0)
    centre = pin.seat + pin.rotation @ ((low + high) / 2)
    return (UPRIGHT @ view.to_optical(centre)[0],
            quaternion(UPRIGHT @ view.rotation.T @ pin.rotation), high - low)


def test_boxes_give_the_renderer_s_own_labels(shots):
    found = 0
    for fixture, _, labels in shots:
        camera = fixture.view.camera
        boxes = [box_from_gazebo(1, *gazebo_box(pin, fixture.view)) for pin in fixture.pins]
        pins = [pin for pin in (pin_label(box, camera) for box in boxes) if pin is not None]
        assert len(pins) == len(labels)
        for pin, label in zip(pins, labels, strict=True):
            assert (pin.x, pin.y) == pytest.approx((label.x, label.y), abs=1e-6)
            assert pin.diameter == pytest.approx(label.diameter, abs=1e-6)
            # The upper edge is broken; the box's is not.
            assert pin.box == pytest.approx(label.box, abs=3.0)
            found += 1
    assert found >= 8


def test_what_is_outside_the_picture_is_no_pin(shots):
    fixture = next(fixture for fixture, _, labels in shots if labels)
    camera = fixture.view.camera
    centre, turn, size = gazebo_box(fixture.pins[0], fixture.view)
    box = box_from_gazebo(1, centre, turn, size)
    assert pin_label(replace(box, centre=box.centre + UPRIGHT[0]), camera) is None
    assert pin_label(replace(box, centre=-box.centre), camera) is None


class Gazebo:
    """Publishes what the bridge would, under stamps of its own."""

    def __init__(self, rclpy, camera='pin_camera', depth=False):
        from sensor_msgs.msg import CameraInfo, Image
        from vision_msgs.msg import Detection3DArray

        self.node = rclpy.create_node('gazebo_bridge')
        topics = [(CameraInfo, 'camera_info'), (Image, 'image_raw'), (Detection3DArray, 'boxes')]
        if depth:
            topics.append((Image, 'depth/image_raw'))
        self.publishers = [
            self.node.create_publisher(kind, f'{camera}/{topic}', 10) for kind, topic in topics]
        self.ticks = 0

    def publish(self, shot, **changes):
        """Publish a picture; `changes` are fields of its image message."""
        fixture, picture, _ = shot
        # Something that is no pin, too.
        self.send(fixture.view.camera, picture, 'mono8', [
            *((1, *gazebo_box(pin, fixture.view)) for pin in fixture.pins),
            (7, np.array((0.0, 0.0, -0.3)), np.array((0.0, 0.0, 0.0, 1.0)), np.ones(3)),
        ], **changes)

    def send(self, camera, picture, pixels, boxes, **changes):
        """Publish a picture with boxes: label, centre, quaternion and size of each."""
        from builtin_interfaces.msg import Time
        from std_msgs.msg import Header
        from vision_msgs.msg import Detection3DArray

        from mtperception.nodes.conversions import camera_info_message, image_message

        self.ticks += 1
        header = Header(stamp=Time(sec=self.ticks), frame_id='optical_frame')
        corner = replace(camera, cx=camera.cx + 0.5, cy=camera.cy + 0.5)
        image = image_message(picture, pixels, header)
        for name, value in changes.items():
            setattr(image, name, value)
        messages = [
            camera_info_message(corner, header), image,
            Detection3DArray(header=header, detections=[
                self._detection(*box) for box in boxes])]
        if len(self.publishers) > len(messages):
            flat = np.full(picture.shape[:2], 0.75, np.float32)
            messages.append(image_message(flat, '32FC1', header))
        for publisher, message in zip(self.publishers, messages, strict=True):
            publisher.publish(message)

    @staticmethod
    def _detection(label, centre, turn, size):
        from vision_msgs.msg import Detection3D, ObjectHypothesisWithPose

        result = ObjectHypothesisWithPose()
        result.hypothesis.class_id, result.hypothesis.score = str(label), 1.0
        found = Detection3D(results=[result])
        position, orientation = found.bbox.center.position, found.bbox.center.orientation
        position.x, position.y, position.z = centre
        orientation.x, orientation.y, orientation.z, orientation.w = turn
        found.bbox.size.x, found.bbox.size.y, found.bbox.size.z = size
        return found


class Recording:
    """A recorder in a process of its own."""

    def __init__(self, folder, /, **parameters):
        self.log = folder.with_suffix('.log')
        words = {'out': folder, 'count': COUNT, 'seed': 5, **parameters}
        arguments = [word for name, value in words.items() for word in ('-p', f'{name}:={value}')]
        with self.log.open('ab') as log:
            self.process = subprocess.Popen(
                [sys.executable, '-m', 'mtperception.nodes', 'recorder', '--ros-args',
                 *arguments], stdout=log, stderr=log, env={**os.environ, 'OMP_NUM_THREADS': '1'})

    def wait(self, condition):
        end = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < end, self.log.read_text()
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.02)

    def hears(self, gazebo, shot):
        """Publish pictures of an unknown encoding until the recorder complains of one."""
        before = self.log.read_text().count('nonsense')

        def heard():
            gazebo.publish(shot, encoding='nonsense')
            time.sleep(0.5)
            return self.log.read_text().count('nonsense') > before

        self.wait(heard)

    def end(self):
        status = self.process.wait(TIMEOUT)
        return status, self.log.read_text()


@pytest.fixture
def record(tmp_path):
    recordings = []

    def start(**parameters):
        recordings.append(Recording(tmp_path / 'out', **parameters))
        return recordings[-1]

    yield start
    for recording in recordings:
        recording.process.kill()
        recording.process.wait()


def test_a_recording_is_a_data_set_that_goes_on_after_an_interruption(
        ros, record, shots, tmp_path):
    gazebo = Gazebo(ros)
    out = tmp_path / 'out'
    first = record()
    first.hears(gazebo, shots[3])
    gazebo.publish(shots[3], data=[0])
    gazebo.publish(shots[0])
    first.wait(lambda: (out / 'unfinished/000000.json').exists())
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(TIMEOUT) == 0
    second = record()
    second.hears(gazebo, shots[3])
    for number in range(1, COUNT):
        gazebo.publish(shots[number])
        if number < COUNT - 1:
            second.wait(lambda name=f'{number:06d}.json': (out / 'unfinished' / name).exists())
    status, said = second.end()
    assert status == 0, said
    assert 'Traceback' not in said and 'left out' in said

    card = json.loads((out / 'card.json').read_text())
    assert card['parameters'] == {'recorded_from': 'gazebo'}
    assert 'simulator:=gazebo' in card['command'] and card['count'] == COUNT
    recorded = [(file.path, [label.pin for label in file.labels])
                for file in read_labels(out)]
    assert len(recorded) == COUNT
    for (path, pins), (_, picture, labels) in zip(recorded, shots, strict=True):
        assert np.array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), picture)
        assert len(pins) == len(labels)
        for pin, label in zip(pins, labels, strict=True):
            assert (pin.x, pin.y) == pytest.approx((label.x, label.y), abs=1e-4)
    images = json.loads((out / 'annotations.json').read_text())['images']
    assert images[0]['camera_matrix'] == pytest.approx(
        shots[0][0].view.camera.matrix.ravel().tolist())


@pytest.fixture
def cell(ros_domain, tmp_path):
    """Start the live cell in a process of its own."""
    with (tmp_path / 'cell.log').open('wb') as log:
        process = subprocess.Popen(
            [sys.executable, '-m', 'mtperception.nodes', 'cell_simulator', '--ros-args',
             '-p', 'seed:=5'], stdout=log, stderr=log)
    yield process
    process.kill()
    process.wait()


def card_of(out):
    return json.loads((out / 'card.json').read_text())


def test_grasps_are_recorded_from_the_live_cell(cell, record, tmp_path):
    out = tmp_path / 'out'
    status, said = record(dataset='grasp', source='cell', count=10).end()
    assert status == 0, said
    card = card_of(out)
    assert card['data_set'] == 'grasp'
    assert card['parameters'] == {'recorded_from': 'cell'}
    assert 'masks' in card['not_labelled']
    pictures = read_grasps(out)
    assert len(pictures) == 10
    camera = bench_camera(5).view.camera
    metres = []
    for picture, line in zip(pictures, (out / 'grasps.jsonl').open(), strict=True):
        entry = json.loads(line)
        assert entry['camera']['matrix'] == pytest.approx(camera.matrix.ravel().tolist())
        assert {grasp['part'] for grasp in entry['grasps']} <= set(TRAINING_PARTS)
        image = cv2.imread(str(picture.path), cv2.IMREAD_UNCHANGED)
        depth = cv2.imread(str(picture.depth), cv2.IMREAD_UNCHANGED)
        assert image.shape == (camera.height, camera.width, 3)
        assert depth.dtype == np.uint16
        bench = np.median(depth)
        for grasp in picture.grasps:
            # The fingers are some way above the belt, and a part is between them.
            x, y = round(grasp.x), round(grasp.y)
            around = depth[max(y - 2, 0):y + 3, max(x - 2, 0):x + 3]
            metres.append((bench - np.median(around[around > 0])) / 1000.0)
    assert len(metres) > 10
    assert np.median(metres) > 0.01


def test_poses_are_recorded_from_the_live_cell(cell, record, tmp_path):
    out = tmp_path / 'out'
    status, said = record(dataset='pose', source='cell', count=12).end()
    assert status == 0, said
    assert card_of(out)['not_labelled'][0] == 'masks'
    model = read_models(out)[1]
    seen = 0
    for picture in read_bop(out):
        assert picture.camera.matrix == pytest.approx(tool_camera().view.camera.matrix)
        depth = picture.measured_depth()
        for thing in picture.objects:
            posed = model @ thing.rotation.T + thing.translation
            pixels = picture.camera.project(posed.reshape(-1, 3))
            low, high = pixels.min(axis=0), pixels.max(axis=0)
            assert thing.box == pytest.approx((*low, *high), abs=1.1)
            assert 0.0 < thing.visible <= 1.0
            # About half of the model faces the camera: depth lies on what is seen of that.
            x, y = np.rint(pixels).astype(int).clip(0, 511).T
            near = np.abs(depth[y, x] - posed.reshape(-1, 3)[:, 2]) < 0.01
            assert near.mean() > 0.2 * thing.visible
            seen += 1
    assert seen


def test_a_hammer_in_gazebo_is_recorded_with_its_pose(ros, record, tmp_path):
    out = tmp_path / 'out'
    mesh = hammer().mesh
    rng = np.random.default_rng(3)
    camera = tool_camera().view.camera
    rotation, place = random_rotations(rng, 1)[0], np.array((0.05, -0.02, 0.8))
    middle = UPRIGHT @ (rotation @ mesh.bounds.mean(axis=0) + place)
    gazebo = Gazebo(ros, 'tool_camera', depth=True)
    recording = record(dataset='pose', count=1)
    shot = np.full((camera.height, camera.width, 3), 90, np.uint8)

    def published():
        # Its number among the cell's labels, and a pin's.
        gazebo.send(camera, shot, 'rgb8', [
            (2, middle, quaternion(UPRIGHT @ rotation), mesh.extents),
            (1, middle, quaternion(UPRIGHT @ rotation), mesh.extents)])
        time.sleep(0.3)
        return recording.process.poll() is not None

    recording.wait(published)
    assert recording.end()[0] == 0
    picture, = read_bop(out)
    thing, = picture.objects
    np.testing.assert_allclose(thing.rotation, rotation, atol=1e-9)
    np.testing.assert_allclose(thing.translation, place, atol=1e-9)
    assert thing.visible == 1.0
    assert picture.camera.cx == pytest.approx(camera.cx)
    assert np.unique(picture.measured_depth()) == pytest.approx([0.75])
    assert 'what hides an object' in card_of(out)['not_labelled']


def test_what_gazebo_does_not_know_is_said(ros_domain, record):
    status, said = record(dataset='grasp').end()
    assert status == 1
    assert "'source' is 'gazebo', which does not tell" in said and 'choose cell' in said
    assert 'Traceback' not in said


@pytest.mark.parametrize('prepare, reason', [
    (lambda out: None, "'out' names no folder"),
    (lambda out: (out.mkdir(), (out / 'notes.txt').write_text('x')), 'holds other files')])
def test_a_recorder_that_cannot_write_says_so_in_one_line(ros_domain, record, tmp_path, prepare,
                                                          reason):
    prepare(tmp_path / 'out')
    recording = record() if (tmp_path / 'out').exists() else record(out="''")
    status, said = recording.end()
    assert status == 1
    assert reason in said
    assert 'Traceback' not in said
