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

"""Training of the pose network: from rendered pictures to a model, and what is refused."""

import json

import cv2
import numpy as np
import pytest
import torch

from mtperception.cli.detect import read_depth
from mtperception.cli.main import main
from mtperception.datasets.errors import DatasetError
from mtperception.pose.batches import PlainViews, random_batch
from mtperception.pose.data.reading import read_pictures
from mtperception.pose.hyper_parameters import HyperParameters
from mtperception.pose.predictor import PoseEstimator
from mtperception.pose.samples import samples_of
from mtperception.pose.training import BoxScore, train, validate
from mtperception.sim.pose.data import PoseData
from mtperception.sim.render import render
from mtperception.training.settings import SettingsError

TINY = HyperParameters(width=4, latent=8, epochs=2, samples_per_epoch=16, batch=8,
                       validation_share=0.2)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp('poses')
    render(PoseData(), out, 10, 3, 1)
    return out


@pytest.fixture(scope='module')
def pictures(folder):
    return read_pictures(folder)


def trained(pictures, out, settings=TINY, **more):
    return train(pictures, out, settings, seed=1, command='made up', **more)


def test_pictures_are_read_with_what_is_in_them(pictures):
    assert (len(pictures), pictures.name) == (10, 'hammer')
    samples = samples_of(pictures)
    assert len(samples.objects) == 10
    for thing, (label,) in zip(samples.objects, pictures.labels, strict=True):
        (x, y), = label.camera.project(label.translation)
        assert thing.origin == pytest.approx((x, y)) and thing.depth == label.translation[2]
        low, high = thing.outline.min(axis=0), thing.outline.max(axis=0)
        assert (*(low - 0.5), *(high + 0.5)) == pytest.approx(label.box, abs=1.0)
        assert max(samples.small[thing.picture].shape) == 256
        # What can be seen is a part of the whole, and about as large as the label says.
        whole, seen = (thing.masks[..., kind] > 127 for kind in (0, 1))
        assert not (seen & ~whole).sum() > 0.02 * whole.sum()
        assert seen.sum() / whole.sum() == pytest.approx(label.visible, abs=0.1)


def test_a_batch_is_a_function_of_its_seed_alone(pictures):
    samples = samples_of(pictures)
    plain = PlainViews(*(np.stack([kind] * 3) for kind in (
        samples.objects[0].alone, samples.objects[0].alone.max(axis=2) > 20)))
    one, again = (random_batch(samples, plain, 4, 6, 1, True, np.random.default_rng(5))
                  for _ in range(2))
    assert torch.equal(one.views, again.views) and torch.equal(one.crops, again.crops)
    assert one.looks.placed.tolist() == [True] * 5 + [False]
    assert one.crops.shape == (6, 3, 128, 128) and one.views.shape == (4, 3, 256, 256)


def test_a_training_that_went_on_gives_the_same_model(pictures, tmp_path):
    whole = trained(pictures, tmp_path / 'whole')

    class StoppedError(Exception):
        pass

    def stop(done, loss):
        if done == 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        trained(pictures, tmp_path / 'parts', after_step=stop)
    resumed = trained(pictures, tmp_path / 'parts', resume=True)
    assert resumed.sha256 == whole.sha256
    card = json.loads((tmp_path / 'parts' / 'pose.json').read_text())
    assert card['object'] == 'hammer' and card['training']['epochs'] == 2
    assert card['data']['validation_pictures'] == 2
    estimator = PoseEstimator.load(tmp_path / 'parts' / 'pose.safetensors')
    assert estimator.label == 'hammer'
    score = validate(estimator, pictures)
    assert isinstance(score, BoxScore) and len(score.overlaps) == 10


def test_the_loss_falls_where_there_is_little_to_learn(pictures, tmp_path):
    losses = []
    trained(pictures, tmp_path, HyperParameters(
        width=8, latent=16, epochs=1, samples_per_epoch=4 * 40, batch=4, validation_share=0.2),
        after_step=lambda done, loss: losses.append(loss))
    assert np.mean(losses[-12:]) < 0.75 * np.mean(losses[:4])


def test_what_cannot_be_used_is_named(folder, tmp_path):
    with pytest.raises(DatasetError, match='no object spanner; there are hammer'):
        read_pictures(folder, part='spanner')
    with pytest.raises(DatasetError, match='given before'):
        read_pictures(folder, folder)
    with pytest.raises(DatasetError):
        read_pictures(tmp_path)
    with pytest.raises(SettingsError, match='plain_share is 1'):
        HyperParameters(plain_share=1)


def test_thresholds_are_chosen_where_right_and_wrong_part():
    score = BoxScore(overlaps=[0.9] * 10, right=[0.6] * 9 + [0.2], wrong=[0.3] * 5)
    assert 0.3 < score.best_threshold() <= 0.6


@pytest.mark.parametrize(('words', 'said'), [
    (['detect', 'pin', 'a.png', '--depth', 'b'], '--depth is for poses'),
    (['detect', 'pose', 'a.png'], 'give --camera FILE'),
    (['evaluate', 'pose', '--count', '0'], '--count is 0'),
    (['train', 'pose', '--out', 'x', '--data', 'nowhere'], 'nowhere'),
])
def test_the_command_says_what_is_wrong(words, said, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 1
    assert said in capsys.readouterr().err


def test_depth_pictures_are_read_in_metres_and_others_named(tmp_path):
    depth = np.array([(0, 500), (1250, 65535)], np.uint16)
    cv2.imwrite(str(tmp_path / 'a.png'), depth)
    cv2.imwrite(str(tmp_path / 'b.png'), depth.astype(np.uint8))
    assert read_depth(tmp_path / 'a.png') == pytest.approx(depth / 1000.0)
    for name, said in (('b.png', 'not a depth picture'), ('c.png', 'No such file')):
        with pytest.raises(ValueError, match=f'{name}: {said}'):
            read_depth(tmp_path / name)
