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

"""What a camera_info says of a picture, and what it cannot."""

from hypothesis import given, strategies as st
import numpy as np
import pytest
from sensor_msgs.msg import Image, RegionOfInterest
from std_msgs.msg import Header

from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.distortion import Distortion
from mtperception.nodes.camera_model import camera_model, CameraError
from mtperception.nodes.conversions import camera_info_message

CAMERA = PinholeCamera(640, 480, 600.0, 610.0, 320.5, 239.0)
HEADER = Header(frame_id='camera')


def info(**fields):
    message = camera_info_message(CAMERA, HEADER)
    for name, value in fields.items():
        setattr(message, name, value)
    return message


def picture(width=640, height=480, frame='camera'):
    return Image(header=Header(frame_id=frame), width=width, height=height)


def test_k_comes_back():
    assert camera_model(info(), picture(), rectified=False) == (CAMERA, Distortion())


def test_k_and_d_are_of_raw_pictures_and_p_of_rectified_ones():
    message = info(d=[-0.2, 0.1, 0.001, 0.002, 0.01], p=[
        500.0, 0.0, 310.0, 0.0, 0.0, 505.0, 230.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    raw = camera_model(message, picture(), rectified=False)
    assert raw == (CAMERA, Distortion(-0.2, 0.1, 0.001, 0.002, 0.01))
    rectified = camera_model(message, picture(), rectified=True)
    assert rectified == (PinholeCamera(640, 480, 500.0, 505.0, 310.0, 230.0), Distortion())


@pytest.mark.parametrize('model, coefficients, lens', [
    ('plumb_bob', [0.1, 0.2, 0.01, 0.02], Distortion(0.1, 0.2, 0.01, 0.02)),
    ('rational_polynomial', [0.1, 0.2, 0.01, 0.02, 0.3, 0.4, 0.5, 0.6],
     Distortion(0.1, 0.2, 0.01, 0.02, 0.3, 0.4, 0.5, 0.6)),
    ('plumb_bob', [], Distortion()),
    ('', [], Distortion()),
    ('inverse_brown_conrady', [0.0] * 5, Distortion()),
])
def test_lenses_are_those_of_their_models(model, coefficients, lens):
    message = info(distortion_model=model, d=coefficients)
    assert camera_model(message, picture(), rectified=False).lens == lens


@given(st.integers(0, 300), st.integers(0, 200), st.sampled_from((0, 1)),
       st.sampled_from((1, 2, 4)), st.sampled_from((1, 2, 5)), st.booleans())
def test_a_part_of_binned_pixels_sees_what_the_whole_picture_sees(
        left, up, none, across, down, rectified):
    roi = RegionOfInterest(x_offset=left, y_offset=up, width=320, height=240)
    message = info(roi=roi, binning_x=across * (1 - none), binning_y=down * (1 - none))
    across, down = (1, 1) if none else (across, down)
    width, height = 320 // across, 240 // down
    camera = camera_model(message, picture(width, height), rectified).camera
    assert (camera.width, camera.height) == (width, height)
    point = np.array([(0.1, -0.05, 1.0)])
    ((x, y),), ((u, v),) = CAMERA.project(point), camera.project(point)
    # Edges of pixels lie on each other, and they are half a pixel from the middles.
    assert across * (u + 0.5) + left == pytest.approx(x + 0.5)
    assert down * (v + 0.5) + up == pytest.approx(y + 0.5)


NO_FOCUS = [0.0] * 9
FAULTS = {
    'uncalibrated': (info(k=NO_FOCUS), picture(), 'no focal length in K'),
    'not a number': (info(k=[np.nan, *CAMERA.matrix.ravel()[1:]]), picture(), 'no focal length'),
    'a negative focal length': (info(k=[-1.0, *CAMERA.matrix.ravel()[1:]]), picture(), 'focal'),
    'of another size': (info(), picture(320, 240), '640 x 480 pixels, the picture has 320 x 240'),
    'of another frame': (info(), picture(frame='other'), "'camera', the picture of 'other'"),
    'an unknown lens': (
        info(distortion_model='fisheye', d=[0.1] * 4), picture(), "'fisheye'; known are"),
    'a lens that is not a number': (info(d=[np.nan] + [0.0] * 4), picture(), 'coefficients'),
    'too many coefficients': (info(d=[0.1] * 8), picture(), 'not of plumb_bob'),
    'a part of another size': (
        info(roi=RegionOfInterest(width=100, height=100)), picture(), '100 x 100'),
}


@pytest.mark.parametrize('fault', FAULTS)
def test_what_is_no_camera_is_named(fault):
    message, image, word = FAULTS[fault]
    with pytest.raises(CameraError, match=word) as caught:
        camera_model(message, image, rectified=False)
    assert '\n' not in str(caught.value)


def test_a_camera_that_was_never_rectified_is_named():
    with pytest.raises(CameraError, match='no focal length in P'):
        camera_model(info(p=[0.0] * 12), picture(), rectified=True)
