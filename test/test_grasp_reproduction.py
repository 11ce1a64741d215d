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

from collections import Counter
from dataclasses import replace
import json

import cv2
from hypothesis import given, settings, strategies as st
import numpy as np
import pytest
import torch

from mtperception.cli.main import main
from mtperception.datasets.grasps import GraspPicture, StoredObject
from mtperception.datasets.run_length import RunLengths
from mtperception.grasp import predictor
from mtperception.grasp.data.dataset import GraspPictures
from mtperception.grasp.data.reading import read_grasps
from mtperception.grasp.evaluation import GraspScore
from mtperception.grasp.features import grasp_features
from mtperception.grasp.network import GraspArchitecture, GraspNetwork
from mtperception.grasp.paper import plan
from mtperception.grasp.paper.page import ranked, summary
from mtperception.grasp.paper.plan import (
    ALIKE,
    Budget,
    BUDGETS,
    CROPS,
    DIFFERENT,
    Experiment,
    experiments,
    Fit,
    numbers,
    ONE,
    pictures,
    REFINED,
    REFINED_INDUCTIVE,
    RING,
    SHAPES,
    SUPPORT,
    TAUGHT,
    TRAINING,
    WAYS,
)
from mtperception.grasp.paper.seeing import KINDS, part_at, see, Seen, Shown
from mtperception.grasp.paper.sketch import COLUMNS, sketch_of
from mtperception.grasp.paper.tables import CHOSEN_LAYER, TABLE_1, TABLE_2, TABLE_3
from mtperception.grasp.paper.telling import chosen, Teacher
from mtperception.grasp.paper.training import BATCH, epoch_batches, train_detector
from mtperception.grasp.predictor import GraspDetector
from mtperception.grasp.shapes.examples import ShapeExamples
from mtperception.nn.vgg import LAYERS
from mtperception.sim.grasp.scene import TRAINING_PARTS

TINY = Budget(width=0.05, epochs=40, training=8, support=(1, 2), dimensions=(20,),
              settled_support=2, settled_dimensions=20, tests=(8, 4, 4, 4), threshold=0.0)


def test_the_plan_has_the_papers_sizes():
    for budget in BUDGETS.values():
        parts = pictures(budget, seed=0)
        assert {name: len(part) for name, part in parts.items()} == {
            TRAINING: 2000, SUPPORT: 5 * 40, ONE: 200, ALIKE: 200, DIFFERENT: 50, RING: 50}
        for name, objects in ((TRAINING, 1), (SUPPORT, 1), (ONE, 1), (ALIKE, 4), (DIFFERENT, 4),
                              (RING, 3)):
            assert {len(names) for names in parts[name]} == {objects}
        assert Counter(parts[ONE]) == {(name,): 50 for name in SHAPES}
        assert Counter(parts[ALIKE]) == {(name,) * 4: 50 for name in SHAPES}
        assert Counter(parts[SUPPORT]) == {(name,): 40 for name in TAUGHT}
        assert all(names.count('ring') == 1 for names in parts[RING])
        assert len(set(parts[RING])) > 6
        assert not any('ring' in names for name in (TRAINING, ONE, ALIKE, DIFFERENT)
                       for names in parts[name])
    assert (BUDGETS['cpu'].width, BUDGETS['cpu'].epochs) == (0.25, 40)
    assert (BUDGETS['paper'].width, BUDGETS['paper'].epochs) == (1.0, 200)
    assert SHAPES == TRAINING_PARTS


def test_the_plan_fits_the_papers_tables():
    all_of_them = experiments(BUDGETS['paper'])
    for way in (REFINED, REFINED_INDUCTIVE):
        grid = {(fit.dimensions, fit.support) for fit in all_of_them['experiment 1'].fits
                if fit.way == way}
        sizes = (3, 5, 10, 20, 30, 40)
        assert grid == {(dimensions, support) for dimensions in sizes for support in sizes}
    for name, tests in zip(TABLE_3, (ONE, ALIKE, DIFFERENT, RING), strict=True):
        experiment = all_of_them[name]
        assert experiment.tests == tests
        assert experiment.shapes == (TAUGHT if tests == RING else SHAPES)
        assert experiment.fits == tuple(Fit(way, 30, 20) for way in WAYS)
    assert len(set(map(str, WAYS))) == len(WAYS) == 9
    assert tuple(TABLE_2) == LAYERS


