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

"""What the encodings of image messages mean, and which OpenCV conversions lead between them."""

import functools
import re
from typing import Any, NamedTuple

import numpy as np

_TYPES = {
    '8U': 'uint8',
    '8S': 'int8',
    '16U': 'uint16',
    '16S': 'int16',
    '32S': 'int32',
    '32F': 'float32',
    '64F': 'float64',
}
_TYPE_OF_DTYPE = {name: code for code, name in _TYPES.items()}
_GENERIC = re.compile(r'(8U|8S|16U|16S|32S|32F|64F)C([0-9]*)')
_CHANNELS = {'mono': 1, 'rgb': 3, 'bgr': 3, 'rgba': 4, 'bgra': 4}
_COLOR = re.compile(r'(mono|rgba|bgra|rgb|bgr)(8|16)')
_BAYER = re.compile(r'bayer_(rggb|bggr|gbrg|grbg)(8|16)')
_YUV422 = {'yuv422': 'UYVY', 'uyvy': 'UYVY', 'yuv422_yuy2': 'YUY2', 'yuyv': 'YUY2'}
# OpenCV calls a Bayer pattern by the second row's second and third pixel.
_OPENCV_BAYER = {'rggb': 'BayerBG', 'bggr': 'BayerRG', 'gbrg': 'BayerGR', 'grbg': 'BayerGB'}


class CvBridgeError(TypeError):
    """An image that cannot be converted, or not into what is asked for."""


class Encoding(NamedTuple):
    """
    One encoding.

    `color` is what OpenCV's conversions call it ('GRAY', 'BGR', 'BayerBG', 'YUV_UYVY', ...), ''
    for numbers without a meaning as colour ('16UC1').
    """

    name: str
    dtype: str
    channels: int
    color: str

    @property
    def bit_depth(self) -> int:
        return np.dtype(self.dtype).itemsize * 8


@functools.cache
def encoding(name: str) -> Encoding:
    """Return the encoding of that name; CvBridgeError when there is none."""
    if match := _COLOR.fullmatch(name):
        color = 'GRAY' if match[1] == 'mono' else match[1].upper()
        return Encoding(name, f'uint{match[2]}', _CHANNELS[match[1]], color)
    if match := _BAYER.fullmatch(name):
        return Encoding(name, f'uint{match[2]}', 1, _OPENCV_BAYER[match[1]])
    if name in _YUV422:
        return Encoding(name, 'uint8', 2, f'YUV_{_YUV422[name]}')
    if match := _GENERIC.fullmatch(name):
        return Encoding(name, _TYPES[match[1]], int(match[2] or 1), '')
    raise CvBridgeError(f'Unrecognized image encoding [{name}]')


def generic_name(dtype: Any, channels: int) -> str:
    """Return the encoding of an array without a meaning as colour: '8UC3'."""
    if np.dtype(dtype).name not in _TYPE_OF_DTYPE:
        raise CvBridgeError(f'no image encoding has elements of type {np.dtype(dtype).name}')
    return f'{_TYPE_OF_DTYPE[np.dtype(dtype).name]}C{channels}'


def conversion_code_name(source: Encoding, target: Encoding) -> str:
    """
    Return the name of the OpenCV constant that converts the colours, '' where there is no need.

    CvBridgeError when the conversion makes no sense or OpenCV has none.
    """
    if not (source.color and target.color):
        _check_same_channels(source, target)
        return ''
    if source.color == target.color:
        return ''
    plain = ('GRAY', 'RGB', 'BGR', 'RGBA', 'BGRA')
    if source.color.startswith('YUV_') and target.color in plain:
        pattern = source.color.removeprefix('YUV_')
        return f'COLOR_YUV2{target.color}_{pattern}'
    wanted = plain[:3] if source.color.startswith('Bayer') else plain
    if target.color in wanted and not source.color.startswith('YUV_'):
        return f'COLOR_{source.color}2{target.color}'
    raise CvBridgeError(f'Unsupported conversion from [{source.name}] to [{target.name}]')


def _check_same_channels(source: Encoding, target: Encoding) -> None:
    if target.color and not source.color:
        raise CvBridgeError(
            f'[{source.name}] is not a color format. but [{target.name}] is. '
            'The conversion does not make sense'
        )
    if source.channels != target.channels:
        raise CvBridgeError(
            f'[{source.name}] and [{target.name}] do not have the same number of channels'
        )
