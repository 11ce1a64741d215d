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

import math

import numpy as np
import pytest
import torch

from mtperception.datasets.errors import DatasetError
from mtperception.pin.data.dataset import LabelledPin, PinPictures
from mtperception.pin.paper.crops import Copies, copies, cut_crops, in_light, seed_images
from mtperception.pin.paper.training import answers, epoch_crops, train_paper
from mtperception.training.checkpoint import CheckpointError
from mtperception.training.loop import TrainingError

RUN = {'seed': 3}


def disc(x, y, radius=9.0):
    return LabelledPin(x, y, 2 * radius, (x - radius, y - radius, x + radius, y + radius), 1.0)


def discs(count, seed=0, pins=1):
    """Draw bright discs on a dark, noisy ground."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:200, :240].astype(np.float32)
    images, labels = [], []
    for _ in range(count):
        picture = 60 + 6 * rng.standard_normal(rows.shape, dtype=np.float32)
        found = [disc(*rng.uniform([40, 40], [200, 160])) for _ in range(pins)]
        for pin in found:
            picture[np.hypot(columns - pin.x, rows - pin.y) < pin.diameter / 2] = 190
        images.append(np.clip(picture, 0, 255).astype(np.uint8))
        labels.append(tuple(found))
    return PinPictures(images, labels, ['0'] * count, ['discs'] * count)


@pytest.fixture(scope='module')
def data():
    """Give 60 copies to train on, and 30 validation crops of the same seed images."""
    pictures = discs(12)
    rng = np.random.default_rng(1)
    return (copies(pictures, range(12), 5, rng),
            cut_crops(copies(pictures, range(10), 3, rng), rng))


def trained(data, path, epochs=2, **arguments):
    return train_paper(data[0], {'same': data[1]}, 2, epochs=epochs, seed=3,
                       checkpoint=path, run=RUN, **arguments)


def test_light_follows_equations_3_to_5():
    lit = copies(discs(1), [0], 4000, np.random.default_rng(0))
    # Uniform, and independent of each other.
    for values, low, high in ((lit.contrast, 0.8, 1), (lit.brightness, -0.15, 0.15)):
        assert low <= values.min() < low + 1e-3 and high - 1e-3 < values.max() <= high
        assert values.std() == pytest.approx((high - low) / math.sqrt(12), rel=0.03)
    assert abs(np.corrcoef(lit.contrast, lit.brightness)[0, 1]) < 0.05
    image = np.array([[0, 51, 255]], np.uint8)
    for contrast, brightness in ((1, 0), (0.8, 0.15), (0.9, -0.15)):
        light = in_light(image, np.float32(contrast), np.float32(brightness))
        assert light.dtype == np.float32
        np.testing.assert_allclose(
            light[0], np.clip(contrast * np.array([0, 0.2, 1]) + brightness, 0, 1), atol=1e-6)


def test_crops_are_balanced_and_their_pins_inside(data):
    training = cut_crops(data[0], np.random.default_rng(5))
    assert len(training) == 60 and training.with_pin.sum() == 30
    assert training.images.shape == (60, 1, 100, 100)
    assert training.images.min() >= 0 and training.images.max() <= 1
    where = training.positions
    assert not where[~training.with_pin].any()
    assert (where[training.with_pin] >= 24).all() and (where[training.with_pin] <= 75).all()
    for image, pin in zip(training.images[:, 0], training.pins, strict=True):
        bright = image > (image.min() + image.max()) / 2
        if pin is None:
            # Nothing but noise.
            assert image.std() < 0.05
        else:
            rows, columns = bright.nonzero()
            assert (columns.mean(), rows.mean()) == pytest.approx((pin.x, pin.y), abs=0.3)
    # One pair of contrast and brightness a copy.
    assert np.ptp(training.images[:, 0].mean(axis=(1, 2))) > 0.1


def test_each_epoch_cuts_other_crops_of_the_same_copies(data):
    (first, batches), (again, same), (second, others) = (
        epoch_crops(data[0], 3, epoch) for epoch in (0, 0, 1))
    np.testing.assert_array_equal(first.images, again.images)
    assert all(torch.equal(*pair) for pair in zip(batches, same, strict=True))
    assert sorted(torch.cat(batches).tolist()) == sorted(torch.cat(others).tolist()) == [
        *range(60)]
    pins = first.with_pin & second.with_pin
    assert pins.any() and (first.positions[pins] != second.positions[pins]).any(axis=1).all()


def test_pictures_without_a_usable_pin_are_no_seeds():
    pictures = discs(6)
    pins = list(pictures.pins)
    pins[1] = (disc(20.0, 100.0),)
    pins[2] = ()
    pins[3] = (LabelledPin(100.0, 100.0, 18.0, (91.0, 91.0, 109.0, 109.0), 0.4),)
    pictures = PinPictures(pictures.images, pins, pictures.digests, pictures.origins)
    assert seed_images(pictures, 3) == [0, 4, 5]
    with pytest.raises(DatasetError, match='only 3 of 6 pictures'):
        seed_images(pictures, 4)
    with pytest.raises(DatasetError, match='picture 0 has 2 pins'):
        seed_images(discs(2, pins=2), 1)


def test_a_training_gets_better_and_can_be_resumed(tmp_path, data):
    losses = []
    whole, history = trained(data, tmp_path / 'whole.safetensors', epochs=6,
                             after_step=lambda done, loss: losses.append((done, loss)))
    assert [done for done, _ in losses] == list(range(1, 7))
    assert [row.total for row in history.steps] == [loss for _, loss in losses]
    assert losses[-1][1] < losses[0][1] / 2
    for row in history.steps:
        assert row.total == pytest.approx(row.cross_entropy + row.pins_half_mse / 2, rel=1e-4)
    half = tmp_path / 'half.safetensors'
    trained(data, half, epochs=3)
    resumed, again = trained(data, half, epochs=6, resume=True)
    assert again.steps == history.steps and again.validation == history.validation
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    with pytest.raises(CheckpointError, match='another seed'):
        train_paper(data[0], {'same': data[1]}, 2, epochs=3, seed=4, checkpoint=half,
                    run={'seed': 4}, resume=True)


def test_both_losses_begin_with_the_same_network_and_batch(tmp_path, data):
    first, second = (train_paper(
        data[0], {}, loss, epochs=1, seed=3, checkpoint=tmp_path / f'{loss}.safetensors',
        run=RUN)[1].steps[0] for loss in (1, 2))
    assert first[1:] == second[1:]
    assert first.total == pytest.approx(first.cross_entropy + 0.1 * first.half_mse, rel=1e-5)


def test_the_last_validation_is_of_the_network_that_is_returned(tmp_path, data):
    network, history = trained(data, tmp_path / 'x.safetensors')
    said, last = answers(network, data[1]), history.validation['same'][-1]
    distance = np.hypot(*(said.position.numpy() - data[1].positions).T)
    assert last.half_mse == pytest.approx((distance**2).mean() / 2, rel=1e-5)
    pins = data[1].with_pin
    assert last.pins_half_mse == pytest.approx((distance[pins]**2).mean() / 2, rel=1e-5)
    true = np.where(pins, said.probability, 1 - said.probability)
    assert last.cross_entropy == pytest.approx(-np.log(true).mean(), rel=1e-5)
    assert last.total == pytest.approx(last.cross_entropy + last.pins_half_mse / 2, rel=1e-5)


def test_a_loss_that_is_not_finite_is_named_and_the_checkpoint_kept(tmp_path, data):
    path = tmp_path / 'x.safetensors'
    trained(data, path, epochs=1)
    before = path.read_bytes()
    contrast = data[0].contrast.copy()
    contrast[7] = math.nan
    damaged = Copies(data[0].pictures, data[0].seeds, contrast, data[0].brightness)
    with pytest.raises(TrainingError, match=r'loss 2 became nan in epoch 2, iteration 2.*holds'):
        trained((damaged, data[1]), path, resume=True)
    assert path.read_bytes() == before
