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

"""A tiny training of the grasp network from end to end, and the suppression of doubles."""

from dataclasses import replace

import cv2
from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from mtperception import zoo
from mtperception.geometry.rectangle import angle_difference, corners, overlap
from mtperception.grasp.data.dataset import GraspPictures
from mtperception.grasp.hyper_parameters import HyperParameters
from mtperception.grasp.predictor import GraspDetector
from mtperception.grasp.suppression import distinct, SAME_ANGLE, SAME_OVERLAP
from mtperception.grasp.training import train, validate
from mtperception.training.settings import SettingsError

TINY = HyperParameters(
    width=0.12, epochs=5, samples_per_epoch=160, batch=8, side=96, averaging=0.95, bfloat16=False)


def bars(count, seed):
    """Draw bright bars on a dark ground; each is grasped across its middle."""
    rng = np.random.default_rng(seed)
    images, labels = [], []
    for _ in range(count):
        x, y = rng.uniform(30, 66, 2)
        theta = rng.uniform(-np.pi / 2, np.pi / 2)
        image = np.full((96, 96, 3), 60, np.uint8)
        along = (x, y, 12, 44, theta)
        cv2.fillPoly(image, [np.rint(corners(along)[0] * 16).astype(int)], (200, 190, 180),
                     cv2.LINE_AA, 4)
        images.append(image)
        labels.append(np.array([(x, y, 26, 12, theta)], np.float32))
    return GraspPictures(images, labels, [f'{number:03d}' for number in range(count)],
                         [f'bars {count} {seed}'] * count)


def test_a_tiny_training_learns_to_grasp_bars(tmp_path):
    losses, lines = [], []
    bundle = train(bars(40, 0), tmp_path, TINY, seed=1, command='train', after_step=(
        lambda _, loss: losses.append(loss)), after_epoch=lambda _, line: lines.append(line))
    assert np.mean(losses[-10:]) < 0.4 * np.mean(losses[:10])
    assert len(lines) == 1 and 'precision' in lines[0]
    detector = GraspDetector.load(tmp_path / 'grasp.safetensors')
    score, = validate(detector, bars(20, 7), [detector.threshold])
    figures = score.figures()
    assert figures['recall'] >= 0.8 and figures['precision'] >= 0.6
    assert figures['angle_error_deg']['median'] < 12
    card = bundle.card
    # Fingers are told a little further apart, so that few are nearer than the labelled ones.
    assert 0.0 < card['opening_margin'] < 1.0
    assert np.mean(np.array(score.opening_errors) > 0.0) < 0.35
    assert card['task'] == 'grasp' and card['training']['seed'] == 1
    assert card['data'] == {'sha256': 'bars 40 0', 'sets': ['bars 40 0'],
                            'training_pictures': 36, 'validation_pictures': 4}
    assert zoo.load(tmp_path / 'grasp.safetensors').sha256 == bundle.sha256


def test_resuming_gives_the_same_model(tmp_path):
    small = HyperParameters(**{**vars(TINY), 'width': 0.05, 'epochs': 2, 'samples_per_epoch': 24})
    pictures = bars(6, 0)
    whole = train(pictures, tmp_path / 'whole', small, seed=1, command='train')

    def stop(done, _):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(pictures, tmp_path / 'broken', small, seed=1, command='train', after_step=stop)
    assert not (tmp_path / 'broken' / 'grasp.safetensors').exists()
    resumed = train(pictures, tmp_path / 'broken', small, seed=1, command='train', resume=True)
    assert resumed.sha256 == whole.sha256


@pytest.mark.parametrize(('change', 'message'), [
    ({'width': 0.0}, 'width is 0.0; it must be positive'),
    ({'side': 32}, 'side is 32'),
    ({'batch': 5000}, 'batch is larger'),
    ({'validation_share': 1.0}, 'between 0 and 1'),
])
def test_settings_that_could_only_fail_later_are_refused(change, message):
    with pytest.raises(SettingsError, match=message):
        HyperParameters(**change)


@pytest.fixture(scope='module')
def detector(tmp_path_factory):
    """Give a detector that knows nothing, and so finds much."""
    from mtperception.grasp.network import GraspArchitecture, GraspNetwork
    return GraspDetector(
        GraspNetwork(GraspArchitecture(width=0.05)), model_name='random', sha256='0' * 64)


