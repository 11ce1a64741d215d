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

"""The bridge between image messages and NumPy arrays in OpenCV's layout."""

import sys
from typing import Any

from cv_bridge.encodings import (
    conversion_code_name,
    CvBridgeError,
    Encoding,
    encoding,
    generic_name,
)
import numpy as np
from sensor_msgs.msg import CompressedImage, Image

__all__ = ['CvBridge', 'CvBridgeError']

_SCALE_TO_16_BIT = 65535 / 255


class CvBridge:
    """
    Converts between sensor_msgs images and arrays of height x width (x channels).

    CvBridgeError for messages, arrays and encodings that do not fit each other.
    """

    def imgmsg_to_cv2(self, img_msg: Any, desired_encoding: str = 'passthrough') -> Any:
        """
        Return the picture of a message, in native byte order.

        With 'passthrough' and rows without padding the array is a view of the message's data.
        """
        source = encoding(img_msg.encoding)
        image = _pixels(img_msg, source)
        if desired_encoding == 'passthrough':
            return image
        return _convert(image, source, encoding(desired_encoding))

    def cv2_to_imgmsg(
        self, cvim: Any, encoding: str = 'passthrough', header: Any = None
    ) -> Any:
        """Return a message with a copy of the picture; `encoding` says what its numbers mean."""
        if not isinstance(cvim, (np.ndarray, np.generic)):
            raise TypeError('Your input type is not a numpy array')
        if cvim.ndim not in (2, 3):
            raise CvBridgeError(f'an image has two or three dimensions, not {cvim.ndim}')
        height, width = np.shape(cvim)[:2]
        message = Image(height=height, width=width)
        if header is not None:
            message.header = header
        message.encoding = _encoding_of(cvim, encoding)
        message.is_bigendian = int(_is_big_endian(cvim.dtype))
        if cvim.size:
            message.data.frombytes(np.ascontiguousarray(cvim).view(np.uint8).data)
        message.step = len(message.data) // message.height if message.height else 0
        return message

    def compressed_imgmsg_to_cv2(
        self, cmprs_img_msg: Any, desired_encoding: str = 'passthrough'
    ) -> Any:
        """Return the picture of a compressed message: as stored (gray, BGR, BGRA) or converted."""
        cv2 = _cv2()
        data = np.frombuffer(cmprs_img_msg.data, np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
        if image is None:
            raise CvBridgeError(
                f'the {data.size} bytes of a compressed image '
                f"(format '{cmprs_img_msg.format}') are no picture"
            )
        if desired_encoding == 'passthrough':
            return image
        channels = 1 if image.ndim == 2 else image.shape[2]
        color = {1: 'mono', 3: 'bgr', 4: 'bgra'}[channels]
        source = encoding(f'{color}{image.itemsize * 8}')
        return _convert(image, source, encoding(desired_encoding))

    def cv2_to_compressed_imgmsg(self, cvim: Any, dst_format: str = 'jpg') -> Any:
        """Return a message with the picture as a file of the given format ('jpg', 'png')."""
        if not isinstance(cvim, (np.ndarray, np.generic)):
            raise TypeError('Your input type is not a numpy array')
        cv2 = _cv2()
        try:
            done, data = cv2.imencode(f'.{dst_format}', cvim)
        except cv2.error as error:
            raise CvBridgeError(f"cannot compress to '{dst_format}': {error}") from error
        if not done:
            raise CvBridgeError(f"cannot compress to '{dst_format}'")
        message = CompressedImage(format=dst_format)
        message.data.frombytes(data.data)
        return message

    def encoding_to_dtype_with_channels(self, encoding_name: str) -> tuple[str, int]:
        """Return element type and number of channels of an encoding."""
        found = encoding(encoding_name)
        return found.dtype, found.channels

    def dtype_with_channels_to_cvtype2(self, dtype: Any, n_channels: int) -> str:
        """Return the encoding of plain numbers: '8UC3'."""
        return generic_name(dtype, n_channels)


def _cv2() -> Any:
    # The fewest conversions need it, and it is large.
    try:
        import cv2
    except ImportError as error:
        raise ImportError(
            'this conversion needs OpenCV: install opencv-python-headless '
            '(or python3-opencv from the distribution)'
        ) from error
    return cv2


def _is_big_endian(dtype: Any) -> bool:
    return dtype.byteorder == '>' or (dtype.byteorder == '=' and sys.byteorder == 'big')


def _pixels(message: Any, source: Encoding) -> Any:
    dtype = np.dtype(source.dtype).newbyteorder('>' if message.is_bigendian else '<')
    pixel = dtype.itemsize * source.channels
    height, width, step = message.height, message.width, message.step
    if step < width * pixel or len(message.data) < height * step:
        raise CvBridgeError(
            f'an image of {width} x {height} in {source.name} does not fit {len(message.data)} '
            f'bytes in rows of {step}'
        )
    if not height * width:
        empty = (height, width) if source.channels == 1 else (height, width, source.channels)
        return np.empty(empty, source.dtype)
    rows = np.frombuffer(message.data, np.uint8, height * step).reshape(height, step)
    image = np.ascontiguousarray(rows[:, : width * pixel]).view(dtype)
    if source.channels > 1:
        image = image.reshape(height, width, source.channels)
    return image.astype(source.dtype, copy=False)


def _encoding_of(image: Any, name: str) -> str:
    plain = generic_name(image.dtype.newbyteorder('='), image.shape[2] if image.ndim == 3 else 1)
    if name == 'passthrough':
        return plain
    wanted = encoding(name)
    if generic_name(wanted.dtype, wanted.channels) != plain:
        raise CvBridgeError(
            f'encoding specified as {name}, but image has incompatible type {plain}'
        )
    return name


def _convert(image: Any, source: Encoding, target: Encoding) -> Any:
    if source.name == target.name:
        return image.copy()
    code = conversion_code_name(source, target)
    if code:
        cv2 = _cv2()
        try:
            image = cv2.cvtColor(image, getattr(cv2, code))
        except cv2.error as error:
            raise CvBridgeError(
                f'cannot convert [{source.name}] to [{target.name}]: {error}') from error
    return _to_depth(image, source, target)


def _to_depth(image: Any, source: Encoding, target: Encoding) -> Any:
    """Change the element type; 8 and 16 bits are scaled to each other, others are kept."""
    if image.dtype == target.dtype:
        return image
    depths = (source.bit_depth, target.bit_depth)
    scale = {(8, 16): _SCALE_TO_16_BIT, (16, 8): 1 / _SCALE_TO_16_BIT}.get(depths, 1.0)
    values = image.astype(np.float64) * scale
    dtype = np.dtype(target.dtype)
    if dtype.kind in 'iu':
        limits = np.iinfo(dtype)
        # What is no number becomes the lowest one, as in OpenCV.
        values = np.nan_to_num(values, nan=limits.min, posinf=limits.max, neginf=limits.min)
        values = np.clip(np.rint(values), limits.min, limits.max)
    return values.astype(dtype)
