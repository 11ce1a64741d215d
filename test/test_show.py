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

"""`mtperception show`: labels are drawn where they are, for every format."""

import json

import cv2
import numpy as np
import pytest

from mtperception.cli.main import main
from mtperception.cli.show import labelled_pictures
from mtperception.datasets.grasps import GraspLabel, GraspPicture
from mtperception.geometry.camera import PinholeCamera
from mtperception.sim.files.coco import image_name, write_annotations
from mtperception.sim.files.label_drawing import (
    Canvas,
    contact_sheet,
    draw_axes,
    draw_grasps,
    draw_pins,
    draw_silhouette,
    RED,
)
from mtperception.sim.files.writing import png, write_file
from mtperception.sim.grasp.formats import export_cornell, export_jacquard
from mtperception.sim.pin.labels import PinLabel

CAMERA = PinholeCamera(100, 80, 200.0, 200.0, 49.5, 39.5)
PIN = PinLabel(30.0, 50.0, 20.0, (18.0, 38.0, 44.0, 66.0), 1.0)
GRASP = GraspLabel(60.0, 40.0, 40.0, 20.0, np.pi / 4)
BLACK = np.zeros((80, 100, 3), dtype=np.uint8)


def drawn(canvas):
    """Return the mean place of what was drawn on black, in the picture's pixels (x, y)."""
    rows, columns = np.nonzero(canvas.image.max(axis=2) > 60)
    return (np.array((columns.mean(), rows.mean())) + 0.5) / canvas.scale - 0.5


@pytest.mark.parametrize('width', [50, 100, 400])
@pytest.mark.parametrize('window', [None, (10, 20, 60, 50)])
def test_marks_are_where_the_pixels_are(width, window):
    canvas = Canvas(BLACK, width, window)
    canvas.circle(30.0, 50.0, 16.0, (255, 255, 255))
    left, up = (0, 0) if window is None else window[:2]
    # To a fraction of a drawn pixel.
    tolerance = max(0.15, 0.15 / canvas.scale)
    place = np.add(drawn(canvas), (left, up))
    assert place == pytest.approx((30.0, 50.0), abs=tolerance)


def test_a_marked_pixel_is_under_its_mark():
    picture = BLACK.copy()
    picture[50, 30] = 255
    canvas = Canvas(picture, 400)
    assert drawn(canvas) == pytest.approx((30.0, 50.0), abs=0.1)


def test_fingers_are_red_and_at_the_ends_of_the_opening():
    canvas = Canvas(BLACK, 400)
    draw_grasps(canvas, [GRASP])
    red = (canvas.image == RED).all(axis=2)
    rows, columns = np.nonzero(red)
    x, y = (columns + 0.5) / 4 - 0.5 - GRASP.x, (rows + 0.5) / 4 - 0.5 - GRASP.y
    along = x * np.cos(GRASP.theta) - y * np.sin(GRASP.theta)
    across = x * np.sin(GRASP.theta) + y * np.cos(GRASP.theta)
    assert np.abs(np.abs(along) - 20.0).max() < 1.0
    assert np.abs(across).max() == pytest.approx(10.0, abs=1.0)


def test_a_pin_is_drawn_around_its_centre():
    canvas = Canvas(BLACK, 400)
    draw_pins(canvas, [PIN])
    columns = np.nonzero(canvas.image[..., 1] > 200)[1]
    assert canvas.image[round(50.5 * 4), round(30.5 * 4)].max() > 100
    assert (columns.min() + 0.5) / 4 - 0.5 == pytest.approx(20.0, abs=0.6)


def test_axes_and_silhouette_are_projected():
    canvas = Canvas(BLACK, 400)
    rotation, translation = np.eye(3), np.array((0.02, -0.01, 0.5))
    draw_axes(canvas, CAMERA, rotation, translation, 0.05)
    (tip,) = CAMERA.project(np.add(translation, (0.05, 0.0, 0.0)))
    x, y = (tip + 0.5) * 4 - 0.5
    assert canvas.image[round(y), round(x) - 2, 0] > 200
    canvas = Canvas(BLACK, 400)
    square = np.array([
        [(-1, -1, 0), (1, -1, 0), (1, 1, 0)], [(-1, -1, 0), (1, 1, 0), (-1, 1, 0)]])
    draw_silhouette(canvas, CAMERA, 0.05 * square + (0, 0, 0.5))
    rows, columns = np.nonzero(canvas.image.max(axis=2) > 100)
    # 10 cm at half a metre are 40 pixels; the triangles' common side is not drawn.
    assert np.ptp(columns) / 4 == pytest.approx(40.0, abs=1.0)
    assert not ((rows > 100) & (rows < 220) & (columns > 140) & (columns < 260)).any()


def test_a_sheet_has_its_pictures_in_order():
    pictures = [np.full((40, 60, 3), shade, np.uint8) for shade in (50, 100, 150, 200)]
    sheet = contact_sheet(pictures, list('abcd'), 3)
    assert sheet.shape == (2 * 56, 180, 3)
    assert [int(sheet[y, x, 0]) for y, x in ((30, 30), (30, 90), (30, 150), (90, 30))] == [
        50, 100, 150, 200]


