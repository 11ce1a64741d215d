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

"""The reproduction of the paper's poses: its plan, its trainings, its figures, and the command."""

from collections import Counter
from dataclasses import replace
import json

import cv2
import numpy as np
import pytest
import torch

from mtperception.cli.main import main
from mtperception.datasets.errors import DatasetError
from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.pose_errors import Pose, vsd
from mtperception.geometry.rotations import random_rotations
from mtperception.pose.codebook import Codebook
from mtperception.pose.data.dataset import LabelledPose, PosePictures
from mtperception.pose.detection import ObjectPose
from mtperception.pose.evaluation import Model, PICTURES, Truth
from mtperception.pose.paper import plan
from mtperception.pose.paper.autoencoder import Autoencoder
from mtperception.pose.paper.charts import charts
from mtperception.pose.paper.detector import FasterRcnn
from mtperception.pose.paper.estimating import Joint, likeness, nearest, Separate
from mtperception.pose.paper.joint import JointNetwork
from mtperception.pose.paper.learnt import learnt
from mtperception.pose.paper.page import page as page_of, summary
from mtperception.pose.paper.pictures import (
    ahead,
    crop_batch,
    edges,
    frame_batch,
    from_edges,
    jittered,
    mean_picture_error,
    paper_pictures,
    usual_window,
)
from mtperception.pose.paper.plan import (
    Budget,
    BUDGETS,
    Cell,
    cells,
    Course,
    DETECTOR,
    file_stem,
    further,
    Method,
    methods,
)
from mtperception.pose.paper.scoring import BOP_SHARES, MethodScore, THRESHOLDS
from mtperception.pose.paper.tables import printed_area
from mtperception.pose.paper.training import train_autoencoder, train_detector, train_joint

TINY = Budget(
    width=1 / 16, batch_norm=True, latents=(4, 8), side=128, step1=Course(8, 1, 4, 1e-3),
    step2=Course(8, 1, 4, 0.01), final_rate=10.0, drawing_weight=1.0,
    decay_every=1, directions=12, turns=4, tests=4)
CAMERA = PinholeCamera(128, 128, 110.0, 110.0, 63.5, 63.5)


@pytest.fixture(scope='module')
def pictures(tmp_path_factory):
    """Make pictures of noise with a bright plate in each, and the plate alone."""
    folder = tmp_path_factory.mktemp('plates')
    rng = np.random.default_rng(0)
    images, labels = [], []
    for number, rotation in enumerate(random_rotations(rng, 6)):
        image = rng.integers(0, 120, (128, 128, 3), dtype=np.uint8)
        x, y = rng.integers(10, 60, 2)
        image[y:y + 30, x:x + 50] = (220, 40, 60)
        alone = np.zeros((128, 128, 3), np.uint8)
        alone[32:96, 11:117] = (220, 40, 60)
        file = folder / f'{number}.png'
        cv2.imwrite(str(file), np.ascontiguousarray(alone[..., ::-1]))
        images.append(image)
        labels.append((LabelledPose(
            tuple(map(tuple, rotation.tolist())), (0.1, -0.05, 1.0),
            (x - 0.5, y - 0.5, x + 49.5, y + 29.5), 0.7, CAMERA, file, file, file,
            lambda: np.zeros((128, 128), np.float32)),))
    return PosePictures(images, labels, [''] * 6, ['x'] * 6, name='plate')


def test_the_plan_is_the_papers_grid():
    budget = BUDGETS['paper']
    every = cells(budget)
    assert len(every) == len(set(every)) == 12
    assert Counter(cell.kind for cell in every) == dict.fromkeys(plan.KINDS, 4)
    # Baselines know no schedule: eight networks and a detector are trained for the grid.
    grid = {cell.method for cell in every}
    assert len(grid) == 8
    extra = further(budget)
    assert methods(budget)[:8] == sorted(grid, key=methods(budget).index)
    assert methods(budget)[8:] == extra and len(extra) == 6
    assert sum(method.jitter for method in extra) == 4
    assert {method.crop for method in extra if not method.jitter} == {'differentiable'}
    assert len({file_stem(str(method)) for method in methods(budget)}) == 14
    order = [str(method) for method in methods(budget)]
    for latent in budget.latents:
        assert order.index(f'extended {latent}') < order.index(f'joint {latent}, T1')


