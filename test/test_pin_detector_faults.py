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

"""Every fault that a camera can have, sent over DDS into a detector of another process."""

from array import array
from collections import Counter

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from rclpy.qos import QoSProfile
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from mtperception.nodes.conversions import image_message, pins_from_message
from mtperception.nodes.image_gate import BYTES_PER_PIXEL
from mtperception.pin.predictor import PinDetector

pytestmark = pytest.mark.timeout(300)
SIZE = 64


@pytest.fixture(scope='module')
def running(station):
    # Deeper than by default: a fault must not be overwritten before the node sees it.
    station.start_active(**{'qos_overrides./image.subscription.depth': 50})
    return station


def picture(encoding='mono8', width=SIZE, height=SIZE, padding=0, **fields):
    step = width * BYTES_PER_PIXEL.get(encoding, 1) + padding
    data = array('B', bytes(step * height))
    values = {'step': step, 'data': data, **fields}
    return Image(width=width, height=height, encoding=encoding, **values)


def damaged(at, new, message=None):
    """Give the bytes of a message, some of them replaced; `at` counts from the start."""
    data = bytearray(serialize_message(picture() if message is None else message))
    data[at:at + len(new)] = new
    return bytes(data)


GOOD = serialize_message(picture())
ENCODING_AT = GOOD.index(b'mono8\0')
# What is published, and the cause that it must be counted under. Truncated bytes are not among
# it: Cyclone DDS refuses to send them (test_image_gate.py has them, and the soak tests).
REFUSED = {
    'no width': (picture(width=0), 'empty'),
    'no height': (picture(height=0), 'empty'),
    'step too small': (picture(step=SIZE - 1), 'step'),
    'step of zero': (picture(step=0), 'step'),
    'step and data do not match': (picture(step=SIZE + 1), 'data'),
    'data too short': (picture(data=array('B', bytes(SIZE))), 'data'),
    'no data': (picture(data=array('B')), 'data'),
    'data too long': (picture(data=array('B', bytes(SIZE * SIZE + 1))), 'data'),
    'as large as a claim can be': (
        Image(width=2**32 - 1, height=2**32 - 1, step=2**32 - 1, encoding='mono8'), 'size'),
    'large, and not there': (
        Image(width=8000, height=8000, step=8000, encoding='mono8'), 'data'),
    'encoding unknown': (picture('mono7'), 'encoding'),
    'encoding empty': (picture(''), 'encoding'),
    'encoding of a depth camera': (picture('32FC1'), 'encoding'),
    'encoding with a line break': (picture('mono8\n[ERROR] all is lost'), 'encoding'),
    'encoding that is no UTF-8': (damaged(ENCODING_AT, b'\xff\xfe'), 'undecodable or encoding'),
    'stamp of a negative time': (damaged(4, b'\xff\xff\xff\xff'), 'stamp'),
    'stamp of too many nanoseconds': (damaged(8, b'\x00\xca\x9a\x3b'), 'stamp'),
}


def test_each_fault_is_counted_by_its_cause_and_ends_nothing(running, pin_frames):
    before = Counter(counts(running.news(), 'dropped.'))
    good = image_message(pin_frames[0], 'mono8', Header())
    pins = PinDetector.load('pin').detect(pin_frames[0])
    for fault, (message, _) in REFUSED.items():
        if isinstance(message, Image):
            running.stamp(message)
        running.images.publish(message)
        assert pins_from_message(running.detect(good)) == pins, fault
    values = running.news()
    dropped = Counter(counts(values, 'dropped.')) - before
    expected = Counter(cause for _, cause in REFUSED.values())
    # rclpy itself replaces such bytes, and gives an unknown encoding.
    expected['undecodable' if dropped['undecodable'] else 'encoding'] += expected.pop(
        'undecodable or encoding')
    assert dropped == expected
    assert int(values['received']) == int(values['processed']) + int(values['dropped'])
    assert (values['level'], values['state']) == (DiagnosticStatus.WARN, 'active')
    assert 'empty' in values['message']
    log = running.log.read_text()
    assert 'Traceback' not in log
    for cause in set(dropped):
        assert 'frame dropped (1 for this cause)' in log, cause