def test_purposes_have_pictures_of_their_own():
    where = numbers(pictures(TINY, 0))
    assert [number for part in where.values() for number in part] == list(range(8 + 10 + 20))
    assert where[SUPPORT] == range(8, 18)


def test_the_printed_tables_are_shares_of_the_papers_counts():
    for accuracies in TABLE_1.values():
        for accuracy in accuracies:
            assert accuracy == pytest.approx(round(226 * accuracy) / 226, abs=1e-3)
    for row in TABLE_3.values():
        assert row.accuracy == pytest.approx(row.right / row.grasps, abs=1e-3)
    assert TABLE_1[20][4] == TABLE_3['experiment 2'].accuracy == TABLE_2[CHOSEN_LAYER].test


def test_ranks_are_as_in_table_2():
    for name in ('support', 'test'):
        ranks = ranked({layer: getattr(row, name) for layer, row in TABLE_2.items()})
        assert ranks == {layer: getattr(row, f'{name}_rank') for layer, row in TABLE_2.items()}


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.05, 1.0),
       columns=st.integers(3000, 60000))
def test_short_rows_have_nearly_the_same_products(seed, share, columns):
    rng = np.random.default_rng((seed, 1))
    rows = rng.random((4, columns), np.float32) * (rng.random((4, columns)) < share)
    rows[:, 0] += 1e-3
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    short = sketch_of(columns)(rows)
    assert short.shape == (4, COLUMNS)
    assert np.abs(short @ short.T - rows @ rows.T).max() < 0.2
    both = sketch_of(columns)(rows[:1] + rows[1:2])
    np.testing.assert_allclose(both[0], short[0] + short[1], atol=1e-5)


@pytest.fixture(scope='module')
def detector():
    """Make a small detector that knows nothing and believes everything."""
    torch.manual_seed(2)
    network = GraspNetwork(GraspArchitecture(0.05, orientations=1))
    return GraspDetector(network, model_name='random', sha256='', threshold=0.0)


