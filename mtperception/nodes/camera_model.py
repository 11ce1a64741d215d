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

"""What a camera_info says: the camera of the pictures, or why nothing can be measured in them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sensor_msgs.msg import CameraInfo, Image

from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.distortion import Distortion

# Coefficients of each model that is known, in the order of `Distortion`.
_COEFFICIENTS = {'': 5, 'plumb_bob': 5, 'rational_polynomial': 8}


class CameraError(ValueError):
    """A camera_info does not say where pixels look; the message says why, and what to do."""


class CameraModel(NamedTuple):
    """Where pixels look: a pinhole camera behind a lens."""

    camera: PinholeCamera
    lens: Distortion


def camera_model(info: CameraInfo, image: Image, rectified: bool) -> CameraModel:
    """
    Return the camera of a picture: by K and D, or where it is rectified by P.

    Both are of the full picture; a picture may be a part of it (roi), and each of its pixels the
    mean of several (binning). CameraError is raised where the two messages do not go together or
    what is said is no camera.
    """
    frame = info.header.frame_id
    if frame != image.header.frame_id:
        raise CameraError(
            f'camera_info is of frame {frame!r}, the picture of {image.header.frame_id!r}: check '
            'which camera_info is listened to')
    values = np.asarray(info.p if rectified else info.k, dtype=np.float64).reshape(3, -1)
    (fx, _, cx), (_, fy, cy) = values[0, :3], values[1, :3]
    if not (np.isfinite(values).all() and fx > 0.0 and fy > 0.0):
        raise CameraError(
            f"camera_info has no focal length in {'P' if rectified else 'K'}: calibrate the "
            'camera')
    across, down = max(1, info.binning_x), max(1, info.binning_y)
    roi = info.roi
    whole = not (roi.width or roi.height)
    width = (info.width if whole else roi.width) // across
    height = (info.height if whole else roi.height) // down
    if (width, height) != (image.width, image.height):
        raise CameraError(
            f'camera_info is of pictures of {width} x {height} pixels, the picture has '
            f'{image.width} x {image.height}')
    left, up = (0, 0) if whole else (roi.x_offset, roi.y_offset)
    # The middle of the first of the small pixels is at 0, and so is that of the large ones.
    camera = PinholeCamera(
        image.width, image.height, float(fx / across), float(fy / down),
        float((cx - left + 0.5) / across - 0.5), float((cy - up + 0.5) / down - 0.5))
    return CameraModel(camera, Distortion() if rectified else _lens(info.distortion_model, info.d))


def _lens(model: str, values: Sequence[float]) -> Distortion:
    coefficients = [float(value) for value in values]
    if not any(coefficients):
        return Distortion()
    if model not in _COEFFICIENTS:
        raise CameraError(
            f'camera_info has distortion of the model {model[:40]!r}; known are '
            f"{', '.join(filter(None, _COEFFICIENTS))}: rectify the pictures, and set rectified")
    if not np.isfinite(coefficients).all() or any(coefficients[_COEFFICIENTS[model]:]):
        raise CameraError(
            f'camera_info has coefficients that are not of {model or "plumb_bob"}: calibrate the '
            'camera')
    return Distortion(*coefficients[:_COEFFICIENTS[model]])
