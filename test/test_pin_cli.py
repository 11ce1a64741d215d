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

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from mtperception import zoo
from mtperception.cli.main import main
from mtperception.pin.predictor import PinDetector
from mtperception.sim.pin.scene import PinScene
import mtperception.training.loop  # noqa: F401 - before a renderer; it says why

SETTINGS = """
stem: 4
width: 8
deep: 8
dilations: [1, 1]
epochs: 2
samples_per_epoch: 16
batch: 8
cut_side: 64
"""


@pytest.fixture(scope='module')
def picture():
    with PinScene() as scene:
        return scene.sample(31, 4, pins=4).image


def test_detect_prints_a_line_a_picture_and_goes_on_after_a_bad_one(tmp_path, picture, capsys):
    good, small, bad = (tmp_path / name for name in ('good.png', 'small.png', 'bad.png'))
    cv2.imwrite(str(good), picture)
    cv2.imwrite(str(small), picture[:100, :120])
    bad.write_bytes(good.read_bytes()[:50])
    missing = tmp_path / 'missing.png'
    status = main(['detect', 'pin', str(bad), str(good), str(missing), str(small)])
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert status == 1
    assert [line['image'] for line in lines] == [str(good), str(small)]
    assert (lines[1]['width'], lines[1]['height']) == (120, 100)
    assert lines[0]['pins'] == [vars(pin) for pin in PinDetector.load().detect(picture)]
    complaints = err.splitlines()
    assert len(complaints) == 2
    # A file that is not there is told before the model is loaded.
    assert str(missing) in complaints[0] and str(bad) in complaints[1]


def test_detect_draws_annotated_copies(tmp_path, picture, capsys):
    folders = [tmp_path / 'one', tmp_path / 'two']
    for folder in folders:
        folder.mkdir()
        cv2.imwrite(str(folder / 'same.png'), picture)
    status = main(['detect', 'pin', *(str(folder / 'same.png') for folder in folders),
                   '--draw', str(tmp_path / 'drawn'), '--threshold', '0.2'])
    assert status == 0
    drawn = [json.loads(line)['drawn'] for line in capsys.readouterr().out.splitlines()]
    assert sorted(file.name for file in (tmp_path / 'drawn').iterdir()) == [
        'same-2.png', 'same.png']
    for path in drawn:
        copy = cv2.imread(path)
        assert copy.shape == (*picture.shape, 3)
        assert not np.array_equal(copy, np.dstack([picture] * 3))


@pytest.mark.parametrize(('arguments', 'text'), [
    (['detect', 'pin', 'x.png', '--model', 'nut'], "no bundled model is called 'nut'"),
    (['evaluate', 'pin', '--model', 'missing.safetensors'], 'there is no such model file'),
    (['evaluate', 'pin', '--count', '1'], '--count is 1'),
    (['evaluate', 'pin', '--workers', '0'], '--workers is 0; it must be at least 1'),
    (['evaluate', 'pin', '--seed', '-1'], '--seed is -1; it must be 0 or more'),
    (['evaluate', 'pin', '--out', 'report'], '--out is where --robustness writes'),
    (['train', 'pin', '--out', 'nowhere', '--data', 'nothing'], 'no such folder or label file'),
    (['train', 'pin', '--out', 'nowhere', '--resume'], 'there is no checkpoint here'),
])
def test_what_is_wrong_is_said_in_one_line(tmp_path, monkeypatch, capsys, arguments, text):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert out == '' and text in err and len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_train_renders_trains_and_resumes_and_evaluate_takes_the_model(tmp_path, capsys):
    out, settings = tmp_path / 'model', tmp_path / 'settings.yaml'
    settings.write_text(SETTINGS)
    arguments = ['train', 'pin', '--out', str(out), '--count', '3', '--seed', '5',
                 '--config', str(settings), '--json']
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report['count'], report['seed']) == (3, 5)
    assert report['card'] == zoo.load(out / 'pin.safetensors').card
    assert report['card']['training']['command'] == (
        'mtperception train pin --out model --count 3 --seed 5 --config settings.yaml')
    assert report['best'].keys() >= {'error_px', 'missed', 'false'}

    assert main(arguments) == 1
    assert 'go on with --resume' in capsys.readouterr().err
    assert main([*arguments, '--resume']) == 0
    assert json.loads(capsys.readouterr().out)['model_sha256'] == report['model_sha256']

    assert main(['evaluate', 'pin', '--count', '2', '--seed', '1', '--json', '--model',
                 str(out / 'pin.safetensors')]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures['model_sha256'] == report['model_sha256']
    assert (figures['count'], figures['seed'], figures['model']) == (2, 1, 'pin')


def test_processes_train_together_from_a_model(tmp_path, capsys):
    settings = tmp_path / 'settings.yaml'
    settings.write_text(SETTINGS)
    first, second = tmp_path / 'first', tmp_path / 'second'
    common = ['--seed', '5', '--config', str(settings), '--json']
    assert main(['train', 'pin', '--out', str(first), '--count', '3', *common]) == 0
    start = json.loads(capsys.readouterr().out)
    result = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2',
         '-m', 'mtperception.cli.main', 'train', 'pin', '--out', str(second), '--data',
         str(first / 'data'), '--init', str(first / 'pin.safetensors'), *common],
        capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    training = report['card']['training']
    assert (training['processes'], training['start']) == (2, start['model_sha256'])
    assert zoo.load(second / 'pin.safetensors').sha256 == report['model_sha256']