def test_the_paper_budget_is_the_papers():
    budget = BUDGETS['paper']
    assert (budget.width, budget.side, budget.latents) == (1.0, 512, (128, 4096))
    assert budget.step1 == Course(100_000, 27, 128, 8e-6)
    assert budget.step2 == Course(25_000, 30, 12, 0.01)
    assert (budget.decay_every, budget.drawing_weight, budget.tests) == (8, 1.0, 800)
    assert (budget.directions, budget.turns) == (2562, 36)
    cpu = BUDGETS['cpu']
    assert (cpu.width, cpu.side) == (0.25, 256)
    assert (cpu.step1.pictures, cpu.step1.epochs) == (4000, 8)
    assert (cpu.step2.pictures, cpu.step2.epochs) == (4000, 8)


def test_the_printed_areas_follow_from_the_ratios():
    assert printed_area('joint') == 415
    assert round(printed_area('extended')) == 168 and round(printed_area('original')) == 55


def test_crops_show_what_the_object_alone_does(pictures):
    some = paper_pictures(pictures, range(6))
    batch = crop_batch(some, [4, 1])
    assert batch.crops.shape == batch.alone.shape == (2, 128, 128, 3)
    red = (batch.crops[..., 0] > 180).float()
    # The plate takes the same place in both.
    assert (red - (batch.alone[..., 0] > 0).float()).abs().mean() < 0.03
    assert torch.equal(batch.rotations[0], torch.from_numpy(some.rotations[4]).float())
    shaken = crop_batch(some, [4, 1], np.random.default_rng(0))
    assert not torch.equal(shaken.crops, batch.crops) and torch.equal(shaken.alone, batch.alone)


def test_boxes_are_where_the_plate_is_in_small_pictures(pictures):
    batch = frame_batch(paper_pictures(pictures, range(6)), [0, 3], 64)
    assert batch.pictures.shape == (2, 64, 64, 3)
    for picture, (x0, y0, x1, y1) in zip(batch.pictures, batch.boxes.tolist(), strict=True):
        rows, columns = np.nonzero((picture[..., 0] > 160).numpy())
        assert (x0, x1) == pytest.approx((columns.min(), columns.max() + 1), abs=0.5)
        assert (y0, y1) == pytest.approx((rows.min(), rows.max() + 1), abs=0.5)
    box = np.array([-0.5, 3.0, 7.0, 9.5])
    np.testing.assert_allclose(from_edges(edges(box, 0.3), 0.3), box)
    assert edges(box, 1.0)[0] == 0.0


def test_shaken_boxes_are_near():
    rng, box = np.random.default_rng(1), np.array([10.0, 20.0, 50.0, 40.0])
    shaken = np.array([jittered(box, rng) for _ in range(500)])
    sides = shaken[:, 2:] - shaken[:, :2]
    np.testing.assert_allclose(sides[:, 0], 2 * sides[:, 1])
    assert 35.9 < sides[:, 0].min() < 36.5 and 43.5 < sides[:, 0].max() < 44.1
    moved = (shaken[:, :2] + shaken[:, 2:]) / 2 - (30.0, 30.0)
    assert np.abs(moved).max() == pytest.approx(4.0, abs=0.2)


def test_the_usual_window_is_in_the_detectors_pixels(pictures):
    assert usual_window(paper_pictures(pictures, range(6)), 64) == pytest.approx(0.5 * 1.2 * 50)


def test_the_mean_picture_is_what_nobody_needs_to_see(pictures):
    some = paper_pictures(pictures, range(6))
    assert mean_picture_error(some) == pytest.approx(0.0, abs=1e-12)
    other = replace(some, alone=[some.alone[0], np.zeros((128, 128, 3), np.uint8)],
                    labels=some.labels[:2])
    both = np.stack(other.alone) / 255.0
    assert mean_picture_error(other) == pytest.approx(
        ((both - both.mean(axis=0)) ** 2).sum(axis=3).mean())


def test_pictures_without_one_object_are_refused(pictures):
    labels = [pictures.labels[0], ()]
    with pytest.raises(DatasetError, match='picture 1 has 0 objects'):
        paper_pictures(replace(pictures, labels=labels), [0, 1])


