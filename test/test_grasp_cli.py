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

"""`evaluate grasp` and `detect grasp`, with an untrained model and with one that knows all."""

from dataclasses import asdict, replace
import json

import cv2
import numpy as np
import pytest
import torch

from mtperception import zoo
from mtperception.cli import evaluate_grasps
from mtperception.cli.main import main
from mtperception.cli.new_pictures import FIRST_FRAME, NewPictures
from mtperception.datasets.grasps import GraspLabel
from mtperception.geometry.rectangle import corners
from mtperception.grasp.data.dataset import GraspPictures
from mtperception.grasp.detection import Grasp
from mtperception.grasp.draw import draw_grasps, JAW_COLOUR, OPENING_COLOUR
from mtperception.grasp.network import GraspArchitecture, GraspNetwork
from mtperception.grasp.predictor import GraspDetector
from mtperception.nn.weights import half_precision
from mtperception.sim.grasp.scene import GraspScene, TRAINING_PARTS
from mtperception.sim.shapes.parts import PARTS

COUNT = 3


@pytest.fixture(scope='module')
def untrained(tmp_path_factory):
    """Give the file of a small model that knows nothing."""
    torch.manual_seed(0)
    architecture = GraspArchitecture(width=0.0625)
    path = tmp_path_factory.mktemp('model') / 'untrained.safetensors'
    zoo.save(path, half_precision(GraspNetwork(architecture)), {
        'task': 'grasp', 'architecture': asdict(architecture), 'threshold': 0.55})
    return path


@pytest.fixture(scope='module')
def samples():
    """Give the pictures that are evaluated on at seed 4."""
    with GraspScene([PARTS[name]() for name in TRAINING_PARTS]) as scene:
        return [scene.sample(4, FIRST_FRAME + number) for number in range(COUNT)]


class Knowing:
    """A detector that has been told the grasps of pictures, and shifts them by some pixels."""

    def __init__(self, pictures, shift=0.0):
        self._grasps = {image[:, :, ::-1].tobytes(): rows for image, rows in pictures}
        self._shift = shift

    def detect(self, image, threshold):
        return [Grasp(x + self._shift, y, opening, jaw, theta, 0.9, 0)
                for x, y, opening, jaw, theta in self._grasps[image.tobytes()]]


def rows(sample):
    return [grasp.rectangle for grasp in sample.grasps]


def test_one_who_knows_all_is_told_so(samples):
    knowing = Knowing([(sample.image, rows(sample)) for sample in samples])
    with NewPictures(4, 1) as pictures:
        figures = evaluate_grasps.evaluate(knowing, 0.5, pictures, COUNT)
    assert all(figures[name] == 1 for name in (
        'precision', 'recall', 'objects_with_grasp', 'clear_share'))
    assert figures['angle_error_deg']['p95'] == pytest.approx(0, abs=1e-5)
    assert figures['detections'] == sum(len(sample.grasps) for sample in samples)
    assert figures['objects'] == sum(
        bool(part.grasps) for sample in samples for part in sample.objects)


@pytest.mark.parametrize('objects', [None, [np.array([0, 0, -1])]])
def test_own_pictures_may_know_of_objects(objects):
    image = np.random.default_rng(0).integers(0, 255, (100, 120, 3), dtype=np.uint8)
    labels = np.array([
        (30, 30, 20, 10, 0), (30, 30, 20, 10, 1.5), (90, 60, 20, 10, 0)], np.float32)
    own = GraspPictures([image], [labels], ['a'], ['b'], objects)
    figures = evaluate_grasps.evaluate_own(Knowing([(image, labels[:2])]), 0.5, own)
    assert (figures['precision'], figures['recall']) == (1, pytest.approx(2 / 3))
    assert figures['objects_with_grasp'] == (None if objects is None else 1)
    far = evaluate_grasps.evaluate_own(Knowing([(image, labels)], shift=40.0), 0.5, own)
    assert (far['precision'], far['recall']) == (0, 0)


def test_the_figures_are_the_same_whatever_the_workers(untrained, capsys):
    reports = []
    for workers in ('1', '2'):
        assert main(['evaluate', 'grasp', '--count', '3', '--seed', '4', '--json', '--workers',
                     workers, '--model', str(untrained)]) == 0
        reports.append(json.loads(capsys.readouterr().out))
        del reports[-1]['seconds']
    assert reports[0] == reports[1]
    assert reports[0].keys() >= {
        'count', 'seed', 'model', 'model_sha256', 'threshold', 'precision', 'recall',
        'angle_error_deg', 'objects_with_grasp', 'clear_share'}
    assert reports[0]['threshold'] == 0.55


def test_a_data_set_of_ones_own(untrained, tmp_path, capsys):
    rng = np.random.default_rng(0)
    for number in range(4):
        picture = rng.integers(0, 255, (80, 100, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f'pcd{number:04d}r.png'), picture)
        (tmp_path / f'pcd{number:04d}cpos.txt').write_text('10 20\n50 20\n50 30\n10 30\n')
    arguments = ['evaluate', 'grasp', '--data', str(tmp_path), '--model', str(untrained)]
    assert main([*arguments, '--json']) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report['count'], report['grasps'], report['objects']) == (1, 1, 0)
    assert main([*arguments, '--all', '--threshold', '0.999']) == 0
    said = capsys.readouterr().out
    assert '4 pictures' in said and 'of 4 labelled grasps' in said and 'clear' not in said


