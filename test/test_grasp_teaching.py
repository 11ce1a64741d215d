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

"""Shapes taught from pictures, with a detector that was never trained: by script and command."""

from dataclasses import asdict, replace
import itertools
import json
import threading

import cv2
import numpy as np
import pytest
import torch

from mtperception import zoo
from mtperception.cli import evaluate_shapes
from mtperception.cli.main import main
from mtperception.grasp import predictor
from mtperception.grasp.network import GraspArchitecture, GraspNetwork
from mtperception.grasp.predictor import GraspDetector
from mtperception.grasp.shapes import experiments
from mtperception.grasp.shapes.examples import ShapeError
from mtperception.grasp.shapes.library import ShapeLibrary
from mtperception.grasp.shapes.observer import ShapeObserver
from mtperception.grasp.shapes.taught import TaughtShapes
from mtperception.nn.weights import half_precision
from mtperception.sim.grasp.labels import GraspObject, GraspSample

SIDE = 96


def stripes(width, seed):
    """Draw stripes on noise: their width is what tells these pictures apart."""
    rng = np.random.default_rng(seed)
    wave = np.sin((np.arange(SIDE) + rng.uniform(0, SIDE)) * np.pi / width)
    light = 128 + 90 * np.sign(wave)[None] + rng.normal(0, 8, (SIDE, SIDE))
    return np.repeat(light.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    """Give the file of a model with random weights, and a threshold that some grasps pass."""
    torch.manual_seed(0)
    architecture = GraspArchitecture(width=0.0625, orientations=1)
    path = tmp_path_factory.mktemp('model') / 'random.safetensors'
    card = {'task': 'grasp', 'architecture': asdict(architecture)}
    tensors = half_precision(GraspNetwork(architecture))
    zoo.save(path, tensors, {**card, 'threshold': 0.0})
    scores = [grasp.score for image in (stripes(4, 0), stripes(12, 0))
              for grasp in GraspDetector.load(path).detect(image)[:8]]
    zoo.save(path, tensors, {**card, 'threshold': min(scores)})
    return path


@pytest.fixture(scope='module')
def detector(model):
    return GraspDetector.load(model)


@pytest.fixture(scope='module')
def observer(detector):
    """Give one that looks at the stripes themselves: they are no outline of anything."""
    return ShapeObserver(detector, 'rotated_crop')


@pytest.fixture
def taught(observer, tmp_path):
    """Give two shapes, taught from three pictures each."""
    taught = TaughtShapes(observer, ShapeLibrary(tmp_path / 'library'))
    taught.teach('fine', [stripes(4, seed) for seed in range(3)])
    taught.teach('coarse', [stripes(12, seed) for seed in range(3)])
    return taught


@pytest.fixture
def files(tmp_path):
    """Give the files of three pictures of fine stripes."""
    paths = [tmp_path / f'{seed}.png' for seed in range(3)]
    for seed, path in enumerate(paths):
        cv2.imwrite(str(path), stripes(4, seed))
    return list(map(str, paths))


def test_shapes_are_told_in_new_pictures(detector, taught):
    right = []
    for name, width in (('fine', 4), ('coarse', 12)):
        for seed in range(10, 14):
            image = stripes(width, seed)
            grasps = taught.detect(image)
            assert [replace(grasp, shape=None, shape_score=None)
                    for grasp in grasps] == detector.detect(image)
            assert all((grasp.shape is None) == (grasp.shape_score is None) for grasp in grasps)
            right += [grasp.shape == name for grasp in grasps]
    assert len(right) > 20 and np.mean(right) > 0.8


def test_others_see_a_lesson_once_it_returns(detector, observer, taught, tmp_path):
    other = TaughtShapes(observer, ShapeLibrary(tmp_path / 'library'))
    image = stripes(4, 10)
    assert other.detect(image) == taught.detect(image)
    lesson = taught.teach('plain', [stripes(30, 0)])
    assert (lesson.pictures, lesson.pictures_known, lesson.pictures_advised) == (1, 1, 4)
    assert 0 <= lesson.accuracy <= 1 and lesson.examples >= 4
    assert taught.classifier.shapes == ('coarse', 'fine', 'plain')
    assert other.classifier.shapes == ('coarse', 'fine')
    taught.forget('fine')
    assert taught.classifier.shapes == ('coarse', 'plain')
    for name in ('coarse', 'plain'):
        taught.forget(name)
    assert taught.classifier is None
    assert taught.detect(image) == detector.detect(image)


def test_guided_features_are_taught_alike(detector, tmp_path):
    library = ShapeLibrary(tmp_path / 'guided')
    taught = TaughtShapes(ShapeObserver(detector, 'guided'), library)
    for name, width in (('fine', 4), ('coarse', 12)):
        taught.teach(name, [stripes(width, seed) for seed in range(2)])
    assert len(taught.classifier.layers) == 1
    assert len(library.index().taught_with.features.layers) == 10
    assert taught.detect(stripes(4, 10))
    with pytest.raises(ShapeError, match='other features, guided'):
        TaughtShapes(ShapeObserver(detector, 'rotated_crop'), library)


def test_pictures_without_a_grasp_teach_nothing(detector, taught, tmp_path):
    before = taught.index()
    blank = np.zeros((SIDE, SIDE, 3), np.uint8)
    detector = GraspDetector(detector.network, model_name='strict', sha256=detector.sha256,
                             threshold=1.0)
    strict = TaughtShapes(
        ShapeObserver(detector, 'rotated_crop'), ShapeLibrary(tmp_path / 'library'))
    with pytest.raises(ShapeError, match="no grasp was found in 2 pictures of 'plain'"):
        strict.teach('plain', [blank, stripes(4, 0)])
    assert strict.index() == before
    assert strict.detect(stripes(4, 10)) == []


def test_lessons_and_pictures_at_once(taught):
    image, stop, faults, seen = stripes(4, 10), threading.Event(), [], []

    def look():
        try:
            while not stop.is_set():
                seen.append({grasp.shape for grasp in taught.detect(image)})
        except Exception as error:
            faults.append(error)

    def teach(name, width):
        try:
            taught.teach(name, [stripes(width, 0)])
        except Exception as error:
            faults.append(error)

    looking = threading.Thread(target=look)
    teaching = [threading.Thread(target=teach, args=(f'width {width}', width))
                for width in (6, 20, 30)]
    for thread in (looking, *teaching):
        thread.start()
    for thread in teaching:
        thread.join()
    stop.set()
    looking.join()
    assert not faults and seen
    assert set(taught.classifier.shapes) == {'coarse', 'fine', 'width 6', 'width 20', 'width 30'}
    assert set(taught.index().shapes) == set(taught.classifier.shapes)


def test_the_command_teaches_lists_and_forgets(model, files, tmp_path, capsys):
    where = ['--library', str(tmp_path / 'shapes')]
    assert main(['shapes', *where]) == 0
    assert 'no shapes have been taught' in capsys.readouterr().out
    assert main(['teach', '--label', 'fine', *files[:2], *where, '--model', str(model),
                 '--json']) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report['label'], report['pictures'], report['pictures_advised']) == ('fine', 2, 3)
    assert report['accuracy'] is None and report['seconds'] > 0
    # The first is known already.
    assert main(['teach', '--label', 'fine', files[0], files[2], *where, '--model',
                 str(model)]) == 0
    assert '3 pictures in all; 2 more pictures are advised' in capsys.readouterr().out
    assert main(['shapes', *where, '--json']) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed['shapes']['fine']['pictures'] == 3
    assert listed['model_sha256'] == report['model_sha256']
    assert main(['shapes', *where]) == 0
    assert 'fine: ' in capsys.readouterr().out
    assert main(['forget', 'fine', *where]) == 0
    assert main(['forget', 'fine', *where]) == 1
    assert "no shape is called 'fine'" in capsys.readouterr().err


