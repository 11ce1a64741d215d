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

import numpy as np
import pytest

from mtperception import zoo
from mtperception.grasp import hyper_parameters as grasp
from mtperception.pin.batches import targets_from_labels
from mtperception.pin.data.dataset import LabelledPin, PinPictures
from mtperception.pin.evaluation import FrameScore
from mtperception.pin.hyper_parameters import FURTHER, HyperParameters
from mtperception.pin.predictor import PinDetector
from mtperception.pin.training import train
from mtperception.training.settings import read_settings, settings_text, SettingsError

TINY = HyperParameters(
    stem=8, width=16, deep=16, dilations=(1, 2), epochs=3, samples_per_epoch=240, batch=8,
    hard_pictures=10, cut_side=96, averaging=0.95, bfloat16=False)


def discs(count, seed):
    """Draw bright discs on a dark ground, and darker squares that are none."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:128, :144].astype(np.float32)
    images, labels = [], []
    for _ in range(count):
        picture = 70 + 5 * rng.standard_normal(rows.shape, dtype=np.float32)
        left, top = rng.integers(0, 120, 2)
        picture[top:top + 14, left:left + 14] = 20
        x, y, radius = rng.uniform(20, 120), rng.uniform(20, 105), rng.uniform(6, 12)
        inside = (1 - np.tanh(np.hypot(columns - x, rows - y) - radius)) / 2
        picture += inside * (190 - picture)
        images.append(np.clip(picture, 0, 255).astype(np.uint8))
        labels.append((LabelledPin(
            x, y, 2 * radius, (x - radius, y - radius, x + radius, y + radius), 1.0),))
    return PinPictures(images, labels, [f'{number:03d}' for number in range(count)],
                       [f'discs {count} {seed}'] * count)


def score(detector, pictures):
    total = FrameScore()
    for image, pins in zip(pictures.images, pictures.pins, strict=True):
        total.add(detector.detect(image), pins, 144, 128)
    return total.figures()


def test_a_tiny_training_learns_to_find_discs(tmp_path):
    losses, lines = [], []
    bundle = train(discs(30, 0), tmp_path, TINY, seed=1, command='train', after_step=(
        lambda _, loss: losses.append(loss)), after_epoch=lambda _, line: lines.append(line))
    assert np.mean(losses[-10:]) < 0.3 * np.mean(losses[:10])
    assert len(lines) == 1
    figures = score(PinDetector.load(tmp_path / 'pin.safetensors'), discs(20, 7))
    assert figures['error_px']['mean'] < 1
    assert figures['missed'] <= 0.1
    assert figures['diameter_error_px']['mean'] < 2
    card = bundle.card
    assert card['task'] == 'pin' and card['training']['seed'] == 1
    assert card['data'] == {'sha256': 'discs 30 0', 'sets': ['discs 30 0'],
                            'training_pictures': 27, 'validation_pictures': 3}
    assert zoo.load(tmp_path / 'pin.safetensors').sha256 == bundle.sha256
    assert bundle.tensors['head.weight'].dtype == np.float16


def test_resuming_gives_the_same_model(tmp_path):
    settings = HyperParameters(**{**vars(TINY), 'epochs': 2, 'samples_per_epoch': 24})
    pictures = discs(6, 0)
    whole = train(pictures, tmp_path / 'whole', settings, seed=1, command='train')

    def stop(done, _):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(pictures, tmp_path / 'broken', settings, seed=1, command='train', after_step=stop)
    assert not (tmp_path / 'broken' / 'pin.safetensors').exists()
    resumed = train(pictures, tmp_path / 'broken', settings, seed=1, command='train', resume=True)
    assert resumed.sha256 == whole.sha256


def test_settings_are_read_over_the_defaults(tmp_path):
    path = tmp_path / 'settings.yaml'
    path.write_text('epochs: 3\nlearning_rate: 1\ndilations: [1, 2]\nbfloat16: false\n')
    settings = read_settings(path, HyperParameters())
    assert settings == HyperParameters(
        epochs=3, learning_rate=1.0, dilations=(1, 2), bfloat16=False)
    path.write_text('')
    assert read_settings(path, HyperParameters()) == HyperParameters()
    assert read_settings(None, HyperParameters()) == HyperParameters()


@pytest.mark.parametrize(('text', 'message'), [
    ('epoch: 3', "unknown setting 'epoch'; there are: stem, width"),
    ('epochs: 3.5', 'epochs is 3.5; expected something like'),
    ('epochs: true', 'epochs is True'),
    ('epochs: 0', 'epochs is 0; it must be positive'),
    ('bfloat16: 1', 'bfloat16 is 1'),
    ('dilations: [1, 2, 3]', 'dilations is a list of positive integers, even in number'),
    ('validation_share: 1', 'between 0 and 1'),
    ('batch: 9000', 'batch is larger'),
    ('- 1', 'a line such as "epochs: 20", without a dash'),
    ('epochs: [', 'not valid YAML'),
])
def test_wrong_settings_are_named(tmp_path, text, message):
    path = tmp_path / 'settings.yaml'
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_settings(path, HyperParameters())
    assert message in str(caught.value) and str(path) in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(('base', 'further'), [
    (HyperParameters(), FURTHER), (grasp.HyperParameters(), grasp.FURTHER)])
def test_listed_settings_are_a_settings_file(tmp_path, base, further):
    path = tmp_path / 'settings.yaml'
    path.write_text(settings_text(base, further))
    assert read_settings(path, further) == base
    assert f'epochs: {base.epochs}  # with --init: {further.epochs}' in path.read_text()


def test_a_missing_settings_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r'none\.yaml: No such file'):
        read_settings(tmp_path / 'none.yaml', HyperParameters())


def test_labels_are_padded_and_marked():
    seen = LabelledPin(20.0, 30.0, 12.0, (14.0, 24.0, 26.0, 36.0), 1.0)
    hidden = LabelledPin(50.0, 30.0, 12.0, (44.0, 24.0, 56.0, 36.0), 0.3)
    outside = LabelledPin(-3.0, 30.0, 12.0, (-9.0, 24.0, 3.0, 36.0), 1.0)
    targets = targets_from_labels([(seen, hidden, outside), (), (hidden,)], 100, 100)
    assert targets.counted.tolist() == [[True, False, False], [False] * 3, [False] * 3]
    assert targets.ignored.tolist() == [[False, True, True], [False] * 3, [True, False, False]]
    assert targets.centres[0, 0].tolist() == [20.0, 30.0]
    assert targets.boxes[2, 0].tolist() == [44.0, 24.0, 56.0, 36.0]
    assert (targets.diameters > 0).all()
    assert targets_from_labels([(), ()], 100, 100).centres.shape == (2, 0, 2)
