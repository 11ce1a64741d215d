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

"""Pictures without their lens, and what is drawn on those with it."""

import numpy as np
import pytest

from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.distortion import distort_pixels, Distortion, undistort_pixels
from mtperception.nodes.camera_model import CameraModel
from mtperception.nodes.pose_drawing import (
    box_in_input,
    draw_boxes,
    draw_on_input,
    LensCamera,
)
from mtperception.nodes.straightening import straight_camera, Straightener
from mtperception.pose.detection import ObjectPose

CAMERA = PinholeCamera(200, 160, 180.0, 190.0, 103.0, 77.0)
LENSES = {
    'barrel': Distortion(k1=-0.3, k2=0.1),
    'pincushion': Distortion(k1=0.15),
    'decentred': Distortion(k1=-0.2, k2=0.05, p1=0.004, p2=-0.003),
    'rational': Distortion(k1=0.1, k2=-0.05, k4=0.3, k5=0.02),
}
POSE = ObjectPose('hammer', np.eye(3), np.array((0.3, -0.2, 1.0)), 0.9, (120.0, 20.0, 170.0, 60.0))


def scene(pixels):
    """Give how light a smooth scene is where the camera without a lens has pixels, N x 2."""
    x, y = np.asarray(pixels).T
    return 128.0 + 60.0 * np.sin(x / 15.0) + 60.0 * np.cos(y / 12.0)


def grid(width, height):
    return np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).reshape(-1, 2)


def taken(lens):
    """Take the scene through a lens."""
    light = scene(undistort_pixels(CAMERA, lens, grid(200, 160)))
    return np.rint(light).astype(np.uint8).reshape(160, 200)


@pytest.mark.parametrize('lens', LENSES.values(), ids=LENSES)
def test_a_straight_picture_is_what_the_pinhole_camera_takes(lens):
    model = CameraModel(CAMERA, lens)
    image = taken(lens)
    straight, camera = Straightener().straight(image, model)
    assert straight.shape == (camera.height, camera.width)
    shift = np.array((camera.cx - CAMERA.cx, camera.cy - CAMERA.cy))
    pixels = grid(camera.width, camera.height) - shift
    x, y = distort_pixels(CAMERA, lens, pixels).T
    inside = (x > 0) & (x < 199) & (y > 0) & (y < 159)
    assert inside.mean() > 0.7
    error = np.abs(straight.ravel() - scene(pixels))[inside]
    assert error.max() < 3.0
    # All that the lens shows is in it.
    seen = undistort_pixels(CAMERA, lens, grid(200, 160)) + shift
    assert (seen > -1.0).all() and (seen < (camera.width, camera.height)).all()
    assert (camera.fx, camera.fy) == (CAMERA.fx, CAMERA.fy)


@pytest.mark.parametrize('lens', LENSES.values(), ids=LENSES)
def test_straight_depth_is_that_of_the_nearest_pixel(lens):
    model = CameraModel(CAMERA, lens)
    # Two walls, one behind the other, whose edge nothing may be between; each pixel is another.
    rows, columns = np.mgrid[:160, :200]
    depth = (np.where(columns < 90, 1.0, 3.0) + 1e-5 * (200 * rows + columns)).astype(np.float32)
    straightener = Straightener()
    straight = straightener.straight_depth(depth, model)
    _, camera = straightener.straight(taken(lens), model)
    assert straight.shape == (camera.height, camera.width) and straight.dtype == np.float32
    shift = np.array((camera.cx - CAMERA.cx, camera.cy - CAMERA.cy))
    seen = distort_pixels(CAMERA, lens, grid(camera.width, camera.height) - shift)
    known = np.isfinite(straight.ravel())
    x, y = seen.T
    inside = (x > 0) & (x < 199) & (y > 0) & (y < 159)
    outside = (x < -1) | (x > 200) | (y < -1) | (y > 160)
    assert known[inside].all() and not known[outside].any()
    assert np.isin(straight[np.isfinite(straight)], depth).all()
    column, row = np.rint(seen[inside]).astype(int).T
    same = straight.ravel()[inside] == depth[row, column]
    # Half way between two pixels either is the nearest.
    assert same.mean() > 0.99


def test_without_a_lens_nothing_is_done():
    image = taken(Distortion())
    model = CameraModel(CAMERA, Distortion())
    straight, camera = Straightener().straight(image, model)
    assert straight is image and camera == CAMERA
    depth = np.ones((160, 200), np.float32)
    assert Straightener().straight_depth(depth, model) is depth


def test_each_camera_has_its_own_map_and_colour_goes_alike():
    straightener = Straightener()
    for lens in (*LENSES.values(), LENSES['barrel']):
        image = taken(lens)
        model = CameraModel(CAMERA, lens)
        straight, camera = straightener.straight(image, model)
        assert camera == straight_camera(model)
        colour, _ = straightener.straight(np.dstack([image] * 3), model)
        assert (colour == straight[..., None]).all()
        assert (straight == Straightener().straight(image, model).image).all()


@pytest.mark.parametrize('lens', [Distortion(k1=-5.0, k2=30.0), Distortion(k1=1e9)])
def test_a_lens_that_is_none_gives_a_picture_of_a_sound_size(lens):
    camera = straight_camera(CameraModel(CAMERA, lens))
    assert 200 <= camera.width <= 300 and 160 <= camera.height <= 240


@pytest.mark.parametrize('lens', LENSES.values(), ids=LENSES)
def test_boxes_are_drawn_in_the_inputs_pixels(lens):
    model = CameraModel(CAMERA, lens)
    camera = straight_camera(model)
    shift = (camera.cx - CAMERA.cx, camera.cy - CAMERA.cy)
    shown = np.array(((20.0, 30.0), (90.0, 30.0), (90.0, 100.0), (20.0, 100.0)))
    corners = undistort_pixels(CAMERA, lens, shown) + shift
    box = box_in_input((*corners.min(axis=0), *corners.max(axis=0)), model, camera)
    assert box[0] <= 20.01 and box[1] <= 30.01 and box[2] >= 89.99 and box[3] >= 99.99
    assert box == pytest.approx((20.0, 30.0, 90.0, 100.0), abs=8.0)


def test_a_box_without_a_lens_is_itself():
    assert box_in_input(POSE.box, CameraModel(CAMERA, Distortion()), CAMERA) is POSE.box


def test_axes_start_where_the_lens_shows_the_origin():
    lens = LENSES['barrel']
    model = CameraModel(CAMERA, lens)
    image = np.zeros((160, 200), np.uint8)
    drawn = draw_on_input(image, [POSE], model, straight_camera(model))
    assert drawn.shape == (160, 200, 3) and not image.any()
    place = distort_pixels(CAMERA, lens, CAMERA.project(POSE.translation))
    assert LensCamera(**vars(CAMERA), lens=lens).project(POSE.translation) == pytest.approx(place)
    column, row = np.rint(place[0]).astype(int)
    assert drawn[row - 1:row + 2, column - 1:column + 2].any()


def test_boxes_alone_are_drawn_on_a_copy():
    image = np.zeros((160, 200, 3), np.uint8)
    drawn = draw_boxes(image, [(20.4, 30.0, 90.0, 100.0), (-50.0, -50.0, 300.0, 300.0)])
    assert drawn[30, 20:90].any(axis=1).all() and not image.any()