def test_the_command_uses_the_users_own_library(model, files, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('XDG_DATA_HOME', str(tmp_path))
    assert main(['teach', '--label', 'fine', files[0], '--model', str(model)]) == 0
    assert (tmp_path / 'mtperception' / 'shapes' / 'shapes.json').is_file()


def test_detect_tells_the_shapes_of_a_library_that_is_named(model, files, tmp_path, capsys):
    where = ['--library', str(tmp_path / 'shapes'), '--model', str(model)]
    coarse = tmp_path / 'coarse.png'
    cv2.imwrite(str(coarse), stripes(12, 0))
    for label, picture in (('fine', files[0]), ('coarse', str(coarse))):
        assert main(['teach', '--label', label, picture, *where]) == 0
    capsys.readouterr()

    def shapes(*more):
        assert main(['detect', 'grasp', files[0], '--threshold', '0', *more]) == 0
        said = capsys.readouterr()
        return {grasp['shape'] for grasp in json.loads(said.out)['grasps']}, said.err

    told, complaint = shapes(*where)
    assert 'fine' in told and not complaint
    told, complaint = shapes('--library', str(tmp_path / 'none'), *where[2:])
    assert told == {None} and f'{tmp_path / "none"}: no shapes have been taught here' in complaint
    assert main(['detect', 'pin', files[0], *where[:2]]) == 1
    assert '--library is for grasps' in capsys.readouterr().err


def test_the_command_names_pictures_without_a_grasp(model, files, tmp_path, capsys):
    blank = tmp_path / 'blank.png'
    cv2.imwrite(str(blank), np.zeros((SIDE, SIDE, 3), np.uint8))
    bundle = zoo.load(model)
    # All that is found in a blank picture is below this.
    least = max(grasp.score for grasp in GraspDetector.load(model).detect(
        np.zeros((SIDE, SIDE, 3), np.uint8), 0.0)) + 1e-6
    strict = tmp_path / 'strict.safetensors'
    zoo.save(strict, bundle.tensors, {**bundle.card, 'threshold': least})
    where = ['--library', str(tmp_path / 'shapes'), '--model', str(strict)]
    assert main(['teach', '--label', 'fine', str(blank), files[0], *where, '--json']) == 1
    said = capsys.readouterr()
    assert f'{blank}: no grasp was found' in said.err
    assert json.loads(said.out)['pictures'] == 1


def test_the_command_says_in_one_line_what_is_wrong(model, files, tmp_path, capsys):
    where = ['--library', str(tmp_path / 'shapes'), '--model', str(model)]
    for arguments, message in (
            (['--label', ' fine', files[0]], 'cannot be called'),
            (['--label', 'fine', files[0], str(tmp_path / 'no.png')], 'No such file'),
            (['--label', 'fine', __file__], 'not a picture')):
        assert main(['teach', *arguments, *where]) == 1
        said = capsys.readouterr().err
        assert message in said and said.count('\n') == 1
    assert not (tmp_path / 'shapes').exists()
    assert main(['teach', '--label', 'fine', files[0], *where]) == 0
    torch.manual_seed(1)
    bundle = zoo.load(model)
    other = tmp_path / 'other.safetensors'
    zoo.save(other, half_precision(GraspNetwork(GraspArchitecture(
        **bundle.card['architecture']))), bundle.card)
    assert main(['teach', '--label', 'coarse', files[1], *where[:3], str(other)]) == 1
    said = capsys.readouterr().err
    assert 'taught with another detector' in said and '--library DIR' in said


def test_a_grasp_is_of_the_part_that_its_centre_shows():
    mask = np.zeros((20, 30), dtype=bool)
    mask[5:10, 8:12] = True
    pose = (np.eye(3), np.zeros(3), (0.0, 0.0, 1.0, 1.0))
    sample = GraspSample(
        np.zeros((20, 30, 3), np.uint8), np.zeros((20, 30), np.float32),
        (GraspObject('l', *pose, ~mask, ~mask & (np.arange(30) < 20), 0.5, ()),
         GraspObject('t', *pose, mask, mask, 1.0, ())), None)
    assert [evaluate_shapes.part_at(sample, *place) for place in (
        (8.0, 5.0), (11.4, 9.4), (11.6, 9.0), (25.0, 5.0), (-0.5, -0.5))] == [
            't', 't', 'l', '', 'l']


def test_experiments_drop_what_the_paper_does():
    orders = evaluate_shapes.experiments(('a', 'b', 'c', 'd'), 8, 0)
    dropped = {name: [parts for _, parts in each] for name, each in orders.items()}
    assert dropped['exp2'] == [['a'], ['b'], ['c'], ['d']] * 2
    assert dropped['exp3'] == [[part] * 4 for part, in dropped['exp2']]
    assert dropped['exp4'] == [['a', 'b', 'c', 'd']] * 2
    assert all(len(set(parts)) == 3 and parts[2] == 'ring' for parts in dropped['exp5'])
    numbers = [number for each in orders.values() for number, _ in each]
    assert len(set(numbers)) == len(numbers)


def test_shapes_are_evaluated_on_new_pictures(model, monkeypatch, capsys):
    # An untrained detector finds anything anywhere: as few grasps as do, and none on no part.
    monkeypatch.setattr(predictor, 'MOST_GRASPS', 4)
    turn = itertools.count()
    monkeypatch.setattr(evaluate_shapes, 'part_at', lambda sample, x, y: sample.objects[
        next(turn) % len(sample.objects)].part)
    monkeypatch.setattr(evaluate_shapes, 'POOL', 3)
    monkeypatch.setattr(evaluate_shapes, 'DRAWS', 2)
    monkeypatch.setattr(experiments, 'PICTURES', (2, 3))
    arguments = ['evaluate', 'shapes', '--model', str(model), '--count', '4', '--workers', '1',
                 '--threshold', '0']
    assert main([*arguments, '--json']) == 0
    report = json.loads(capsys.readouterr().out)
    assert report.keys() >= {
        'count', 'seed', 'seconds', 'model', 'model_sha256', 'threshold', 'exp2', 'exp3', 'exp4',
        'exp5', 'unknown_auroc', 'unknown_auroc_worst', 'refused', 'late_shape', 'teach_seconds',
        'grasps', 'grasps_on_no_object'}
    assert report['exp5'].keys() == {'2', '2_worst', '3', '3_worst'}
    assert all(0 <= report[f'exp{number}'][key] <= 1 for number in range(2, 6)
               for key in ('2', '3_worst'))
    assert 0 <= report['unknown_auroc_worst'] <= report['unknown_auroc'] <= 1
    assert report['teach_seconds'] > 0
