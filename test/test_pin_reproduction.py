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

import cv2
import numpy as np
import pytest
import torch

from mtperception.cli.main import main
from mtperception.pin.data.dataset import LabelledPin
from mtperception.pin.paper import reproduction
from mtperception.pin.paper.crops import PaperCrops
from mtperception.pin.paper.figures import figures, image_rows, MIDDLE, middle
from mtperception.pin.paper.reproduction import Budget, HEAT_MAP, LOSS_1, LOSS_2, MODELS
from mtperception.pin.paper.tables import TABLE_3, TABLE_4, TABLE_5, TABLE_6
from mtperception.pin.paper.training import Answers
from mtperception.pin.predictor import PinDetector
import mtperception.training.loop  # noqa: F401 - before a renderer; it says why


@pytest.fixture
def crops():
    """Give four crops, two with a pin."""
    def pin(x, y):
        return LabelledPin(x, y, 10.0, (x - 5, y - 5, x + 5, y + 5), 1.0)

    return PaperCrops(np.zeros((4, 1, 100, 100), np.float32),
                      [pin(40, 50), None, pin(60, 30), None])


@pytest.fixture
def said():
    """Give answers to them: the first right, the second false, the third missed."""
    return Answers(torch.tensor([0.9, 0.8, 0.4, 0.0], dtype=torch.float64),
                   torch.tensor([[43.0, 54.0], [6.0, 8.0], [60.0, 42.0], [0.0, 2.0]]))


def test_figures_are_those_of_the_answers(crops, said):
    found = figures(said, crops, LOSS_1)
    assert (found['count'], found['with_pin'], found['missed'], found['false']) == (4, 2, 1, 1)
    assert found['accuracy'] == 0.5
    assert found['cross_entropy'] == pytest.approx(-np.log([0.9, 0.2, 0.4, 1]).mean())
    assert found['half_mse'] == pytest.approx((25 + 100 + 144 + 4) / 8)
    assert found['pins_half_mse'] == pytest.approx((25 + 144) / 4)
    assert found['error_px'] == pytest.approx(
        {'mean': 8.5, 'median': 8.5, 'p95': 5 + 0.95 * 7, 'rms': np.sqrt((25 + 144) / 2)})
    assert found['recognised_error_px'] == pytest.approx(5)
    assert figures(said, crops, HEAT_MAP)['half_mse'] is None
    assert middle(crops, crops)['error_px']['mean'] == pytest.approx(np.hypot(10, 10))


def test_image_rows_are_as_in_the_papers_tables(crops, said):
    first, false, missed, right = image_rows(said, crops, LOSS_1, seed=0)
    assert (first.image, first.with_pin, first.target, first.position) == (
        0, True, (40.0, 50.0), (43.0, 54.0))
    assert first.loss == pytest.approx(-np.log(0.9) + 0.1 * 12.5)
    assert false.loss == pytest.approx(-np.log(0.2) + 0.1 * 50) and false.target == (0, 0)
    false_again = image_rows(said, crops, LOSS_2, seed=0)[1]
    assert false_again.loss == pytest.approx(-np.log(0.2))
    assert false_again.half_squared_error == pytest.approx(50)
    by_heat = image_rows(said, crops, HEAT_MAP, seed=0)
    assert [row.position for row in by_heat] == [first.position, false.position, None, None]
    assert all(row.loss is None for row in by_heat)
    assert missed.probability == 0.4 and right.loss == pytest.approx(0.2)


def test_the_printed_rows_are_read_as_the_paper_means_them():
    for row in TABLE_4:
        assert row.loss == pytest.approx(row.cross_entropy + 0.1 * row.half_squared_error,
                                         abs=6e-3)
    for row in TABLE_6:
        assert row.loss == pytest.approx(
            row.cross_entropy + row.with_pin * row.half_squared_error, abs=0.01)
    for row in (*TABLE_4, *TABLE_6):
        square = (np.subtract(row.target, row.position) ** 2).sum() / 2
        assert row.half_squared_error == pytest.approx(square, rel=4e-3, abs=0.02)
    assert TABLE_3.validation.total == pytest.approx(0.1 * TABLE_3.validation.half_mse, abs=2e-3)
    assert TABLE_5.validation.total == pytest.approx(TABLE_5.validation.pins_half_mse / 2)


def test_reproduce_renders_trains_reports_and_resumes(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(reproduction.BUDGETS, 'cpu', Budget(4, 14, 2))
    out = tmp_path / 'out'
    arguments = ['reproduce', 'pin', '--out', str(out), '--seed', '3', '--json']
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((out / 'report.json').read_text())
    assert (report['count'], report['seed'], report['iterations']) == (20, 3, 2)
    for split in ('new-seed', 'same-seed'):
        assert list(report['crops'][split]) == [*MODELS, MIDDLE]
        assert report['crops'][split][LOSS_1]['count'] == 12
        for model in (LOSS_1, LOSS_2):
            last = report['training'][model]['validation'][split]
            shown = report['crops'][split][model]
            assert last['half_mse'] == pytest.approx(shown['half_mse'], rel=1e-4)
            assert last['pins_half_mse'] == pytest.approx(shown['pins_half_mse'], rel=1e-4)
    page = (out / 'report.md').read_text()
    for words in ('54 min 37 s', '18.699', '12.922', 'new-seed, heat map', '985.8'):
        assert words in page
    for name in ('loss-1.svg', 'loss-2.svg', 'new-seed.jpg', 'same-seed.jpg'):
        assert f'({name})' in page and (out / name).stat().st_size > 1000
    assert cv2.imread(str(out / 'new-seed.jpg')).shape[1] == 1500

    frame = cv2.imread(str(out / 'seeds/images/000000.png'), cv2.IMREAD_GRAYSCALE)
    for name in ('loss-2', 'heat-map'):
        detector = PinDetector.load(out / f'{name}.safetensors')
        assert detector.sha256 == report['models'][name]
        detector.detect(frame[:150, :160])

    assert main(arguments) == 1
    assert 'go on with --resume' in capsys.readouterr().err
    (out / 'loss-2.checkpoint.safetensors').unlink()
    assert main([*arguments, '--resume']) == 0
    again = json.loads(capsys.readouterr().out)
    assert again['crops'] == report['crops'] and again['models'] == report['models']