def picture(seed, parts, side=96):
    """Make a picture of noise; parts, names with masks, are said to be in it."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
    objects = tuple(StoredObject(
        name, np.eye(3), np.zeros(3), (0, 0, 1, 1), RunLengths.of(mask), RunLengths.of(mask), 1.0,
        ()) for name, mask in parts)
    return Shown(image, GraspPicture(None, (), objects), np.zeros((0, 5), np.float32),
                 np.zeros(0, np.intp), np.zeros((0, 5), np.float32))


def halves(side=96):
    left = np.zeros((side, side), bool)
    left[:, :side // 3] = True
    right = np.zeros_like(left)
    right[:, side // 2:] = True
    return left, right


def test_grasps_are_of_what_is_seen_at_their_middle(detector, monkeypatch):
    monkeypatch.setattr(predictor, 'MOST_GRASPS', 12)
    left, right = halves()
    shown = picture(1, [('l', left), ('t', right)])
    seen = see(detector, [shown], teaching=False)
    found = detector.detect(shown.image)
    columns = [min(max(round(grasp.x), 0), 95) for grasp in found]
    truth = ['l' if x < 32 else 't' if x >= 48 else '' for x in columns]
    assert [part_at(shown.labelled, grasp) for grasp in found] == truth
    assert '' in truth and 'l' in truth and 't' in truth
    assert seen.examples[KINDS[0]].labels.tolist() == [name for name in truth if name]
    assert seen.grasps == [[grasp for grasp, name in zip(found, truth, strict=True) if name]]
    assert seen.on_none == truth.count('')
    assert seen.figures()['detections'] == 12 and 0 <= seen.figures()['on_4_3_share'] <= 1


def test_features_are_those_of_the_detector(detector, monkeypatch):
    monkeypatch.setattr(predictor, 'MOST_GRASPS', 7)
    shown = picture(2, [('star', np.ones((96, 96), bool))])
    seen = see(detector, [shown], teaching=False)
    sight = detector.look(shown.image)
    summed = grasp_features(detector.network, sight.activations, sight.grasps, 'guided', LAYERS)
    flat = grasp_features(detector.network, sight.activations, sight.grasps, 'guided', LAYERS,
                          reduction='flatten')

    def unit(rows):
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return rows / np.where(lengths > 0, lengths, 1)

    for layer in LAYERS:
        np.testing.assert_allclose(
            seen.examples['refined', 'sum'].features[layer].astype(np.float32),
            unit(summed[layer]), atol=1e-3)
        rows, short = unit(flat[layer]), seen.examples['refined', 'flatten'].features[layer]
        short = short.astype(np.float32)
        assert np.abs(short @ short.T - rows @ rows.T).max() < 0.15
        whole = seen.examples['whole', 'sum'].features[layer]
        assert len(whole) == 7 and (whole == whole[0]).all()
        mean = sight.activations[LAYERS.index(layer)].mean(dim=(2, 3)).numpy()
        np.testing.assert_allclose(whole[:1].astype(np.float32), unit(mean), atol=1e-3)


def test_pictures_to_teach_by_are_turned_for_crops_alone(detector, monkeypatch):
    monkeypatch.setattr(predictor, 'MOST_GRASPS', 3)
    left, _ = halves()
    seen = see(detector, [picture(seed, [('l', left)]) for seed in (3, 4)], teaching=True)
    assert seen.on_none == 0
    for kind, times in ((('refined', 'sum'), 1), (('whole', 'flatten'), 1), (('crops', None), 4)):
        examples = seen.examples[kind]
        assert Counter(examples.images.tolist()) == {0: 3 * times, 1: 3 * times}
        assert set(examples.labels) == {'l'}


def told_apart(labels, images, layers, kinds=KINDS):
    """Make what was seen of grasps, whose shapes the features of some layers tell."""
    rng = np.random.default_rng(len(labels))
    place = np.array([TAUGHT.index(label) for label in labels])

    def rows(layer):
        noise = 0.05 * rng.standard_normal((len(labels), 8))
        return (noise + (np.eye(8)[place] if layer in layers else 0.3)).astype(np.float32)

    examples = ShapeExamples({layer: rows(layer) for layer in ('1-1', '3-1')},
                             np.array(labels), np.asarray(images, np.int64))
    return Seen([], dict.fromkeys(kinds, examples), GraspScore(), 0, 0)


def test_shapes_are_taught_by_the_first_pictures_and_told():
    labels = [name for _ in range(4) for name in TAUGHT for _ in range(2)]
    support = told_apart(labels, np.arange(len(labels)) // 2, {'3-1'})
    some = chosen(support.examples[KINDS[0]], SHAPES, 3)
    assert Counter(some.labels.tolist()) == dict.fromkeys(SHAPES, 6)
    assert some.images.max() < 15
    tests = told_apart([*SHAPES] * 3, np.arange(12), {'3-1'})
    teacher = Teacher(support)
    experiment = Experiment(ONE, SHAPES, ())
    for way in (REFINED, REFINED_INDUCTIVE):
        told = teacher.tell(experiment, Fit(way, 3, 5), tests)
        assert told.figures['layer'] == '3-1'
        assert (told.figures['right'], told.figures['grasps']) == (12, 12)
        assert told.figures['layers']['1-1']['test'] < 0.8
        assert told.shapes.tolist() == [*SHAPES] * 3
    mixed = told_apart([*SHAPES] * 3, np.arange(12), {'1-1', '3-1'})
    crops = teacher.tell(experiment, Fit(CROPS, 3, 5), mixed)
    assert crops.figures['accuracy'] == 1.0 and 'layer' not in crops.figures
    # Who was not taught the ring cannot tell it.
    ring = told_apart(['ring'] * 3, range(3), {'3-1'})
    assert teacher.tell(experiment, Fit(REFINED, 3, 5), ring).figures['right'] == 0
    all_five = Experiment(RING, TAUGHT, ())
    assert teacher.tell(all_five, Fit(REFINED_INDUCTIVE, 3, 5), ring).figures['right'] == 3


def labelled_pictures(count):
    rng = np.random.default_rng(5)
    images = [rng.integers(0, 256, (96, 96, 3), dtype=np.uint8) for _ in range(count)]
    rows = [np.array([[40 + number, 48, 40, 15, 0.5]], np.float32) for number in range(count)]
    return GraspPictures(images, rows, [str(number) for number in range(count)], ['x'] * count)


def test_the_training_goes_on_as_if_it_had_never_stopped(tmp_path):
    data, architecture = labelled_pictures(6), GraspArchitecture(0.03, orientations=1)
    once = {'seed': 4, 'run': {'a': 1}}
    whole, history = train_detector(
        data, architecture, epochs=3, checkpoint=tmp_path / 'a.safetensors', **once)
    train_detector(data, architecture, epochs=2, checkpoint=tmp_path / 'b.safetensors', **once)
    parts, again = train_detector(
        data, architecture, epochs=3, checkpoint=tmp_path / 'b.safetensors', **once)
    assert history.losses == again.losses and len(history.losses) == 3
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(parts.state_dict()[name], value)
    with pytest.raises(ValueError, match='another a;'):
        train_detector(data, architecture, epochs=3, checkpoint=tmp_path / 'b.safetensors',
                       seed=4, run={'a': 2})


def test_an_epoch_shows_each_picture_once_in_another_order():
    first, second = (torch.cat(epoch_batches(3 * BATCH, 0, epoch)).tolist() for epoch in (0, 1))
    assert sorted(first) == sorted(second) == list(range(3 * BATCH)) and first != second


def test_the_summary_says_what_was_found():
    def report(refined, whole):
        return {'run': {'settled_support': 30, 'settled_dimensions': 20}} | {
            name: [{'way': str(way), 'support': 30, 'dimensions': 20,
                    'accuracy': whole if way.what == 'whole' else refined} for way in WAYS]
            for name in TABLE_3}

    assert "The paper's pattern holds" in summary(report(0.95, 0.25))
    assert "The paper's pattern is not there" in summary(report(0.95, 0.75))


def test_reproduce_renders_trains_tells_reports_and_resumes(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(plan.BUDGETS, 'cpu', TINY)
    monkeypatch.setattr(predictor, 'MOST_GRASPS', 20)
    out = tmp_path / 'out'
    arguments = ['reproduce', 'grasp', '--out', str(out), '--seed', '3', '--json']
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((out / 'report.json').read_text())

    dropped = [names for part in pictures(TINY, 3).values() for names in part]
    labelled = read_grasps(out / 'pictures')
    assert [Counter(thing.part for thing in one.objects) for one in labelled] == [
        Counter(names) for names in dropped]
    assert len(report['detector']['losses']) == 40
    assert report['detector']['losses'][-1] < report['detector']['losses'][0] / 3
    for name, experiment in experiments(TINY).items():
        rows = report[name]
        assert [(row['way'], row['support'], row['dimensions']) for row in rows] == [
            (str(fit.way), fit.support, fit.dimensions) for fit in experiment.fits]
        seen = report['seen'][experiment.tests]
        for row in rows:
            assert row['grasps'] == seen['detections'] - seen['on_no_object'] > 0
            assert row['accuracy'] == row['right'] / row['grasps']
            assert row['way'] == str(CROPS) or list(row['layers']) == list(LAYERS)
    page = (out / 'report.md').read_text()
    for words in ('0.973 (3-1)', '| 3-1 | 0.985 |', 'rotated crops', 'with a ring', '775'):
        assert words in page
    for name in ('accuracy.svg', 'dimensions.svg', 'loss.svg', 'figure-1.jpg', 'figure-4.jpg'):
        assert f'({name})' in page and (out / name).stat().st_size > 1000
    assert cv2.imread(str(out / 'figure-4.jpg')).shape[1] == 4 * 450
    detector = GraspDetector.load(out / 'detector.safetensors')
    assert detector.sha256 == report['detector']['sha256']

    assert main(arguments) == 1
    assert 'go on with --resume' in capsys.readouterr().err
    # What is left of a reproduction that was stopped in its last experiment.
    fifth = report.pop('experiment 5')
    (out / 'report.json').write_text(json.dumps(report))
    (out / 'detector.checkpoint.safetensors').unlink()
    assert main([*arguments, '--resume']) == 0
    again = json.loads(capsys.readouterr().out)
    assert again['experiment 5'] == fifth
    assert again['detector'] == report['detector']
    monkeypatch.setitem(plan.BUDGETS, 'cpu', replace(TINY, epochs=3))
    assert main([*arguments, '--resume']) == 1
    assert 'another epochs' in capsys.readouterr().err
