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

"""Read the camera of pictures from a file, for verbs that need one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from mtperception.geometry.camera import PinholeCamera


def read_camera(path: Path) -> PinholeCamera:
    """
    Read a camera without distortion from YAML or JSON; ValueError names what is wrong with it.

    Either `width`, `height`, `fx`, `fy`, `cx`, `cy`, as `render pose` writes camera.json, or a
    calibration file of ROS: `image_width`, `image_height` and `camera_matrix`, or the fields of
    a camera_info (`width`, `height`, `k`).
    """
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise ValueError(f'{path}: {error.strerror}') from None
    except (UnicodeDecodeError, yaml.YAMLError):
        raise ValueError(f'{path}: neither YAML nor JSON') from None
    try:
        camera = _camera(content)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError(f'{path}: no camera: it has width, height, fx, fy, cx, cy, or is a '
                         'calibration of ROS') from None
    if not (camera.width > 0 and camera.height > 0 and camera.fx > 0 and camera.fy > 0
            and np.isfinite((camera.fx, camera.fy, camera.cx, camera.cy)).all()):
        raise ValueError(f'{path}: sizes and focal lengths of a camera are positive numbers')
    return camera


def _camera(content: Mapping[str, Any]) -> PinholeCamera:
    if 'fx' in content:
        return PinholeCamera(
            int(content['width']), int(content['height']),
            *(float(content[name]) for name in ('fx', 'fy', 'cx', 'cy')))
    matrix = content['camera_matrix']['data'] if 'camera_matrix' in content else \
        content.get('k', content.get('K'))
    fx, _, cx, _, fy, cy, _, _, _ = (float(number) for number in matrix)
    width = content.get('image_width', content.get('width'))
    height = content.get('image_height', content.get('height'))
    return PinholeCamera(int(width), int(height), fx, fy, cx, cy)
