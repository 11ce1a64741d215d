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

"""Shapes taught to a running grasp detector, and libraries that it cannot use."""

import threading
import time

from diagnostic_msgs.msg import DiagnosticStatus
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Header
from std_srvs.srv import Trigger
from vision_msgs.msg import LabelInfo

from mtperception.grasp.predictor import GraspDetector
from mtperception.grasp.shapes.library import INDEX, ShapeLibrary
from mtperception.grasp.shapes.observer import ShapeObserver
from mtperception.grasp.shapes.taught import TaughtShapes
from mtperception.nodes.conversions import image_message

# One thread, as in the node: sums come out alike.
pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures('one_thread')]


@pytest.fixture(scope='module')
def library(tmp_path_factory):
    return tmp_path_factory.mktemp('shapes') / 'library'


@pytest.fixture(scope='module')
def running(grasp_station, grasp_model, library):
    grasp_station.start_active(model=str(grasp_model), **{'shapes.library': str(library)})
    return grasp_station


@pytest.fixture(scope='module')
def class_names(running):
    """Give the names of the classes, as they were last announced."""
    names = []

    def take(message):
        names[:] = [entry.class_name for entry in message.class_map]

    running.node.create_subscription(
        LabelInfo, 'grasp_detector/label_info', take,
        QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL))
    return names


def frame(picture):
    return image_message(picture, 'bgr8', Header(frame_id='camera'))


def classes(answer):
    return {detection.results[0].hypothesis.class_id for detection in answer.detections}


def teach(station, label, picture):
    """Have a shape taught while its picture is shown again and again; return the answer."""
    assert station.set_parameter('teach.label', label).successful
    station.detect(frame(picture))  # those before it have been looked at
    shown = threading.Event()

    def show():
        while not shown.wait(0.05):
            station.images.publish(station.stamp(frame(picture)))

    camera = threading.Thread(target=show)
    camera.start()
    try:
        return station.call(Trigger, 'teach')
    finally:
        shown.set()
        camera.join()


def test_without_a_label_nothing_is_taught(running):
    for service in ('teach', 'forget'):
        answer = running.call(Trigger, service)
        assert not answer.success
        assert 'teach.label' in answer.message
    answer = running.call(Trigger, 'shapes')
    assert (answer.success, answer.message) == (True, 'no shape has been taught')


@pytest.mark.parametrize('label, reason', [
    ('grasp', 'choose another label'), (' L', 'cannot be called'),
    ('x' * 100, 'cannot be called')])
def test_a_label_that_cannot_be_is_refused(running, label, reason):
    refused = running.set_parameter('teach.label', label)
    assert not refused.successful
    assert reason in refused.reason


def test_a_lesson_without_a_picture_says_so(running):
    assert running.set_parameter('teach.label', 'bar').successful
    start = time.monotonic()
    answer = running.call(Trigger, 'teach')
    assert not answer.success
    assert answer.message == 'no picture came within 5 s'
    assert time.monotonic() - start > 4.5


def test_shapes_are_taught_live_and_told_as_the_library_tells_them(
        running, class_names, library, grasp_model, lit_picture):
    assert classes(running.detect(frame(lit_picture('bar', 20)))) == {'grasp'}
    for label in ('bar', 'disc'):
        for number in range(2):
            answer = teach(running, label, lit_picture(label, 10 + number))
            assert answer.success, answer.message
            assert answer.message.startswith(f'{label}: ')
            assert f'{number + 1} pictures so far; {4 - number} more are advised' \
                in answer.message
    assert class_names == ['grasp', 'bar', 'disc']
    listed = running.call(Trigger, 'shapes').message
    assert 'bar (2 pictures, ' in listed
    assert 'disc (2 pictures, ' in listed
    taught = TaughtShapes(
        ShapeObserver(GraspDetector.load(grasp_model)), ShapeLibrary(library))
    for kind in ('bar', 'disc'):
        picture = lit_picture(kind, 21)
        answer = running.detect(frame(picture))
        grasps = taught.detect(picture)
        assert kind in classes(answer)
        assert [[(result.hypothesis.class_id, result.hypothesis.score)
                 for result in detection.results] for detection in answer.detections] == [
            [*([(grasp.shape, grasp.shape_score)] if grasp.shape else []), ('grasp', grasp.score)]
            for grasp in grasps]
    assert running.set_parameter('class_id_format', 'id').successful
    assert classes(running.detect(frame(lit_picture('disc', 21)))) <= {'0', '2'}
    assert running.set_parameter('class_id_format', 'name').successful


