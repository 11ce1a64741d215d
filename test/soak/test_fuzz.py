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

"""Images damaged at random, in their fields and in their bytes: each is counted and named."""

from array import array
from collections import Counter
import random
import threading
import time

import pytest
from rclpy._rclpy_pybind11 import RCLError
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import HistoryPolicy, QoSProfile
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image

from mtperception.nodes.image_gate import (
    BYTES_PER_PIXEL,
    CDR_HEADER,
    check_image,
    grey_image,
    ImageError,
    read_image,
)
from mtperception.nodes.pin_detector import PinDetectorNode

pytestmark = pytest.mark.timeout(3600)
SEED = 3
NUMBERS = (0, 1, 2, 3, 7, 15, 16, 17, 64, 255, 256, 2**15, 2**16, 2**31 - 1, 2**31, 2**32 - 1)
ENCODINGS = (
    *BYTES_PER_PIXEL, '', 'mono', 'MONO8', '32FC1', '16UC1 ', 'bayer', 'jpeg', 'é', 'a' * 300)
CAUSES = {
    'empty', 'size', 'encoding', 'step', 'data', 'stamp', 'undecodable', 'conversion', 'failed',
    'overwritten'}


def good_image(random_source):
    encoding = random_source.choice(list(BYTES_PER_PIXEL))
    width, height = (2 * random_source.randint(8, 24) for _ in range(2))
    step = width * BYTES_PER_PIXEL[encoding] + random_source.choice((0, 0, 3))
    message = Image(width=width, height=height, step=step, encoding=encoding)
    message.data = array('B', random_source.randbytes(step * height))
    message.header.stamp.sec = int(time.time())
    return message


def damaged_bytes(random_source, spared=0):
    """
    Give the CDR bytes of an image with one to three damages, in fields, bytes or both.

    The first `spared` bytes stay as they are.
    """
    message = good_image(random_source)
    in_bytes = random_source.randint(0, 1)
    for _ in range(random_source.randint(1 - in_bytes, 2)):
        damage_field(message, random_source)
    data = bytearray(serialize_message(message))
    if in_bytes:
        damage_bytes(data, spared, random_source)
    return bytes(data)


def damage_field(message, random_source):
    field = random_source.choice((
        'width', 'height', 'step', 'encoding', 'data', 'is_bigendian', 'sec', 'nanosec',
        'frame_id'))
    if field == 'encoding':
        message.encoding = random_source.choice(ENCODINGS)
    elif field == 'data':
        message.data = message.data[:random_source.randint(0, len(message.data))]
    elif field == 'is_bigendian':
        message.is_bigendian = random_source.randint(0, 255)
    elif field == 'sec':
        message.header.stamp.sec = random_source.choice((-2**31, -1, 0, 1, 2**31 - 1))
    elif field == 'nanosec':
        message.header.stamp.nanosec = random_source.choice(NUMBERS)
    elif field == 'frame_id':
        message.header.frame_id = random_source.choice(('', '\0', '/', 'x' * 5000, '\u2603'))
    else:
        near = getattr(message, field) + random_source.randint(-2, 2)
        setattr(message, field, random_source.choice((*NUMBERS, min(max(0, near), 2**32 - 1))))


def damage_bytes(data, spared, random_source):
    # Most of the bytes are pixels, where a damage is none: look for places in the fields, too.
    last = len(data) - 1
    where = random_source.randint(spared, random_source.choice((min(64, last), last)))
    kind = random_source.choice(('flip', 'block', 'cut', 'insert', 'extend'))
    if kind == 'flip':
        data[where] ^= 1 << random_source.randint(0, 7)
    elif kind == 'block':
        data[where:where + 4] = random_source.randbytes(4)
    elif kind == 'cut':
        del data[where:]
    elif kind == 'insert':
        data[where:where] = random_source.randbytes(random_source.randint(1, 9))
    else:
        data += random_source.randbytes(random_source.randint(1, 99))


def table(tell, counts):
    tell()
    for name, number in sorted(counts.items(), key=lambda item: -item[1]):
        tell(f'{name:>24} {number:8}')


def decode(data):
    """Take a picture through gate and decoder, as the node does; give its fate's name."""
    try:
        message = read_image(data)
        check_image(message)
        picture = grey_image(message)
    except ImageError as error:
        assert '\n' not in str(error)
        return error.cause
    assert picture.shape == (message.height, message.width)
    return 'decoded'


def test_damaged_bytes_in_the_same_process(ros, count, tell):
    """Hand bytes to the running node's own callback: not all of them can be sent by DDS."""
    node = PinDetectorNode()
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    threading.Thread(target=executor.spin, daemon=True).start()
    try:
        wait_for(lambda: node.transitions.state == 'active')
        callback = next(subscription.callback for subscription in node.subscriptions
                        if subscription.topic_name == '/image')
        random_source = random.Random(SEED)
        total = count(3000, 200_000)
        fates = Counter()
        for number in range(total):
            data = damaged_bytes(random_source)
            fates[decode(data)] += 1
            callback(data)
            if number % 200 == 0:
                time.sleep(0.03)  # for the network to see some of those that are good
        wait_for(lambda: accounted(node.health.values()))
        values = node.health.values()
        assert int(values['received']) == total
        dropped = node.health.dropped
        assert set(dropped) <= CAUSES
        assert len(dropped) > 6
        assert int(values['processed']) > 0
        table(tell, {'processed': int(values['processed']), **dropped})
        for late in ('overwritten', 'failed'):
            dropped.pop(late, None)
        del fates['decoded']
        assert dropped == fates
        before = int(values['processed'])
        callback(serialize_message(good_image(random_source)))
        wait_for(lambda: int(node.health.values()['processed']) == before + 1)
    finally:
        executor.shutdown()
        node.destroy_node()


def test_damaged_bytes_over_dds(station, count, tell):
    """Send what can be sent; the header of the bytes is the middleware's own affair."""
    everything = QoSProfile(depth=1, history=HistoryPolicy.KEEP_ALL)
    publisher = station.node.create_publisher(Image, 'image', everything)
    station.start(**{
        'qos_overrides./image.subscription.history': 'keep_all', 'max_image_age': 0.0})
    station.wait(lambda: publisher.get_subscription_count() == 1)
    random_source = random.Random(SEED)
    sent = Counter()
    for _ in range(count(300, 5000)):
        try:
            publisher.publish(damaged_bytes(random_source, CDR_HEADER))
            sent['sent'] += 1
        except RCLError:  # the middleware does not send what it cannot read itself
            sent['refused by DDS'] += 1
    station.wait(lambda: int(station.values.get('received', 0)) == sent['sent'])
    station.wait(lambda: accounted(station.values))
    dropped = {key.partition('.')[2]: int(value) for key, value in station.values.items()
               if key.startswith('dropped.')}
    assert set(dropped) <= CAUSES
    table(tell, sent | {'processed': int(station.values['processed'])} | dropped)
    assert station.end()[0] == 0


def accounted(values):
    return int(values['received']) == int(values['processed']) + int(values['dropped'])


def wait_for(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
