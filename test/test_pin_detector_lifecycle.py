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

"""The detector as a managed node: its states from outside, and what a bad model does to it."""

from array import array
import shutil

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.srv import GetState
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import LabelInfo

from mtperception import zoo
from mtperception.nodes.conversions import image_message

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def idle(station):
    """Give a station whose detector is unconfigured; it is left so, too, unless it has ended."""
    if station.process is None:
        station.values = {}
        station.start(autostart=False)
        station.wait(lambda: station.values.get('state') == 'unconfigured')
    yield station
    if station.process is not None:
        for label in ('deactivate', 'cleanup'):
            station.change_state(label)


def state(station):
    return station.call(GetState, 'get_state').current_state.label


def test_nothing_is_inferred_unless_active(idle, pin_frames):
    message = image_message(pin_frames[0], 'mono8', Header())
    assert not idle.change_state('activate')
    for label in ('configure', 'activate', 'deactivate', 'activate', 'deactivate', 'cleanup'):
        assert idle.change_state(label)
        active = label == 'activate'
        idle.wait(lambda active=active: idle.images.get_subscription_count() == active)
        answers = len(idle.received)
        if active:
            idle.detect(message)
        else:
            idle.images.publish(idle.stamp(message))
            values = idle.news()
            assert values['level'] == DiagnosticStatus.OK
            assert values['state'] == values['message'] == state(idle)
            assert len(idle.received) == answers
    log = idle.log.read_text()
    assert 'nothing arrives' not in log


def test_the_model_can_be_changed_while_unconfigured_and_only_then(idle):
    assert idle.set_parameter('threads', 2).successful
    assert idle.change_state('configure')
    for name, value in (('model', 'other'), ('threads', 1)):
        refused = idle.set_parameter(name, value)
        assert not refused.successful
        assert refused.reason == (
            f'{name} is fixed while the model is loaded: deactivate and clean up first')
    assert idle.change_state('cleanup')
    assert idle.set_parameter('threads', 1).successful
    values = idle.news()
    assert 'model' not in values
    assert idle.change_state('configure')
    values = idle.news()
    assert (values['model'], values['device']) == ('pin', 'cpu')
    assert values['model_sha256'] == zoo.load('pin').sha256


def test_names_and_numbers_of_classes(idle, pin_frames):
    infos = []
    assert idle.change_state('configure')
    assert idle.change_state('activate')
    idle.node.create_subscription(
        LabelInfo, 'pin_detector/label_info', infos.append,
        QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL))
    idle.wait(lambda: infos)
    names = {str(entry.class_id): entry.class_name for entry in infos[0].class_map}
    assert names == {'0': 'pin'}
    message = image_message(pin_frames[0], 'mono8', Header())
    idle.wait(lambda: idle.images.get_subscription_count() == 1)

    def class_ids():
        return {result.hypothesis.class_id
                for detection in idle.detect(message).detections for result in detection.results}

    assert class_ids() == {'pin'}
    assert idle.set_parameter('class_id_format', 'id').successful
    assert class_ids() == {'0'}
    refused = idle.set_parameter('class_id_format', 'number')
    assert not refused.successful
    assert refused.reason == "class_id_format is one of name, id, not 'number'"


def test_the_shutdown_transition_gives_everything_back(idle):
    assert idle.change_state('configure')
    assert idle.change_state('activate')
    assert idle.change_state('shutdown')
    idle.wait(lambda: idle.values['state'] == 'finalized')
    assert idle.node.count_publishers('/pin_detector/detections') == 0
    assert idle.node.count_subscribers('/image') == 0
    assert idle.end()[0] == 0
    assert 'Traceback' not in idle.log.read_text()


@pytest.fixture
def broken_models(tmp_path):
    """Give paths of models that cannot be used, and a word of the reason why."""
    with zoo.bundle.resources.as_file(zoo.bundle._shelf()) as shelf:
        for suffix in ('.safetensors', '.json'):
            shutil.copy(shelf / f'pin{suffix}', tmp_path / f'whole{suffix}')
    weights = (tmp_path / 'whole.safetensors').read_bytes()
    card = (tmp_path / 'whole.json').read_text()
    files = {
        'truncated': weights[:-1000],
        'other': weights[:-1] + bytes([weights[-1] ^ 1]),
        'pickled': b'\x80\x04N.',
        'empty': b'',
    }
    for name, data in files.items():
        (tmp_path / f'{name}.safetensors').write_bytes(data)
        (tmp_path / f'{name}.json').write_text(card)
    return {
        'nosuch': 'no bundled model is called',
        str(tmp_path / 'nosuch.safetensors'): 'there is no such model file',
        str(tmp_path / 'truncated.safetensors'): 'truncated',
        str(tmp_path / 'other.safetensors'): 'the tensors are not those of the card',
        str(tmp_path / 'pickled.safetensors'): 'this is a pickle',
        str(tmp_path / 'empty.safetensors'): 'truncated',
    }


def test_a_model_that_cannot_be_used_is_named_and_can_be_replaced(
        station, broken_models, pin_frames):
    names = iter(broken_models.items())
    name, word = next(names)
    station.values = {}
    station.start(model=name)
    station.wait(lambda: station.values.get('level') == DiagnosticStatus.ERROR)
    assert word in station.values['message']
    assert state(station) == 'unconfigured'
    for name, word in names:
        assert station.set_parameter('model', name).successful
        assert not station.change_state('configure')
        station.wait(lambda word=word: word in station.values['message'])
        assert station.values['level'] == DiagnosticStatus.ERROR
        assert station.values['message'].startswith('configure failed: ')
        assert station.values['message'] in station.log.read_text()
        assert state(station) == 'unconfigured'
    assert station.set_parameter('model', 'pin').successful
    assert station.change_state('configure')
    assert station.change_state('activate')
    station.wait(lambda: station.images.get_subscription_count() == 1)
    assert station.detect(image_message(pin_frames[0], 'mono8', Header())).detections
    station.wait(lambda: station.values['level'] == DiagnosticStatus.OK)
    assert station.end()[0] == 0
    assert 'Traceback' not in station.log.read_text()


def test_simulated_time_is_the_clocks(station):
    station.values = {}
    station.start_active(use_sim_time=True, max_image_age=5.0)
    image = Image(width=16, height=16, step=16, encoding='mono8', data=array('B', bytes(256)))
    station.detect(image)
    station.wait(lambda: 'stamp_future' in station.values.get('message', ''))
    assert station.values['level'] == DiagnosticStatus.WARN
    station.wait(lambda: 'nothing has arrived on /clock' in station.log.read_text())

    clock = station.node.create_publisher(Clock, '/clock', 1)
    station.wait(lambda: clock.get_subscription_count() == 1)

    def show(seconds):
        """Set the time until the detector's diagnostics are of that time."""
        while station.diagnosed.sec != seconds:
            clock.publish(Clock(clock=Time(sec=seconds)))
            station.news(1)

    def answers(seconds):
        image.header.stamp = Time(sec=seconds)
        before = len(station.received)
        station.images.publish(image)
        station.wait(lambda: len(station.received) > before)

    show(100)
    answers(100)
    image.header.stamp = Time(sec=90)
    station.images.publish(image)
    station.wait(lambda: station.values.get('dropped.age') == '1')
    show(10)  # the simulator has been reset
    answers(10)
    answers(11)
    values = station.news()
    assert {key: value for key, value in values.items() if key.startswith('warned.')} == {
        'warned.stamp_future': '2', 'warned.stamp_back': '3'}
    assert station.end()[0] == 0
    assert 'Traceback' not in station.log.read_text()
