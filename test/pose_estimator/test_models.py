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

"""The pose estimator's models: others while it runs, several at once, and what is refused."""

import itertools
import threading

from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.srv import GetState
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile
from vision_msgs.msg import LabelInfo
from visualization_msgs.msg import MarkerArray

from mtperception.nodes import pose_estimator
from mtperception.objects import known
from mtperception.objects.meshes import mesh_of

pytestmark = pytest.mark.timeout(300)
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture(scope='module', autouse=True)
def started(cell, pose_model):
    cell.start(pose_model)


@pytest.fixture(scope='module')
def picture(lit_picture):
    return lit_picture('disc', 5)


@pytest.fixture(scope='module')
def ring(model_of):
    return model_of('ring')


@pytest.fixture
def labels(cell):
    """Give the lists of labels that are announced, as they come."""
    heard = []
    subscription = cell.station.node.create_subscription(
        LabelInfo, 'pose_estimator/label_info',
        lambda message: heard.append([each.class_name for each in message.class_map]), LATCHED)
    yield heard
    cell.station.node.destroy_subscription(subscription)


def classes(message):
    return {detection.results[0].hypothesis.class_id for detection in message.detections}


def test_another_model_takes_its_place_while_the_node_goes_on(
        cell, library, opened, picture, ring, labels):
    before = library.estimate(picture, cell.camera)
    assert cell.same(cell.look(picture), before)
    cell.station.wait(lambda: labels == [['hammer']])
    received = cell.station.received
    start = len(received)
    # The camera goes on, as cameras do.
    ended = threading.Event()
    shower = threading.Thread(target=lambda: [
        cell.show(picture) for _ in itertools.takewhile(
            lambda _: not ended.wait(0.2), itertools.count())])
    shower.start()
    try:
        assert cell.station.set_parameter('model', str(ring)).successful
        cell.station.wait(lambda: received[-1].detections and classes(received[-1]) == {'ring'})
    finally:
        ended.set()
        shower.join()
    after = opened(ring).estimate(picture, cell.camera)
    told = received[start:]
    switched = next(number for number, one in enumerate(told) if classes(one) == {'ring'})
    assert switched > 0
    assert all(cell.same(one, before) for one in told[:switched])
    assert all(cell.same(one, after) for one in told[switched:])
    cell.station.wait(lambda: labels == [['hammer'], ['ring']])
    values = cell.station.news()
    assert values['model'] == 'ring' and 'next_model' not in values
    assert values['codebook'].startswith('48 views')
    assert values['level'] == DiagnosticStatus.OK


def test_what_cannot_be_opened_is_refused_and_the_one_before_goes_on(
        cell, opened, picture, ring, grasp_model, model_of):
    for name in ('model', 'more_models'):
        for model, words in (('nosuch', 'nosuch'), (grasp_model, "for 'grasp'"),
                             (model_of('anvil'), "no object is called 'anvil'")):
            value = str(model) if name == 'model' else [str(model)]
            refused = cell.station.set_parameter(name, value)
            assert not refused.successful and words in refused.reason
    assert cell.same(cell.look(picture), opened(ring).estimate(picture, cell.camera))
    assert cell.station.news()['level'] == DiagnosticStatus.OK


def test_several_objects_are_looked_for_in_each_picture(
        cell, library, opened, picture, ring, pose_model, labels):
    assert cell.station.set_parameter('model', str(pose_model)).successful
    assert cell.station.set_parameter('more_models', [str(ring)]).successful
    cell.station.wait(lambda: classes(cell.look(picture)) == {'hammer', 'ring'})
    expected = [pose for estimator in (library, opened(ring))
                for pose in estimator.estimate(picture, cell.camera)]
    answer = cell.look(picture)
    assert cell.same(answer, expected)
    for detection in answer.detections:
        extents = mesh_of(detection.results[0].hypothesis.class_id).extents
        size = detection.bbox.size
        assert (size.x, size.y, size.z) == pytest.approx(tuple(extents))
    cell.station.wait(lambda: labels and labels[-1] == ['hammer', 'ring'])
    assert cell.station.news()['model'] == f'{pose_model.stem}, ring'
    markers = []
    subscription = cell.station.node.create_subscription(
        MarkerArray, 'pose_estimator/markers', markers.append, 1)
    cell.station.wait(lambda: cell.look(picture) and markers)
    cell.station.node.destroy_subscription(subscription)
    assert {len(each.points) for each in markers[-1].markers if each.points} == {
        3 * len(mesh_of(label).faces) for label in ('hammer', 'ring')}
    assert cell.station.set_parameter('class_id_format', 'id').successful
    cell.station.wait(lambda: classes(cell.look(picture)) == {'0', '1'})
    assert cell.station.set_parameter('class_id_format', 'name').successful
    assert cell.station.set_parameter('more_models', ['']).successful
    cell.station.wait(lambda: classes(cell.look(picture)) == {'hammer'})


def test_what_is_fixed_while_the_model_is_loaded_is_refused_with_a_reason(cell):
    for name, value in (('publish_tf', True), ('rectified', True), ('use_depth', True),
                        ('codebook.turns', 9), ('codebook.directions', 42), ('threads', 2)):
        refused = cell.station.set_parameter(name, value)
        assert not refused.successful
        assert refused.reason == (
            f'{name} is fixed while the model is loaded: deactivate and clean up first')
    refused = cell.station.set_parameter('codebook.directions', 13)
    assert not refused.successful and 'one of 12, 42, 162' in refused.reason
    refused = cell.station.set_parameter('tf_prefix', '/cell')
    assert not refused.successful and 'do not begin with a slash' in refused.reason


def test_a_model_that_cannot_be_used_is_named_and_can_be_replaced(
        cell, pose_model, grasp_model, model_of, picture):
    station = cell.station
    for label in ('deactivate', 'cleanup'):
        assert station.change_state(label)
    for model, words in (('nosuch', 'nosuch'), (grasp_model, "for 'grasp'"),
                         (model_of('anvil'), "no object is called 'anvil'")):
        assert station.set_parameter('model', str(model)).successful
        assert not station.change_state('configure')
        station.wait(lambda words=words: words in station.values['message'])
        assert station.values['level'] == DiagnosticStatus.ERROR
        assert station.values['message'] in station.log.read_text()
        assert station.call(GetState, 'get_state').current_state.label == 'unconfigured'
    assert station.set_parameter('model', str(pose_model)).successful
    for label in ('configure', 'activate'):
        assert station.change_state(label)
    cell.begin()
    assert cell.look(picture).detections


def test_the_node_answers_while_a_codebook_is_rendered_and_signals_end_it(cell, picture, ring):
    """The last of the module: the node ends."""
    cell.configure_anew(**{'codebook.directions': known.DIRECTIONS, 'codebook.turns': known.TURNS})
    cell.complaint(picture, '% of 92232 views rendered')
    assert cell.station.set_parameter('score_threshold', 0.5).successful
    assert '% of 92232 views' in cell.station.values['codebook']
    # Another model in the middle of that is begun in its place.
    assert cell.station.set_parameter('model', str(ring)).successful
    assert cell.station.news()['next_model'] == str(ring)
    status, seconds = cell.station.end()
    assert status == 0 and seconds < 2
    assert 'Traceback' not in cell.station.log.read_text()


def test_the_defaults_are_the_librarys():
    assert (pose_estimator.DIRECTIONS, pose_estimator.TURNS) == (known.DIRECTIONS, known.TURNS)