@pytest.mark.parametrize(('arguments', 'message'), [
    (['evaluate', 'grasp', '--model', 'pin'], "a model for 'pin'"),
    (['evaluate', 'grasp', '--count', '0'], '--count is 0'),
    (['evaluate', 'grasp', '--data', 'nowhere'], 'nowhere: there is no such folder'),
    (['detect', 'grasp', 'x.png', '--model', 'pin'], "a model for 'pin'"),
])
def test_what_is_wrong_is_said_in_a_line(arguments, message, untrained, capsys):
    model = [] if '--model' in arguments else ['--model', str(untrained)]
    assert main([*arguments, *model]) == 1
    said = capsys.readouterr().err
    assert message in said and said.count('\n') == 1


def test_detect_prints_and_draws_what_the_detector_finds(untrained, samples, tmp_path, capsys):
    picture = tmp_path / 'picture.png'
    cv2.imwrite(str(picture), samples[0].image[:, :, ::-1])
    bad = tmp_path / 'bad.png'
    bad.write_bytes(b'nothing')
    status = main(['detect', 'grasp', str(bad), str(picture), '--model', str(untrained),
                   '--draw', str(tmp_path / 'drawn')])
    said = capsys.readouterr()
    assert status == 1 and 'bad.png: not a picture' in said.err
    line = json.loads(said.out)
    image = cv2.imread(str(picture))
    expected = GraspDetector.load(untrained).detect(image)
    assert expected and line['grasps'] == [vars(grasp) for grasp in expected]
    assert (line['width'], line['height']) == (300, 300)
    np.testing.assert_array_equal(cv2.imread(line['drawn']), draw_grasps(image, expected))


def test_fingers_are_drawn_thick_at_the_ends_of_the_opening():
    grasp = Grasp(60.0, 40.0, 40.0, 20.0, np.pi / 4, 0.9, 0)
    black = np.zeros((80, 120), np.uint8)
    drawn = draw_grasps(black, [grasp])
    assert drawn.shape == (80, 120, 3) and not black.any()
    red = (drawn == JAW_COLOUR).all(axis=2)
    rows, columns = np.nonzero(red)
    x, y = columns - grasp.x, rows - grasp.y
    along = x * np.cos(grasp.theta) - y * np.sin(grasp.theta)
    assert len(rows) > 40 and np.abs(np.abs(along) - 20).max() < 1.5
    middle = corners(GraspLabel(60.0, 40.0, 40.0, 20.0, np.pi / 4).rectangle)[0][:2].mean(axis=0)
    column, row = np.rint(middle).astype(int)
    near = drawn[row - 1:row + 2, column - 1:column + 2].reshape(-1, 3).astype(int)
    assert np.abs(near - OPENING_COLOUR).sum(axis=1).min() < 60


def test_a_shape_is_written():
    image = np.zeros((80, 120, 3), np.uint8)
    plain = Grasp(30.0, 40.0, 40.0, 20.0, 0.0, 0.9, 0)
    named = Grasp(30.0, 40.0, 40.0, 20.0, 0.0, 0.9, 0, 'bracket', 0.8)
    assert (draw_grasps(image, [named]) != draw_grasps(image, [plain])).any()


def test_detect_tells_the_shapes_that_were_taught(
        grasp_model, lit_picture, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('XDG_DATA_HOME', str(tmp_path / 'data'))
    for kind in ('bar', 'disc'):
        for seed in range(4):
            cv2.imwrite(str(tmp_path / f'{kind}{seed}.png'), lit_picture(kind, seed))
    model = ['--model', str(grasp_model)]
    new = [str(tmp_path / f'{kind}3.png') for kind in ('bar', 'disc')]

    def told():
        assert main(['detect', 'grasp', *new, *model]) == 0
        lines = capsys.readouterr().out.splitlines()
        return [{grasp['shape'] for grasp in json.loads(line)['grasps']} for line in lines]

    assert told() == [{None}, {None}]
    for kind in ('bar', 'disc'):
        pictures = [str(tmp_path / f'{kind}{seed}.png') for seed in range(3)]
        assert main(['teach', '--label', kind, *pictures, *model]) == 0
    capsys.readouterr()
    bar, disc = told()
    assert 'bar' in bar and 'disc' not in bar and 'disc' in disc and 'bar' not in disc


def test_words_of_grasps_do_not_cover_each_other():
    black = np.zeros((80, 120, 3), np.uint8)
    best = Grasp(40.0, 40.0, 20.0, 10.0, 0.0, 0.9, 0, 'bracket', 0.9)
    near, far = (replace(best, x=best.x + 1.0, y=best.y + shift) for shift in (2.0, 30.0))

    def white(grasps):
        # Neither the lines' colours nor their edges are white.
        return (draw_grasps(black, grasps).min(axis=2) > 200).sum()

    assert white([best, near]) == pytest.approx(white([best]), abs=4)
    assert white([best, far]) == pytest.approx(2 * white([best]), rel=0.1)
