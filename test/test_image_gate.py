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

from array import array

from cv_bridge import CvBridge
from hypothesis import given, settings, strategies as st
import numpy as np
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image

from mtperception.nodes.image_gate import (
    bgr_or_grey_image,
    BYTES_PER_PIXEL,
    check_image,
    GREY_ENCODINGS,
    grey_image,
    ImageError,
    read_image,
)


def image(encoding='mono8', width=8, height=4, padding=0, data=None, **fields):
    step = width * BYTES_PER_PIXEL.get(encoding, 1) + padding
    message = Image(encoding=encoding, width=width, height=height, step=step, **fields)
    message.data = array('B', data if data is not None else bytes(range(256)) * 8)[:step * height]
    return message


def cause(message):
    with pytest.raises(ImageError) as caught:
        check_image(message)
        grey_image(message)
    return caught.value.cause


@pytest.mark.parametrize('encoding', sorted(BYTES_PER_PIXEL))
@pytest.mark.parametrize('padding', [0, 4])
def test_every_encoding_gives_grey_of_the_same_size(encoding, padding):
    message = image(encoding, padding=padding)
    check_image(message)
    grey = grey_image(message)
    assert grey.dtype == np.uint8
    assert grey.shape == (4, 8)


@pytest.mark.parametrize('encoding', sorted(BYTES_PER_PIXEL))
def test_every_encoding_gives_what_opencv_takes(encoding):
    picture = bgr_or_grey_image(image(encoding, padding=4))
    assert picture.dtype == np.uint8
    assert picture.shape == ((4, 8) if encoding in GREY_ENCODINGS else (4, 8, 3))
    assert picture.flags.c_contiguous


def test_colours_come_in_opencvs_order():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 3), np.uint8)
    for encoding, stored in (('bgr8', pixels), ('rgb8', pixels[..., ::-1])):
        message = image(encoding, data=stored.tobytes())
        np.testing.assert_array_equal(bgr_or_grey_image(message), pixels)


def test_mono8_is_a_view_without_the_padding():
    message = image(padding=3)
    grey = grey_image(message)
    assert grey[1, 0] == message.data[11]
    message.data[11] = 99
    assert grey[1, 0] == 99


@pytest.mark.parametrize('big_endian', [0, 1])
def test_sixteen_bits_keep_their_upper_eight(big_endian):
    values = np.arange(0, 2**16, 2**11, dtype='>u2' if big_endian else '<u2').reshape(4, 8)
    message = image('mono16', data=values.tobytes(), is_bigendian=big_endian)
    check_image(message)
    np.testing.assert_array_equal(grey_image(message), values >> 8)


def test_colour_agrees_with_cv_bridge_and_its_channel_order():
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[..., 0] = 200
    red = grey_image(image('rgb8', data=pixels.tobytes()))
    blue = grey_image(image('bgr8', data=pixels.tobytes()))
    assert red[0, 0] == 60
    assert blue[0, 0] == 23
    message = CvBridge().cv2_to_imgmsg(pixels, 'bgr8')
    np.testing.assert_array_equal(blue, CvBridge().imgmsg_to_cv2(message, 'mono8'))


GOOD = serialize_message(image())
ENCODING_AT = GOOD.index(b'mono8\0')


@pytest.mark.parametrize('data', [
    b'', GOOD[:3], GOOD[:4], GOOD[:12], GOOD[:-4], GOOD[:4] + b'GET / HTTP/1.1\r\n\r\n',
    GOOD[:ENCODING_AT - 4] + b'\xff\xff\xff\x7f' + GOOD[ENCODING_AT:],
], ids=['empty', 'no header', 'header', 'stamp', 'truncated', 'text', 'endless'])
def test_bytes_that_are_no_message_are_named(data):
    with pytest.raises(ImageError) as caught:
        read_image(data)
    assert caught.value.cause == 'undecodable'
    assert '\n' not in str(caught.value)


def test_an_encoding_that_is_no_utf8_is_refused():
    with pytest.raises(ImageError) as caught:
        check_image(read_image(GOOD[:ENCODING_AT] + b'\xff\xfe' + GOOD[ENCODING_AT + 2:]))
    # rclpy itself replaces such bytes, and gives an unknown encoding.
    assert caught.value.cause in ('undecodable', 'encoding')


def test_faults_are_named():
    assert cause(image(width=0)) == 'empty'
    assert cause(image(height=0)) == 'empty'
    assert cause(Image(encoding='mono8', width=2**31, height=2**31, step=2**31)) == 'size'
    assert cause(image('')) == 'encoding'
    assert cause(image('mono7')) == 'encoding'
    short = image()
    short.data = short.data[:-1]
    assert cause(short) == 'data'
    long = image()
    long.data.append(0)
    assert cause(long) == 'data'
    narrow = image()
    narrow.step = 7
    assert cause(narrow) == 'step'
    early = image()
    early.header.stamp.sec = -1
    assert cause(early) == 'stamp'
    late = image()
    late.header.stamp.nanosec = 10**9
    assert cause(late) == 'stamp'


@settings(max_examples=300, deadline=None)
@given(
    encoding=st.sampled_from([*sorted(BYTES_PER_PIXEL), '', 'bayer', '32FC1', 'x' * 500]),
    width=st.integers(0, 2**32 - 1) | st.integers(0, 9),
    height=st.integers(0, 2**32 - 1) | st.integers(0, 9),
    step=st.integers(0, 2**32 - 1) | st.integers(0, 40),
    size=st.integers(0, 400),
    big_endian=st.integers(0, 255),
)
def test_a_message_is_decoded_or_refused(encoding, width, height, step, size, big_endian):
    message = Image(encoding=encoding, width=width, height=height, step=step,
                    is_bigendian=big_endian)
    message.data = array('B', bytes(size))
    try:
        check_image(message)
        grey = grey_image(message)
    except ImageError as error:
        assert error.cause
        assert '\n' not in str(error)
    else:
        assert grey.shape == (height, width)