def test_batches_come_in_order_and_failures_are_seen():
    assert list(ahead(lambda number: number**2, 20)) == [number**2 for number in range(20)]
    with pytest.raises(ZeroDivisionError):
        list(ahead(lambda number: 1 // (3 - number), 9))


SMALL = replace(TINY, step1=Course(6, 3, 3, 1e-3), step2=Course(6, 3, 2, 0.01), side=64)


def trained(what, pictures, budget, checkpoint):
    torch.manual_seed(5)
    more = {'seed': 4, 'checkpoint': checkpoint, 'run': {'a': 1}}
    if what == DETECTOR:
        network = FasterRcnn(budget.width, budget.side)
        return network, train_detector(network, pictures, budget, **more)
    if what == 'joint':
        network = JointNetwork(budget.width, 4, budget.side)
        return network, train_joint(network, 'T2', pictures, budget, **more)
    network = Autoencoder(budget.width, 4)
    return network, train_autoencoder(
        network, Method(what, 4, jitter=True), pictures, budget, **more)


@pytest.mark.parametrize('what', [DETECTOR, 'joint', 'extended', 'original'])
def test_trainings_go_on_as_if_they_had_never_stopped(what, pictures, tmp_path):
    some = paper_pictures(pictures, range(6))
    whole, history = trained(what, some, SMALL, tmp_path / 'a.safetensors')
    fewer = replace(SMALL, step1=Course(6, 2, 3, 1e-3), step2=Course(6, 2, 2, 0.01))
    trained(what, some, fewer, tmp_path / 'b.safetensors')
    parts, again = trained(what, some, SMALL, tmp_path / 'b.safetensors')
    assert history.losses == again.losses and history.epochs == 3
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(parts.state_dict()[name], value, rtol=0, atol=0)
    names = {DETECTOR: {'total', 'objectness', 'proposal', 'classification', 'box'},
             'extended': {'total', 'error', 'angle', 'cosine'}, 'original': {'total'},
             'joint': {'total', 'error', 'faster', 'objectness', 'proposal', 'classification',
                       'box'}}
    assert set(history.losses) == names[what]


def test_views_are_described_as_pictures_are(pictures):
    """A view in the codebook and a picture of the same look have nearly the same latents."""
    torch.manual_seed(0)
    some = paper_pictures(pictures, range(6))
    detector, autoencoder = FasterRcnn(1 / 16, 128).eval(), Autoencoder(1 / 16, 8).eval()
    detector.heads.score_thresh = 0.0
    separate = Separate(detector, autoencoder, 128)
    views = np.stack(list(some.alone))
    assert separate.encode(views).shape == (6, 8)
    found = separate.find(some.images)
    assert found.boxes.shape == (6, 4) and np.isfinite(found.boxes).all()
    assert found.drawn.shape == (6, 128, 128, 3) and found.drawn.dtype == np.uint8
    joint = JointNetwork(1 / 16, 8, 128).eval()
    estimator = Joint(joint, 128, 60.0)
    # The same plate, drawn into a whole picture instead of the codebook's smaller one.
    whole = np.zeros((1, 128, 128, 3), np.uint8)
    whole[0, 34:94, 34:94] = cv2.resize(views[0], (60, 60), interpolation=cv2.INTER_AREA)
    with torch.inference_mode(), torch.autocast('cpu', torch.bfloat16):
        picture = torch.from_numpy(whole).permute(0, 3, 1, 2).float() / 255
        direct = joint.encode(picture, torch.tensor([[34.0, 34.0, 94.0, 94.0]]))
    alike = torch.nn.functional.cosine_similarity(estimator.encode(views[:1]), direct)
    assert alike.item() > 0.98


def test_the_nearest_entry_is_told_among_many_alike():
    rng = np.random.default_rng(6)
    # As an autoencoder's, all near to each other.
    codes = 1.0 + 0.02 * rng.standard_normal((40_000, 16))
    codes = torch.nn.functional.normalize(torch.from_numpy(codes), dim=1).to(torch.bfloat16)
    codebook = Codebook(codes, np.zeros((40_000, 3, 3)), np.zeros((40_000, 4)), CAMERA, 1.0)
    wanted = 3.0 * (1.0 + 0.02 * rng.standard_normal((5, 16)))
    cosines = wanted / np.linalg.norm(wanted, axis=1, keepdims=True) @ codes.double().numpy().T
    entries = nearest(codebook, torch.from_numpy(wanted))
    np.testing.assert_allclose(cosines[range(5), entries], cosines.max(axis=1), atol=1e-6)
    some = codes[:300].double().numpy()
    some /= np.linalg.norm(some, axis=1, keepdims=True)
    few = Codebook(codes[:300], codebook.rotations[:300], codebook.boxes[:300], CAMERA, 1.0)
    assert likeness(few) == pytest.approx((some @ some.T).mean(), rel=1e-9)


def plate_depth(camera, pose):
    """Draw a square plate of 0.2 m that faces the camera, wherever it is."""
    x, y, z = pose.translation
    u, v = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    inside = (np.abs((u - camera.cx) / camera.fx * z - x) < 0.1) & (
        np.abs((v - camera.cy) / camera.fy * z - y) < 0.1)
    return np.where(inside, z, np.inf).astype(np.float32)


def test_scores_in_windows_are_those_of_whole_pictures():
    corners = np.array([(x, y, 0.0) for x in (-0.1, 0.1) for y in (-0.1, 0.1)])
    model = Model(corners, 0.283, np.array((1.0, 0.0, 0.0)))
    truth_pose = Pose(np.eye(3), np.array((0.1, -0.1, 1.0)))
    scene = np.minimum(plate_depth(CAMERA, truth_pose), 1.3)
    scene[:, 70:75] = 0.6
    truth = Truth(truth_pose, (52.0, 30.0, 96.0, 74.0), 0.8, scene, CAMERA)
    score, expected = MethodScore(model, corners, plate_depth), []
    for shift in ((0.0, 0.0, 0.0), (0.02, 0.01, 0.01), (0.5, 0.0, 0.3), (-0.9, 0.2, 0.0)):
        place = truth_pose.translation + shift
        score.add([ObjectPose('plate', np.eye(3), place, 0.9, truth.box)], truth)
        expected.append(float(vsd(plate_depth(CAMERA, Pose(np.eye(3), place)),
                                  plate_depth(CAMERA, truth_pose), scene, CAMERA)))
    score.add([], truth)
    figures = score.figures()
    assert expected[0] == 0.0 and 0 < expected[1] < 1
    assert figures['auc800']['estimated'] == pytest.approx(
        800 * (1 - np.mean([*expected, 1.0])))
    assert figures['auc800']['true_translation'] == pytest.approx(800 * 4 / 5)
    assert figures['box_iou']['mean'] == pytest.approx(4 / 5)
    assert figures['found'] == pytest.approx(4 / 5)
    below = [np.mean([error < threshold for error in (*expected, 1.0)])
             for threshold in THRESHOLDS]
    np.testing.assert_allclose(figures['curve']['estimated'], PICTURES * np.array(below))
    assert 0.2 <= figures['bop_vsd'] < 0.8 and len(BOP_SHARES) == 10


def test_the_summary_says_whether_the_order_is_there():
    def report(joint, extended, original):
        areas = {'joint': joint, 'extended': extended, 'original': original}
        return {'chance': 60.0, 'rows': {str(cell.method): {'auc800': {
            'true_translation': areas[cell.kind], 'estimated': 1.0}} for cell in cells(TINY)}}

    words = summary(report(400.0, 200.0, 100.0), TINY)
    assert "The paper's order holds" in words and 'drawn at random have 60' in words
    assert '2.00 times the extended one (the paper 2.47)' in words
    assert '4.00 times the original one (the paper 7.54)' in words
    assert 'is not there in all' in summary(report(400.0, 100.0, 200.0), TINY)
    # A graph counts once it is complete.
    some = report(400.0, 200.0, 100.0)
    del some['rows'][str(Cell(TINY.latents[0], 'T1', 'joint').method)]
    assert 'the extended autoencoder in 3 of 3 graphs' in ' '.join(summary(some, TINY).split())
    assert 'No graph of the grid is complete yet' in summary({'rows': {}}, TINY)


def test_what_was_learnt_is_set_beside_how_well_poses_are_told():
    names = [str(method) for method in methods(TINY)]
    report = {
        'mean_picture_error': 0.09, 'window': 64.0,
        'rows': {name: {'likeness': 0.5, 'auc800': {'true_translation': 10.0 * number}}
                 for number, name in enumerate(names)},
        'trainings': {name: {'losses': {'total': [1.0, 0.5 - 0.01 * number]}}
                      for number, name in enumerate(names)}}
    words = ' '.join(' '.join(learnt(report, TINY)).split())
    assert f'is -1.00 over these {len(names)} methods' in words
    cells_of = 64 / 16
    assert f'in {cells_of:.1f} cells' in words
    assert f'it would be {cells_of * 512 / TINY.side:.1f}' in words
    # Where all are as good, or few are measured, there is nothing to compare.
    for row in report['rows'].values():
        row['auc800']['true_translation'] = 10.0
    assert 'rank correlation' not in ' '.join(learnt(report, TINY))
    assert 'rank correlation' not in ' '.join(learnt({
        **report, 'rows': dict([*report['rows'].items()][:3])}, TINY))


def test_reproduce_renders_trains_measures_reports_and_resumes(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(plan.BUDGETS, 'cpu', TINY)
    out = tmp_path / 'out'
    arguments = ['reproduce', 'pose', '--out', str(out), '--seed', '3', '--json']
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((out / 'report.json').read_text())
    names = [str(method) for method in methods(TINY)]
    assert list(report['rows']) == names
    assert 0 < report['chance'] < 800
    assert set(report['trainings']) == {DETECTOR, *names}
    for row in report['rows'].values():
        assert row['count'] == TINY.tests and 0 <= row['found'] <= 1
        for column in ('true_translation', 'estimated'):
            assert 0 <= row['auc800'][column] <= 800
            assert np.all(np.diff(row['curve'][column]) >= 0)
        assert 0 <= row['box_iou']['mean'] <= 1
    # All that is not joint has the boxes of one detector.
    boxes = {row['box_iou']['mean'] for name, row in report['rows'].items()
             if not name.startswith('joint')}
    assert len(boxes) == 1
    page = (out / 'report.md').read_text()
    assert page.count('| joint | ') == page.count('| original | ') == 4
    for words in ('7.54', '2.47', '415', 'RoIAlign gives no gradient', 'joint 8, T1, differ'):
        assert words in page
    for cell in cells(TINY):
        assert f'figure-3-{cell.latent}-{cell.schedule}.svg' in page
    for name in ('figure-3-4-T1.svg', 'figure-3-8-T2.svg', 'loss.svg',
                 'figure-4-joint-8-T1.jpg', 'figure-4-original-8.jpg'):
        assert f'({name})' in page and (out / name).stat().st_size > 1000
    assert cv2.imread(str(out / 'figure-4-joint-8-T1.jpg')).shape[1] == 4 * 320
    assert not list(out.glob('*.checkpoint.safetensors'))

    assert main(arguments) == 1
    assert 'go on with --resume' in capsys.readouterr().err
    # What is left of a reproduction that was stopped in its last method's training.
    last = names[-1]
    row, training = report['rows'].pop(last), report['trainings'].pop(last)
    for some in ([], [DETECTOR, names[0]], [DETECTOR, *names[:5]], [DETECTOR, *names[:-1]]):
        part = {**report, **{key: {name: value for name, value in report[key].items()
                                   if name in some} for key in ('rows', 'trainings')}}
        words = ' '.join(page_of(part, TINY).split())
        assert f'{len(names) - max(0, len(some) - 1)} of {len(names)} methods' in words
        assert all((f'figure-3-{cell.latent}-{cell.schedule}.svg' in charts(part, TINY)) == (
            f'figure-3-{cell.latent}-{cell.schedule}.svg' in words) for cell in cells(TINY))
    assert 'Not finished' not in page
    (out / 'report.json').write_text(json.dumps(report))
    (out / f'{file_stem(last)}.safetensors').unlink()
    assert main([*arguments, '--resume']) == 0
    again = json.loads(capsys.readouterr().out)
    assert again['rows'][last] == row
    assert again['trainings'][last]['sha256'] == training['sha256']
    assert again['trainings'][names[0]] == report['trainings'][names[0]]
    monkeypatch.setitem(plan.BUDGETS, 'cpu', replace(TINY, final_rate=3.0))
    assert main([*arguments, '--resume']) == 1
    assert 'another final_rate' in capsys.readouterr().err


def test_a_method_knows_what_it_is_called():
    method = Method('joint', 128, 'T2', 'differentiable')
    assert str(method) == 'joint 128, T2, differentiable crop'
    assert file_stem('extended 4096, jitter') == 'extended-4096-jitter'
    assert Cell(128, 'T1', 'original').method == Cell(128, 'T2', 'original').method
