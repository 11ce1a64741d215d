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

"""The gate between a camera's messages and the code that trusts its pictures."""

from collections.abc import Mapping

from cv_bridge import CvBridge, CvBridgeError
import numpy as np
import numpy.typing as npt
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image

# Bytes a pixel of the encodings that can be turned into grey or colour pictures.
BYTES_PER_PIXEL = {
    'mono8': 1, '8UC1': 1, 'mono16': 2, '16UC1': 2,
    'bgr8': 3, 'rgb8': 3, 'bgra8': 4, 'rgba8': 4,
    'bayer_rggb8': 1, 'bayer_bggr8': 1, 'bayer_gbrg8': 1, 'bayer_grbg8': 1,
    'yuv422': 2, 'yuv422_yuy2': 2,
}
DEPTH_BYTES_PER_PIXEL = {'16UC1': 2, '32FC1': 4}
GREY_ENCODINGS = frozenset({'mono8', '8UC1', 'mono16', '16UC1'})
CDR_HEADER = 4  # bytes
# A network takes about 70 bytes of memory a pixel: 5 GB for the largest picture.
MAX_PIXELS = 64 * 1024 * 1024


class ImageError(ValueError):
    """An image message that cannot be used; `cause` is the short name it is counted under."""

    def __init__(self, cause: str, text: str) -> None:
        super().__init__(text)
        self.cause = cause


def read_image(data: bytes) -> Image:
    """Unpack the CDR bytes of a message; raise ImageError where they are none."""
    if len(data) < CDR_HEADER:  # rmw_cyclonedds reads on beyond the end
        raise ImageError('undecodable', f'{len(data)} bytes are no sensor_msgs/msg/Image')
    try:
        message: Image = deserialize_message(data, Image)
    except Exception as error:  # which one depends on the middleware and on the damage
        raise ImageError(
            'undecodable', f'{len(data)} bytes are no sensor_msgs/msg/Image: {error}') from error
    return message


def check_image(
    message: Image, bytes_per_pixel: Mapping[str, int] = BYTES_PER_PIXEL,
) -> None:
    """
    Raise ImageError unless header, sizes, encoding and data of a message fit together.

    `bytes_per_pixel` are those of the encodings that will do. Nothing is allocated, so a message
    that claims an absurd size costs nothing.
    """
    width, height, step = message.width, message.height, message.step
    if width == 0 or height == 0:
        raise ImageError('empty', f'image of {width} x {height} pixels')
    if width * height > MAX_PIXELS:
        raise ImageError(
            'size', f'image of {width} x {height} pixels; {MAX_PIXELS} in all are the most')
    pixel = bytes_per_pixel.get(message.encoding)
    if pixel is None:
        raise ImageError(
            'encoding',
            f"encoding {message.encoding[:40]!r} is not one of {', '.join(bytes_per_pixel)}",
        )
    if step < width * pixel:
        raise ImageError(
            'step', f'step of {step} bytes is too small for {width} pixels of {message.encoding}'
        )
    if len(message.data) != step * height:
        raise ImageError(
            'data', f'{len(message.data)} bytes of data where step x height is {step * height}'
        )
    stamp = message.header.stamp
    if stamp.sec < 0 or stamp.nanosec >= 1_000_000_000:
        raise ImageError('stamp', f'stamp of {stamp.sec} s and {stamp.nanosec} ns is no time')


def grey_image(message: Image) -> npt.NDArray[np.uint8]:
    """
    Decode a checked message to height x width grey values of 8 bits.

    A mono8 picture is a view of the message's bytes; 16 bits keep their upper 8. Raise ImageError
    where the conversion fails.
    """
    if message.encoding in GREY_ENCODINGS:
        rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
        if BYTES_PER_PIXEL[message.encoding] == 1:
            return rows[:, :message.width]
        upper = 0 if message.is_bigendian else 1
        return rows[:, upper:2 * message.width:2]
    try:
        grey: npt.NDArray[np.uint8] = CvBridge().imgmsg_to_cv2(message, 'mono8')
    except CvBridgeError as error:
        raise ImageError('conversion', f'{message.encoding} to mono8: {error}') from error
    return grey


def colour_image(message: Image, encoding: str = 'rgb8') -> npt.NDArray[np.uint8]:
    """
    Decode a checked message to height x width x 3 of an encoding, rgb8 or bgr8.

    Raise ImageError where the conversion fails.
    """
    try:
        colour: npt.NDArray[np.uint8] = CvBridge().imgmsg_to_cv2(message, encoding)
    except CvBridgeError as error:
        raise ImageError('conversion', f'{message.encoding} to {encoding}: {error}') from error
    return colour


def bgr_or_grey_image(message: Image) -> npt.NDArray[np.uint8]:
    """Decode a checked message as OpenCV has pictures: BGR, or grey where there is no colour."""
    if message.encoding in GREY_ENCODINGS:
        return np.ascontiguousarray(grey_image(message))
    return colour_image(message, 'bgr8')


def depth_image(message: Image) -> npt.NDArray[np.float32]:
    """
    Check and decode a depth picture: height x width metres, infinite where nothing is known.

    16UC1 is in millimetres, 0 for nothing. Raise ImageError as check_image does.
    """
    check_image(message, DEPTH_BYTES_PER_PIXEL)
    pixel = DEPTH_BYTES_PER_PIXEL[message.encoding]
    kind = np.dtype('u2' if pixel == 2 else 'f4').newbyteorder(
        '>' if message.is_bigendian else '<')
    rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
    stored = np.ascontiguousarray(rows[:, :message.width * pixel]).view(kind)
    depth = stored.astype(np.float32) * np.float32(0.001 if pixel == 2 else 1.0)
    return np.where(np.isfinite(depth) & (depth > 0.0), depth, np.float32(np.inf))
