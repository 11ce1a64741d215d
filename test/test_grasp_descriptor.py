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

"""Descriptors of what is grasped: views, outlines, the network, a tiny training of it."""

import json

import cv2
from hypothesis import given, strategies as st
import numpy as np
import pytest
import torch

from mtperception import zoo
from mtperception.cli.main import main
from mtperception.datasets.errors import DatasetError
from mtperception.datasets.run_length import RunLengths
from mtperception.geometry.rectangle import corners
from mtperception.grasp.descriptor import training
from mtperception.grasp.descriptor.batches import random_pairs, random_view
from mtperception.grasp.descriptor.crops import crop, normalised, sampled_places, SAMPLES, STEP
from mtperception.grasp.descriptor.data import (
    GraspedThing,
    PlacesOfParts,
    read_pictures,
    ShapePictures,
)
from mtperception.grasp.descriptor.describer import Describer, on_one_thing
from mtperception.grasp.descriptor.hyper_parameters import HyperParameters
from mtperception.grasp.descriptor.loss import descriptor_loss, found_share, overlap
from mtperception.grasp.descriptor.network import (
    Described,
    DescriptorArchitecture,
    DescriptorNetwork,
)
from mtperception.grasp.descriptor.training import train, whiten
from mtperception.grasp.detection import Grasp
from mtperception.training.settings import SettingsError

SIDE = 200
TINY = HyperParameters(
    widths=(4, 8, 16, 16), outline_width=8, size=16, epochs=7, samples_per_epoch=640, batch=8,
    kernel_rate=0.06, learning_rate=0.04, averaging=0.9, validation_share=0.3, bfloat16=False)


def grasp(x, y, theta=0.0):
    return Grasp(x, y, 30.0, 12.0, theta, 1.0, 0)


def drawn(number, place, theta):
    """Draw one of three shapes: an outline, H x W, around a place."""
    long = (*place, 70, 16, theta)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    shapes = {0: [long], 1: [long, (*place, 16, 60, theta)], 2: [(*place, 36, 36, theta)]}
    for rectangle in shapes[number]:
        cv2.fillConvexPoly(mask, np.rint(corners(np.array(rectangle))[0]).astype(np.int32), 1)
    return mask.astype(bool)


def pictures(count, seed):
    """Draw pictures of bars, crosses and squares in any colours."""
    rng = np.random.default_rng(seed)
    images, labels = [], []
    for number in range(count):
        place, theta = rng.uniform(70, 130, 2), rng.uniform(-np.pi / 2, np.pi / 2)
        mask = drawn(number % 3, place, theta)
        image = np.full((SIDE, SIDE, 3), rng.integers(0, 90, 3), np.uint8)
        image[mask] = rng.integers(140, 256, 3)
        images.append(image)
        labels.append((GraspedThing(f'shape {number % 3}', RunLengths.of(mask), tuple(
            (*place, theta + turn) for turn in (0.0, np.pi / 2))),))
    return ShapePictures(images, labels, [f'{number:03d}' for number in range(count)],
                         [f'drawn {count} {seed}'] * count)


@pytest.fixture(scope='module')
def describer():
    torch.manual_seed(0)
    return Describer(DescriptorNetwork(DescriptorArchitecture((8, 8, 16, 16), 8, 12)),
                     model_name='random', sha256='')


@given(st.floats(0, 30), st.floats(0, 30), st.floats(-4, 4), st.floats(0.2, 2.0))
def test_a_view_shows_the_places_that_it_is_said_to_sample(x, y, theta, step):
    # Steps of 8 a pixel, so that rounding them hides no shift.
    rows, columns = np.mgrid[:31, :31] * 8
    image = np.stack((columns, rows, np.zeros_like(rows)), axis=-1).astype(np.uint8)
    view = crop(image, x, y, theta, step)[..., :2] / 8
    places = sampled_places(x, y, theta, SAMPLES, step)
    inside = ((places > step) & (places < 30 - step)).all(axis=-1)
    assert np.abs(view - places)[inside].max(initial=0) < 0.17