def test_fingers_are_told_further_apart_by_the_margin(detector):
    image = np.random.default_rng(0).integers(0, 256, (150, 200, 3), dtype=np.uint8)
    tight = detector.detect(image, 0.5)
    assert tight
    try:
        detector.opening_margin = 0.25
        wide = detector.detect(image, 0.5)
    finally:
        detector.opening_margin = 0.0
    assert [grasp.opening - 0.25 * grasp.jaw for grasp in wide] == pytest.approx(
        [grasp.opening for grasp in tight])
    assert [replace(grasp, opening=0.0) for grasp in wide] == [
        replace(grasp, opening=0.0) for grasp in tight]


@pytest.mark.parametrize('margin', [-0.1, 1.5, 'wide', True, None])
def test_a_margin_that_is_none_is_refused(tmp_path, margin):
    bundle = zoo.load('grasp')
    path = tmp_path / 'grasp.safetensors'
    zoo.save(path, bundle.tensors, {**bundle.card, 'opening_margin': margin})
    with pytest.raises(zoo.ModelError, match='the opening_margin of its card is'):
        GraspDetector.load(path)


def test_detections_are_in_the_picture_and_distinct(detector):
    image = np.random.default_rng(0).integers(0, 256, (150, 200, 3), dtype=np.uint8)
    grasps = detector.detect(image, 0.5)
    assert grasps == detector.detect(image, 0.5)
    scores = [grasp.score for grasp in grasps]
    assert scores == sorted(scores, reverse=True) and min(scores) >= 0.5
    rows = np.array([(g.x, g.y, g.opening, g.jaw, g.theta) for g in grasps])
    assert (rows[:, :2] >= -0.5).all() and (rows[:, :2] <= (199.5, 149.5)).all()
    assert (np.abs(rows[:, 4]) <= np.pi / 2).all()
    same = (overlap(rows, rows) > SAME_OVERLAP) & (
        angle_difference(rows[:, None, 4], rows[None, :, 4]) < SAME_ANGLE)
    assert (same == np.eye(len(rows), dtype=bool)).all()


def test_what_is_no_picture_is_refused(detector):
    with pytest.raises(TypeError, match='numpy array'):
        detector.detect([[1]])
    with pytest.raises(ValueError, match='uint8'):
        detector.detect(np.zeros((100, 100, 3)))
    with pytest.raises(ValueError, match='shape'):
        detector.detect(np.zeros((100, 100, 4), np.uint8))
    with pytest.raises(ValueError, match='too small'):
        detector.detect(np.zeros((20, 100, 3), np.uint8))
    with pytest.raises(ValueError, match='score_threshold is 2'):
        detector.detect(np.zeros((100, 100, 3), np.uint8), 2)


def test_weights_that_are_no_numbers_find_nothing():
    import torch

    from mtperception.grasp.network import GraspArchitecture, GraspNetwork
    network = GraspNetwork(GraspArchitecture(width=0.05))
    with torch.no_grad():
        network.heads[0].bias.fill_(float('nan'))
        network.heads[1].bias.fill_(float('inf'))
    broken = GraspDetector(network, model_name='broken', sha256='')
    found = broken.detect(np.zeros((100, 100, 3), np.uint8), 0.0)
    assert all(np.isfinite([g.x, g.y, g.opening, g.jaw, g.theta, g.score]).all() for g in found)


rows = st.tuples(st.floats(0, 60), st.floats(0, 60), st.floats(5, 50), st.floats(5, 20),
                 st.floats(-1.57, 1.57))


@given(st.lists(rows, max_size=12))
@settings(max_examples=60, deadline=None)
def test_suppression_keeps_the_best_of_each_and_no_doubles(found):
    rectangles = np.array(found).reshape(-1, 5)
    kept = distinct(rectangles, len(found))
    same = (overlap(rectangles, rectangles) > SAME_OVERLAP) & (
        angle_difference(rectangles[:, None, 4], rectangles[None, :, 4]) < SAME_ANGLE)
    for number in range(len(found)):
        better = [one for one in kept if one < number]
        assert (number in kept) == (not same[number, better].any())
    assert distinct(rectangles, 1) == kept[:1]