def test_evaluate_meets_the_targets_on_a_few_pictures(capsys):
    assert main(['evaluate', 'pin', '--count', '12', '--seed', '77', '--json']) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures['crops'].keys() >= {'accuracy', 'error_px'}
    assert figures['crops']['count'] == 12 and figures['crops']['with_pin'] == 6
    assert figures['crops']['accuracy'] >= 11 / 12
    assert figures['frames']['pins'] > 12
    assert figures['frames']['error_px']['mean'] <= 0.5
    assert figures['frames']['missed'] <= 0.05
    assert figures['empty_frames'] == {'count': 6, 'false': 0}
    again = main(['evaluate', 'pin', '--count', '12', '--seed', '77'])
    out = capsys.readouterr().out
    assert again == 0 and 'empty frames' in out and 'accuracy' in out


def test_the_figures_are_the_same_whatever_the_workers(capsys):
    reports = []
    for workers in ('1', '3'):
        assert main(['evaluate', 'pin', '--count', '4', '--seed', '8', '--json',
                     '--workers', workers]) == 0
        reports.append(json.loads(capsys.readouterr().out))
        del reports[-1]['seconds']
    assert reports[0] == reports[1]
    assert reports[0]['threshold'] == PinDetector.load('pin').threshold
    assert reports[0]['calibration']['true'] >= reports[0]['frames']['pins'] * 0.9
    assert 0 <= reports[0]['calibration']['ece'] <= 1


def test_robustness_is_reported_in_figures_a_table_and_curves(tmp_path, capsys):
    arguments = ['evaluate', 'pin', '--robustness', '--count', '2', '--seed', '8',
                 '--out', str(tmp_path / 'report')]
    assert main([*arguments, '--json']) == 0
    report = json.loads(capsys.readouterr().out)
    assert report['robustness'].keys() == {
        'blur', 'noise', 'brightness', 'rotation', 'size', 'occlusion'}
    sharp = report['robustness']['blur']['values'][0]
    assert sharp['value'] == 0 and sharp['pins'] > 0 and sharp['error_px']['mean'] < 2
    dark = report['robustness']['brightness']['values'][0]
    assert dark['missed'] > 0.5 >= sharp['missed']
    files = {path.name: path.read_text() for path in (tmp_path / 'report').iterdir()}
    assert files.keys() == {'robustness.json', 'robustness.md', 'robustness.svg'}
    assert json.loads(files['robustness.json']) == report
    assert '(robustness.svg)' in files['robustness.md'] and '| blur |' in files['robustness.md']
    assert files['robustness.svg'].startswith('<svg')
