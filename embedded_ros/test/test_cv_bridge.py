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

import subprocess
import sys

import cv2
from cv_bridge import CvBridge, CvBridgeError
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

BRIDGE = CvBridge()
SHAPES = {
    'mono8': (np.uint8, 1), 'mono16': (np.uint16, 1), 'bgr8': (np.uint8, 3),
    'rgb8': (np.uint8, 3), 'bgra8': (np.uint8, 4), 'rgba8': (np.uint8, 4),
    'rgb16': (np.uint16, 3), 'bgra16': (np.uint16, 4), '8UC1': (np.uint8, 1),
    '8UC3': (np.uint8, 3),
    '8SC2': (np.int8, 2), '16UC1': (np.uint16, 1), '16SC3': (np.int16, 3),
    '32SC1': (np.int32, 1), '32FC1': (np.float32, 1), '64FC4': (np.float64, 4),
    'bayer_rggb8': (np.uint8, 1), 'bayer_grbg16': (np.uint16, 1),
    'yuv422': (np.uint8, 2), 'yuv422_yuy2': (np.uint8, 2),
}


def picture(dtype, channels, height=6, width=8, seed=0):
    shape = (height, width) if channels == 1 else (height, width, channels)
    generator = np.random.default_rng(seed)
    if np.dtype(dtype).kind == 'f':
        return generator.normal(size=shape).astype(dtype)
    limits = np.iinfo(dtype)
    return generator.integers(limits.min, limits.max, shape, dtype, endpoint=True)


@pytest.mark.parametrize('encoding', SHAPES)
def test_round_trip(encoding):
    image = picture(*SHAPES[encoding])
    message = BRIDGE.cv2_to_imgmsg(image, encoding, Header(frame_id='camera'))
    assert (message.height, message.width, message.encoding) == (6, 8, encoding)
    assert message.step == image.strides[0]
    assert message.header.frame_id == 'camera'
    back = BRIDGE.imgmsg_to_cv2(message)
    assert back.dtype == image.dtype
    assert np.array_equal(back, image)
    same = BRIDGE.imgmsg_to_cv2(message, encoding)
    assert np.array_equal(same, image)


@given(
    arrays.arrays(
        st.sampled_from(['u1', 'u2', '>u2', '<i4', '>f4', 'f8']),
        arrays.array_shapes(min_dims=2, max_dims=3, max_side=4),
        fill=st.just(1),
    )
)
def test_any_array_survives_in_any_byte_order(image):
    message = BRIDGE.cv2_to_imgmsg(image)
    back = BRIDGE.imgmsg_to_cv2(message)
    assert back.dtype == image.dtype.newbyteorder('=')
    # One channel comes back without its axis, as from OpenCV.
    assert np.array_equal(back.reshape(image.shape), image, equal_nan=True)


def test_passthrough_is_a_view_and_a_named_encoding_a_copy():
    message = BRIDGE.cv2_to_imgmsg(picture(np.uint8, 3), 'bgr8')
    assert np.shares_memory(BRIDGE.imgmsg_to_cv2(message), np.frombuffer(message.data, np.uint8))
    copy = BRIDGE.imgmsg_to_cv2(message, 'bgr8')
    assert not np.shares_memory(copy, np.frombuffer(message.data, np.uint8))


def test_padded_rows():
    image = picture(np.uint16, 1)
    step = image.strides[0] + 6
    rows = np.full((6, step), 99, np.uint8)
    rows[:, : image.strides[0]] = image.view(np.uint8)
    message = Image(height=6, width=8, step=step, encoding='mono16', data=rows.tobytes())
    assert np.array_equal(BRIDGE.imgmsg_to_cv2(message), image)


def test_big_endian():
    image = picture(np.uint16, 1)
    message = Image(
        height=6, width=8, step=16, encoding='16UC1', is_bigendian=1,
        data=image.astype('>u2').tobytes(),
    )
    assert np.array_equal(BRIDGE.imgmsg_to_cv2(message), image)


@pytest.mark.parametrize(
    ('source', 'target', 'code'),
    [
        ('bgr8', 'rgb8', cv2.COLOR_BGR2RGB),
        ('bgr8', 'mono8', cv2.COLOR_BGR2GRAY),
        ('rgba8', 'bgr8', cv2.COLOR_RGBA2BGR),
        ('mono8', 'bgra8', cv2.COLOR_GRAY2BGRA),
        ('mono16', 'rgb16', cv2.COLOR_GRAY2RGB),
        ('yuv422', 'bgr8', cv2.COLOR_YUV2BGR_UYVY),
        ('yuv422', 'mono8', cv2.COLOR_YUV2GRAY_UYVY),
        ('yuv422_yuy2', 'rgb8', cv2.COLOR_YUV2RGB_YUY2),
        ('bayer_rggb8', 'bgr8', cv2.COLOR_BayerBG2BGR),
        ('bayer_bggr8', 'rgb8', cv2.COLOR_BayerRG2RGB),
        ('bayer_gbrg8', 'mono8', cv2.COLOR_BayerGR2GRAY),
        ('bayer_grbg16', 'bgr16', cv2.COLOR_BayerGB2BGR),
    ],
)
def test_colors_are_converted_by_opencv(source, target, code):
    channels = {'mono': 1, 'baye': 1, 'yuv4': 2, 'bgr8': 3, 'rgba': 4}[source[:4]]
    image = picture(np.uint16 if '16' in source else np.uint8, channels)
    message = BRIDGE.cv2_to_imgmsg(image, source)
    expected = cv2.cvtColor(image, code)
    assert np.array_equal(BRIDGE.imgmsg_to_cv2(message, target), expected)