def test_a_picture_without_a_grasp_teaches_nothing(running, class_names, lit_picture):
    answer = teach(running, 'nothing', 0 * lit_picture('bar', 0))
    assert not answer.success
    assert 'no grasp was found' in answer.message
    running.wait(lambda: class_names == ['grasp', 'bar', 'disc'])


def test_frames_and_services_are_answered_during_a_lesson(running, lit_picture):
    picture = lit_picture('disc', 12)
    before = len(running.received)
    assert running.set_parameter('teach.label', 'disc').successful
    client = running.node.create_client(Trigger, '/grasp_detector/teach')
    assert client.wait_for_service(running.timeout)
    lesson = client.call_async(Trigger.Request())
    running.images.publish(running.stamp(frame(picture)))
    running.wait(lambda: len(running.received) > before)
    # The lesson has its picture now.
    answered = 0
    while not lesson.done():
        assert running.call(Trigger, 'shapes').success
        running.detect(frame(picture))
        answered += not lesson.done()
    assert lesson.result().success, lesson.result().message
    assert answered > 0
    running.node.destroy_client(client)


def test_a_shape_is_forgotten_and_the_others_are_not(running, class_names, lit_picture):
    assert running.set_parameter('teach.label', 'bar').successful
    answer = running.call(Trigger, 'forget')
    assert (answer.success, answer.message) == (True, 'bar is forgotten')
    running.wait(lambda: class_names == ['grasp', 'disc'])
    assert 'bar' not in classes(running.detect(frame(lit_picture('bar', 21))))
    assert 'disc' in classes(running.detect(frame(lit_picture('disc', 21))))
    answer = running.call(Trigger, 'forget')
    assert not answer.success
    assert "no shape is called 'bar'" in answer.message


def test_an_inactive_node_teaches_nothing_and_tells_the_shapes(running):
    assert running.change_state('deactivate')
    answer = running.call(Trigger, 'teach')
    assert not answer.success
    assert 'not active' in answer.message
    assert running.call(Trigger, 'shapes').message.startswith('disc (3 pictures')
    assert running.change_state('cleanup')
    assert running.change_state('configure')
    assert running.call(Trigger, 'shapes').message.startswith('disc (3 pictures')


def test_a_library_or_model_that_cannot_be_used_is_named_and_can_be_replaced(
        running, library, grasp_model, lit_picture, tmp_path):
    """The last of the module: it changes the library."""
    assert running.change_state('cleanup')
    index = library / INDEX
    whole = index.read_text()
    sha256 = GraspDetector.load(grasp_model).sha256
    for text, words in ((whole[:-40], 'the list of shapes is damaged'),
                        (whole.replace(sha256, '0' * 64), 'taught with another detector')):
        index.write_text(text)
        assert not running.change_state('configure')
        running.wait(lambda words=words: words in running.values['message'])
        assert running.values['level'] == DiagnosticStatus.ERROR
        assert 'the parameter shapes.library' in running.values['message']
    assert running.set_parameter('shapes.library', str(tmp_path)).successful
    assert running.set_parameter('model', 'pin').successful
    assert not running.change_state('configure')
    running.wait(lambda: "a model for 'pin', not for 'grasp'" in running.values['message'])
    assert running.set_parameter('model', str(grasp_model)).successful
    assert running.change_state('configure')
    assert running.change_state('activate')
    running.wait(lambda: running.images.get_subscription_count() == 1)
    assert classes(running.detect(frame(lit_picture('bar', 20)))) == {'grasp'}
    assert running.end()[0] == 0
    assert 'Traceback' not in running.log.read_text()