def test_a_view_lies_along_the_angle_of_a_grasp():
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    # Up and to the right on the screen, which is counter-clockwise from its x axis.
    cv2.circle(image, (130, 70), 3, (255, 255, 255), -1)
    row, column = np.argwhere(crop(image, 100, 100, np.pi / 4)[..., 0] > 128).mean(axis=0)
    half = (SAMPLES - 1) / 2
    assert row == pytest.approx(half, abs=0.5)
    assert column == pytest.approx(half + np.hypot(30, 30) / STEP, abs=0.5)


def test_half_a_turn_of_a_view_is_the_view_of_half_a_turn():
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 3)
    view, turned = (crop(image, 90.3, 104.8, theta).astype(int) for theta in (0.4, 0.4 + np.pi))
    assert np.abs(view - turned[::-1, ::-1]).max() <= 2


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12))
def test_run_lengths_tell_pixels_as_the_mask_does(seed, height, width):
    rng = np.random.default_rng(seed)
    mask = rng.random((height, width)) < rng.random()
    rows, columns = np.mgrid[-2:height + 2, -2:width + 2]
    assert np.array_equal(RunLengths.of(mask).at(columns, rows), np.pad(mask, 2))


def test_training_views_show_the_outline_where_the_thing_is():
    shown = pictures(6, 1)
    rng = np.random.default_rng(2)
    for _ in range(20):
        number = int(rng.integers(6))
        view, outline = random_view(shown.images[number], shown.labels[number][0], rng)
        light = cv2.resize(view, outline.shape, interpolation=cv2.INTER_AREA).mean(axis=-1)
        assert light[outline].mean() > light[~outline].mean() + 20
        assert ((light > light.mean()) == outline).mean() > 0.93


def test_pairs_are_two_pictures_of_one_part():
    shown = pictures(12, 0)
    places = PlacesOfParts(shown)
    assert len(places) == 3
    rng = np.random.default_rng(0)
    for _ in range(10):
        pairs = places.random_pairs(3, rng)
        named = [[shown.labels[place.picture][place.thing].part for place in pair]
                 for pair in pairs]
        assert all(one == other for one, other in named) and len({one for one, _ in named}) == 3
        assert all(one.picture != other.picture for one, other in pairs)
    pairs = random_pairs(shown, places, 2, rng)
    assert pairs.views.shape == (4, 3, SAMPLES, SAMPLES)
    assert pairs.outlines.shape == (4, SAMPLES // 2, SAMPLES // 2)


def test_what_is_seen_once_teaches_nothing():
    with pytest.raises(DatasetError, match='there are 0'):
        PlacesOfParts(pictures(3, 0))


def test_the_loss_wants_what_is_alike_together():
    alike = torch.eye(4).repeat(2, 1)
    outlines = torch.zeros(8, 4, 4, dtype=torch.bool)
    sure = torch.full((8, 4, 4), -20.0)
    good = descriptor_loss(Described(alike, sure), outlines, 0.1)
    assert good < 0.01 and found_share(alike) == 1.0
    assert descriptor_loss(Described(alike.roll(1, 0), sure), outlines, 0.1) < 0.01
    swapped = alike[[0, 1, 2, 3, 1, 2, 3, 0]]
    assert descriptor_loss(Described(swapped, sure), outlines, 0.1) > 5
    assert found_share(swapped) == 0.0
    assert descriptor_loss(Described(alike, -sure), outlines, 0.1) > 20
    assert overlap(torch.tensor([[[1.0, 1.0, -1.0]]]), torch.tensor([[[True, False, True]]])) == \
        pytest.approx(1 / 3)


def test_many_grasps_are_described_as_each_is(describer):
    image = pictures(1, 3).images[0]
    grasps = [grasp(80, 90, 0.2), grasp(120, 60, -1.0), grasp(5, 190, 1.5)]
    descriptors, outlines = describer.look(image, grasps)
    assert descriptors.shape == (3, 12) and outlines.shape == (3, 36, 36)
    assert np.allclose(np.linalg.norm(descriptors, axis=1), 1)
    for number, one in enumerate(grasps):
        own, outline = describer.look(image, [one])
        assert np.allclose(own[0], descriptors[number], atol=1e-5)
        assert np.allclose(outline[0], outlines[number], atol=1e-5)
    assert np.allclose(describer(image, grasps[:1]), descriptors[:1], atol=1e-5)
    assert describer(image, []).shape == (0, 12)


def test_grasps_on_one_thing_are_described_together(describer, monkeypatch):
    image = pictures(1, 3).images[0]
    grasps = [grasp(80, 90, 0.2), grasp(90, 90, -1.0), grasp(190, 15, 1.5)]
    own, outlines = describer.look(image, grasps)
    outlines = np.zeros_like(outlines)
    outlines[:2, 12:24, 12:24] = 1
    monkeypatch.setattr(describer, 'look', lambda image, grasps: (own, outlines))
    joint = own[0] + own[1]
    expected = [joint / np.linalg.norm(joint)] * 2 + [own[2]]
    assert np.allclose(describer(image, grasps), expected, atol=1e-5)


def test_descriptors_keep_their_precision_under_autocast():
    network = DescriptorNetwork(DescriptorArchitecture((8, 8, 16, 16), 8, 12))
    with torch.autocast('cpu', torch.bfloat16):
        described = network(torch.zeros(2, 3, SAMPLES, SAMPLES))
    assert described.descriptors.dtype == described.outlines.dtype == torch.float32


def test_whitening_makes_views_of_one_thing_differ_alike_in_all_directions(monkeypatch):
    monkeypatch.setattr(training, '_WHITENING_BATCHES', 8)
    torch.manual_seed(0)
    network = DescriptorNetwork(DescriptorArchitecture((8, 8, 16, 16), 8, 6))
    shown = pictures(12, 0)
    places = PlacesOfParts(shown)
    whiten(network, shown, places)
    once = network.mean.clone(), network.whitening.clone()
    whiten(network, shown, places)
    assert torch.equal(once[0], network.mean) and torch.equal(once[1], network.whitening)
    views = random_pairs(shown, places, 3, np.random.default_rng(5)).views
    with torch.no_grad():
        white = network(views).descriptors
        network.forget_whitening()
        raw = network(views).descriptors
    again = (raw - once[0]) @ once[1]
    # The descriptors of a network that knows nothing differ by little more than their rounding.
    assert torch.allclose(white, again / again.norm(dim=1, keepdim=True), atol=0.02)
    # Axes along which views of one thing differ much count for less.
    spread = torch.linalg.eigvalsh(once[1])
    assert spread.min() > 0 and spread.max() > 1.5 * spread.min()


def test_grey_pictures_are_described_too(describer):
    grey = cv2.cvtColor(pictures(1, 3).images[0], cv2.COLOR_BGR2GRAY)
    assert np.array_equal(describer(grey, [grasp(90, 90)]),
                          describer(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), [grasp(90, 90)]))