def pins(folder):
    for index in range(3):
        path = folder / image_name(index)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, png(BLACK[..., 0]))
    write_annotations(folder, [[PIN]] * 3, [CAMERA] * 3, {})


def own_pins(folder):
    (folder / 'shots').mkdir(parents=True)
    for index in range(3):
        write_file(folder / 'shots' / f'{index}.png', png(BLACK))
    (folder / 'labels.csv').write_text('file,x,y,width,height\n' + ''.join(
        f'{index}.png,30,20,24,24\n' for index in range(3)))


def grasps(folder, export):
    path = folder.parent / 'picture.png'
    write_file(path, png(BLACK))
    export([GraspPicture(path, (GRASP,))] * 3, folder)


def poses(folder):
    scene = folder / 'train' / '000000'
    for name in ('rgb', 'models'):
        (scene / name).mkdir(parents=True)
    entry = {'cam_R_m2c': np.eye(3).ravel().tolist(), 'cam_t_m2c': [0, 0, 500], 'obj_id': 1}
    info = {'bbox_obj': [30, 20, 40, 40], 'bbox_visib': [30, 20, 40, 40], 'visib_fract': 1.0}
    camera = {'cam_K': CAMERA.matrix.ravel().tolist(), 'depth_scale': 1.0}
    for name, value in (
            ('scene_gt', [entry]), ('scene_gt_info', [info]), ('scene_camera', camera)):
        text = json.dumps({str(index): value for index in range(3)})
        (scene / f'{name}.json').write_text(text)
    for index in range(3):
        write_file(scene / 'rgb' / f'{index:06d}.png', png(BLACK))


@pytest.mark.parametrize('make', [
    pins, own_pins, lambda folder: grasps(folder, export_cornell),
    lambda folder: grasps(folder, export_jacquard), poses])
def test_every_format_becomes_a_sheet(tmp_path, make):
    folder = tmp_path / 'data'
    make(folder)
    assert len(labelled_pictures(folder)) == 3
    out = tmp_path / 'sheet.png'
    assert main(['show', str(folder), '--out', str(out), '--count', '2']) == 0
    sheet = cv2.imread(str(out))
    assert sheet.shape[1] == 800
    # Under the titles, something is drawn on both.
    for tile in (sheet[20:, :400], sheet[20:, 400:]):
        assert tile.max() > 150


@pytest.mark.parametrize(('words', 'reason'), [
    (['--count', '0'], 'ask for 1 to'), (['--count', '100000'], 'ask for 1 to'),
    ([], 'neither pins (annotations.json or other COCO, labelme, labels.csv), nor poses')])
def test_what_cannot_be_shown_is_one_line(tmp_path, capsys, words, reason):
    assert main(['show', str(tmp_path), '--out', str(tmp_path / 'a.png'), *words]) == 1
    error = capsys.readouterr().err
    assert reason in error and error.count('\n') == 1
    assert not (tmp_path / 'a.png').exists()


def test_what_training_would_refuse_is_said_beside_the_sheet(tmp_path, capsys):
    folder, out = tmp_path / 'data', tmp_path / 'sheet.png'
    own_pins(folder)
    (folder / 'labels.csv').write_text(
        'file,x,y,width,height\n0.png,30,20,24,24\n1.png,300,20,24,24\n')
    assert main(['show', str(folder), '--out', str(out)]) == 1
    sheet, left_out, wrong = capsys.readouterr().err.splitlines()
    assert '2 of 2 pictures' in sheet and out.exists()
    assert '1 pictures that no label names' in left_out and '2.png' in left_out
    assert 'labels.csv, line 3' in wrong and 'outside its picture' in wrong
    (folder / 'labels.csv').write_text('file,x,y,width,height\n' + 2 * '0.png,30,20,24,24\n')
    assert main(['show', str(folder), '--out', str(out)]) == 1
    assert 'a second label on the pin of' in capsys.readouterr().err


@pytest.mark.parametrize(('name', 'reason'), [
    ('.', 'is a folder: name a file'), ('sheet.txt', 'let the name end in .png'),
    ('nowhere/sheet.png', 'there is no folder')])
def test_a_sheet_that_cannot_be_written_is_told_at_once(tmp_path, capsys, name, reason):
    pins(tmp_path)
    assert main(['show', str(tmp_path), '--out', str(tmp_path / name)]) == 1
    error = capsys.readouterr().err
    assert reason in error and error.count('\n') == 1


def test_a_damaged_picture_is_named(tmp_path, capsys):
    pins(tmp_path)
    (tmp_path / image_name(0)).write_bytes(b'no picture')
    assert main(['show', str(tmp_path), '--out', str(tmp_path / 'a.png')]) == 1
    assert image_name(0) in capsys.readouterr().err