def test_a_picture_too_small_for_the_network_is_a_failure_of_its_own(running):
    running.images.publish(running.stamp(picture(width=3, height=5)))
    running.wait(lambda: running.values.get('dropped.failed') == '1')
    assert 'a picture of 3 x 5 is too small' in running.log.read_text()
    running.detect(picture())


def counts(values, prefix):
    return {key.removeprefix(prefix): int(value) for key, value in values.items()
            if key.startswith(prefix)}


def test_nothing_but_faults_is_an_error(running):
    for _ in range(12):  # longer than the verdict looks back
        running.images.publish(running.stamp(picture('mono7')))
        values = running.news(1)
        if values['level'] == DiagnosticStatus.ERROR:
            break
    assert values['level'] == DiagnosticStatus.ERROR
    assert values['message'] == 'no results: encoding'


@pytest.mark.parametrize('encoding', sorted(BYTES_PER_PIXEL))
def test_every_known_encoding_is_answered(running, encoding):
    assert running.detect(picture(encoding, padding=8)).detections == []


def test_big_endian_sixteen_bits_give_the_same_pins(running, pin_frames):
    expected = pins_from_message(running.detect(image_message(pin_frames[2], 'mono8', Header())))
    assert len(expected) == 6
    height, width = pin_frames[2].shape
    wide = picture('mono16', width, height, is_bigendian=1)
    wide.data = array('B', (pin_frames[2].astype('>u2') << 8).astype('>u2').tobytes())
    assert pins_from_message(running.detect(wide)) == expected


def test_another_resolution_is_taken_as_it_comes(running, pin_frames):
    found = {}
    for scale in (1, 2, 1):
        image = np.kron(pin_frames[3], np.ones((scale, scale), np.uint8))
        found[scale] = running.detect(image_message(image, 'mono8', Header())).detections
    assert found[1]


def test_odd_stamps_are_counted_and_answered_all_the_same(running):
    before = Counter(counts(running.news(), 'warned.'))
    now = running.stamp(picture()).header.stamp
    stamps = {
        'stamp_future': (now.sec + 3600, 0),
        'stamp_back': (now.sec, 0),
        'stamp_repeated': (now.sec, 0),
        'stamp_zero': (0, 0),
    }
    for sec, nanosec in stamps.values():
        message = picture()
        message.header.stamp.sec, message.header.stamp.nanosec = sec, nanosec
        answers = len(running.received)
        running.images.publish(message)
        running.wait(lambda answers=answers: len(running.received) > answers)
        assert running.received[-1].header == message.header
    assert Counter(counts(running.news(), 'warned.')) - before == Counter(list(stamps))
    log = running.log.read_text()
    assert "ahead of the node's clock" in log
    assert 'the stamp has gone back by 3600.000 s' in log


def test_a_restarted_camera_is_taken_up_after_a_silence(running):
    running.detect(picture())
    running.node.destroy_publisher(running.images)
    running.wait(lambda: running.values['level'] == DiagnosticStatus.STALE)
    assert running.values['message'] == 'no frames'
    running.wait(lambda: 'nothing arrives on /image: nobody publishes' in running.log.read_text())
    running.images = running.node.create_publisher(Image, 'image', QoSProfile(depth=5))
    running.wait(lambda: running.images.get_subscription_count() == 1)
    running.detect(picture())
    running.wait(lambda: running.values['level'] == DiagnosticStatus.OK)


def test_old_frames_are_dropped_when_told_so(running):
    assert running.set_parameter('max_image_age', 5.0).successful
    old = running.stamp(picture())
    old.header.stamp.sec -= 60
    running.images.publish(old)
    running.wait(lambda: running.values.get('dropped.age') == '1')
    running.detect(picture())
    assert running.set_parameter('max_image_age', 0.0).successful