def test_grasps_are_on_one_thing_where_outlines_say_so():
    bar, square = drawn(0, (70, 70), 0.0), drawn(2, (150, 130), 0.0)
    grasps = [grasp(50, 70, 1.4), grasp(95, 70, -0.3), grasp(150, 130, 0.7), grasp(70, 100)]
    masks = [bar, bar, square, np.zeros_like(bar)]
    outlines = []
    for one, mask in zip(grasps, masks, strict=True):
        columns, rows = np.rint(sampled_places(
            one.x, one.y, one.theta, SAMPLES // 2, 2 * STEP)).astype(int).T
        outlines.append(RunLengths.of(mask).at(columns.T, rows.T))
    likely = on_one_thing(grasps, np.array(outlines, np.float32))
    together = np.zeros((4, 4))
    together[:2, :2] = together[2, 2] = 1
    assert np.array_equal(likely, together)


def test_a_tiny_training_tells_things_apart_in_new_pictures(one_thread, tmp_path):
    losses, lines = [], []
    bundle = train(pictures(60, 0), tmp_path, TINY, seed=1, command='train', after_step=(
        lambda _, loss: losses.append(loss)), after_epoch=lambda _, line: lines.append(line))
    assert np.mean(losses[-10:]) < np.mean(losses[:10]) - 0.5 and len(lines) == 7
    assert bundle.card['validation']['outline_iou'] > 0.6
    assert bundle.card['data']['parts'] == 3
    describer = Describer.load(tmp_path / 'shape.safetensors')
    assert describer.sha256 == bundle.sha256 == zoo.load(tmp_path / 'shape.safetensors').sha256
    new = pictures(12, 9)
    rows = np.concatenate([
        describer(np.ascontiguousarray(image[..., ::-1]), [grasp(*things[0].grasps[0])])
        for image, things in zip(new.images, new.labels, strict=True)])
    likeness = rows @ rows.T
    np.fill_diagonal(likeness, -1)
    assert (likeness.argmax(axis=1) % 3 == np.arange(12) % 3).mean() >= 0.75


def test_resuming_gives_the_same_model(one_thread, tmp_path):
    small = HyperParameters(**{**vars(TINY), 'epochs': 2, 'samples_per_epoch': 24})
    shown = pictures(20, 0)
    whole = train(shown, tmp_path / 'whole', small, seed=1, command='train')

    def stop(done, _):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(shown, tmp_path / 'broken', small, seed=1, command='train', after_step=stop)
    resumed = train(shown, tmp_path / 'broken', small, seed=1, command='train', resume=True)
    assert resumed.sha256 == whole.sha256
    further = train(shown, tmp_path / 'further', small, seed=2, command='train', start=whole)
    assert further.card['training']['start'] == whole.sha256 != further.sha256


@pytest.mark.parametrize(('change', 'message'), [
    ({'widths': (8, 8, 8)}, 'must be four'), ({'size': 0}, 'size is 0'),
    ({'temperature': 0.0}, 'temperature is 0'), ({'batch': 99_999}, 'larger than')])
def test_settings_that_could_only_fail_later_are_refused(change, message):
    with pytest.raises(SettingsError, match=message):
        HyperParameters(**change)


def test_models_that_are_no_describers_are_refused(tmp_path):
    with pytest.raises(zoo.ModelError, match="for 'grasp', not for 'shape'"):
        Describer.load('grasp')
    path = tmp_path / 'odd.safetensors'
    zoo.save(path, {}, {'task': 'shape', 'architecture': {'widths': [1, 2]}})
    with pytest.raises(zoo.ModelError, match='train it again'):
        Describer.load(path)


def test_pictures_without_outlines_are_refused(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((80, 80, 3), np.uint8))
    (tmp_path / 'grasps.jsonl').write_text(json.dumps({
        'file': 'a.png', 'width': 80, 'height': 80,
        'camera': {'matrix': np.eye(3).ravel().tolist()}, 'grasps': []}) + '\n')
    with pytest.raises(DatasetError, match='no outlines of parts; render pictures'):
        read_pictures(tmp_path)


def test_darkness_is_not_made_much_of():
    dark = torch.randint(0, 3, (2, 3, 8, 8), dtype=torch.uint8)
    assert normalised(dark).abs().max() < 0.5
    light = torch.randint(0, 256, (2, 3, 8, 8), dtype=torch.uint8)
    assert normalised(light).std() == pytest.approx(1, abs=0.1)
    assert torch.allclose(normalised(light).mean(dim=(2, 3)), torch.zeros(2, 3), atol=1e-5)


def test_the_command_trains_on_rendered_random_parts(tmp_path, capsys):
    data, out = tmp_path / 'data', tmp_path / 'out'
    assert main(['render', 'grasp', '--random-parts', '--out', str(data), '--count', '30',
                 '--seed', '4', '--workers', '1']) == 0
    settings = tmp_path / 'tiny.yaml'
    settings.write_text('widths: [4, 4, 8, 8]\noutline_width: 4\nsize: 8\nepochs: 1\n'
                        'samples_per_epoch: 8\nbatch: 4\nvalidation_share: 0.5\n')
    capsys.readouterr()
    assert main(['train', 'shape', '--data', str(data), '--out', str(out), '--config',
                 str(settings), '--json']) == 0
    report = json.loads(capsys.readouterr().out)
    assert report['card']['task'] == 'shape' and 0 <= report['best']['found'] <= 1
    assert Describer.load(out / 'shape.safetensors').sha256 == report['model_sha256']
    assert main(['train', 'shape', '--data', str(data), '--out', str(tmp_path / 'more'),
                 '--config', str(settings), '--init', 'grasp']) == 1
    assert "for 'grasp', not for 'shape'" in capsys.readouterr().err
    settings.write_text('validation_share: 0.05')
    assert main(['train', 'shape', '--data', str(data), '--out', str(tmp_path / 'few'),
                 '--config', str(settings)]) == 1
    assert 'among the 2 pictures held out (more' in capsys.readouterr().err