def test_a_red_pixel_of_a_bayer_picture_is_red():
    mosaic = np.zeros((8, 8), np.uint8)
    mosaic[0::2, 0::2] = 200
    color = BRIDGE.imgmsg_to_cv2(BRIDGE.cv2_to_imgmsg(mosaic, 'bayer_rggb8'), 'rgb8')
    assert color[4, 4].tolist() == [200, 0, 0]


def test_bit_depths_are_scaled():
    image = np.array([[0, 1, 128, 255]], np.uint8)
    wide = BRIDGE.imgmsg_to_cv2(BRIDGE.cv2_to_imgmsg(image, 'mono8'), 'mono16')
    assert wide.tolist() == [[0, 257, 32896, 65535]]
    back = BRIDGE.imgmsg_to_cv2(BRIDGE.cv2_to_imgmsg(wide, 'mono16'), 'mono8')
    assert np.array_equal(back, image)
    color = BRIDGE.imgmsg_to_cv2(BRIDGE.cv2_to_imgmsg(image, 'mono8'), 'bgr16')
    assert color.dtype == np.uint16
    assert color[0, 3].tolist() == [65535] * 3


def test_plain_numbers_change_type_without_scaling():
    depth = np.array([[0, 1000, 65535]], np.uint16)
    metres = BRIDGE.imgmsg_to_cv2(BRIDGE.cv2_to_imgmsg(depth, '16UC1'), '32FC1')
    assert metres.dtype == np.float32
    assert np.array_equal(metres, depth)
    floats = np.array([[-1.0, 0.5, 1.5, 70000.0, np.nan]], np.float32)
    numbers = BRIDGE.imgmsg_to_cv2(BRIDGE.cv2_to_imgmsg(floats, '32FC1'), '16UC1')
    assert numbers.tolist() == [[0, 0, 2, 65535, 0]]


@pytest.mark.parametrize(
    ('source', 'target'),
    [
        ('16UC1', 'mono8'), ('8UC3', 'bgr8'), ('bgr8', '16UC1'), ('mono8', 'yuv422'),
        ('8UC1', '8UC3'), ('bayer_rggb8', 'bgra8'), ('mono8', 'bayer_rggb8'),
        ('mono8', 'nonsense'), ('mono8', ''),
    ],
)
def test_conversions_without_sense_are_refused(source, target):
    message = BRIDGE.cv2_to_imgmsg(picture(*SHAPES[source]), source)
    with pytest.raises(CvBridgeError, match=target or 'encoding'):
        BRIDGE.imgmsg_to_cv2(message, target)


def test_messages_that_contradict_themselves_are_refused():
    good = {'height': 2, 'width': 2, 'step': 2, 'encoding': 'mono8', 'data': bytes(4)}
    assert BRIDGE.imgmsg_to_cv2(Image(**good)).shape == (2, 2)
    for wrong in ({'step': 1}, {'data': bytes(3)}, {'encoding': ''}, {'encoding': 'bgr8'}):
        with pytest.raises(CvBridgeError):
            BRIDGE.imgmsg_to_cv2(Image(**{**good, **wrong}))
    assert BRIDGE.imgmsg_to_cv2(Image(encoding='bgr8')).shape == (0, 0, 3)


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(CvBridgeError, match='incompatible type 8UC3'):
        BRIDGE.cv2_to_imgmsg(picture(np.uint8, 3), 'mono8')
    with pytest.raises(CvBridgeError, match='bool'):
        BRIDGE.cv2_to_imgmsg(np.zeros((2, 2), bool))
    with pytest.raises(CvBridgeError, match='dimensions'):
        BRIDGE.cv2_to_imgmsg(np.zeros(4, np.uint8))
    with pytest.raises(TypeError):
        BRIDGE.cv2_to_imgmsg([[1, 2]])


@pytest.mark.parametrize(('dtype', 'channels'), [(np.uint8, 1), (np.uint8, 3), (np.uint8, 4),
                                                 (np.uint16, 1), (np.uint16, 3)])
def test_compressed_round_trip(dtype, channels):
    image = picture(dtype, channels)
    message = BRIDGE.cv2_to_compressed_imgmsg(image, 'png')
    assert message.format == 'png'
    assert np.array_equal(BRIDGE.compressed_imgmsg_to_cv2(message), image)
    assert BRIDGE.compressed_imgmsg_to_cv2(message, 'rgb8').shape == (6, 8, 3)
    assert BRIDGE.compressed_imgmsg_to_cv2(message, 'mono8').dtype == np.uint8


@pytest.mark.parametrize('data', [b'', b'no picture', b'\x89PNG\r\n\x1a\n' + bytes(20)])
def test_a_broken_compressed_image_is_refused(data):
    with pytest.raises(CvBridgeError, match='no picture'):
        BRIDGE.compressed_imgmsg_to_cv2(CompressedImage(format='png', data=data))


def test_an_unknown_file_format_is_refused():
    with pytest.raises(CvBridgeError, match='nonsense'):
        BRIDGE.cv2_to_compressed_imgmsg(picture(np.uint8, 3), 'nonsense')


def test_a_missing_opencv_is_named_where_it_is_needed():
    program = (
        'import sys\n'
        "sys.modules['cv2'] = None\n"
        'import numpy as np\n'
        'from cv_bridge import CvBridge\n'
        'bridge = CvBridge()\n'
        "message = bridge.cv2_to_imgmsg(np.zeros((2, 2, 3), np.uint8), 'bgr8')\n"
        'bridge.imgmsg_to_cv2(message)\n'
        'try:\n'
        "    bridge.imgmsg_to_cv2(message, 'mono8')\n"
        'except ImportError as error:\n'
        '    print(error)\n'
    )
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True)
    assert 'opencv-python-headless' in done.stdout
