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

"""The paper's pose networks: their sizes, their losses, and what learns from what."""

import math

import numpy as np
import pytest
import torch
from torchvision.models import vgg16

from mtperception.geometry.rotations import angle_between, random_rotations
from mtperception.pose.paper.autoencoder import Autoencoder, Decoder, Encoder, shown
from mtperception.pose.paper.crops import aligned, cropped, sampled, windows_around
from mtperception.pose.paper.detector import FasterRcnn
from mtperception.pose.paper.joint import JointNetwork, set_trainable
from mtperception.pose.paper.losses import (
    angle_loss,
    angles_between,
    cosine_loss,
    extended_loss,
    squared_error,
)

WIDTH, SIDE = 1 / 16, 128


def count(module):
    return sum(value.numel() for value in module.parameters())


@pytest.fixture
def pictures():
    torch.manual_seed(3)
    return torch.rand(2, 3, SIDE, SIDE)


@pytest.fixture
def boxes():
    return torch.tensor([[30.0, 40.0, 80.0, 70.0], [50.0, 10.0, 90.0, 100.0]])


def test_the_full_encoder_is_vgg16():
    encoder, full = Encoder(1.0, batch_norm=False), vgg16(weights=None)
    assert count(encoder) == count(full.features)
    shapes = [tuple(value.shape) for value in encoder.state_dict().values()]
    assert shapes == [tuple(value.shape) for value in full.features.state_dict().values()]
    encoder.load_state_dict(dict(zip(
        encoder.state_dict(), full.features.state_dict().values(), strict=True)))
    pictures = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        # Torchvision's takes maxima once more, which the feature extractor of a detector has not.
        torch.testing.assert_close(encoder(pictures), full.features[:-1](pictures))


def test_the_decoder_is_the_encoder_backwards():
    encoder, decoder = Encoder(0.25, batch_norm=False), Decoder(0.25, batch_norm=False)
    there = [value.shape[:2] for name, value in encoder.state_dict().items() if value.ndim == 4]
    back = [value.shape[:2] for name, value in decoder.state_dict().items() if value.ndim == 4]
    # A transposed convolution's weights have inputs first, as a convolution's have outputs.
    assert there == back[::-1] and len(back) == 13
    with torch.inference_mode():
        drawn = decoder(encoder(torch.rand(2, 3, 128, 128)))
    assert drawn.shape == (2, 3, 128, 128) and drawn.min() >= 0 and drawn.max() <= 1


@pytest.mark.parametrize('latent', [8, 4096])
def test_the_latent_is_as_long_as_asked(latent):
    network = Autoencoder(WIDTH, latent)
    drawn = network(torch.rand(2, 3, 128, 128))
    assert drawn.latent.shape == (2, latent) and drawn.pictures.shape == (2, 3, 128, 128)
    cells = network.encoder.channels * 64
    assert count(network.latent) == 2 * latent * cells + latent + cells


def test_pictures_are_shown_from_0_to_1():
    images = torch.tensor([[[[0, 51, 255]]]], dtype=torch.uint8)
    assert shown(images, 'cpu').flatten().tolist() == pytest.approx([0.0, 0.2, 1.0])


def test_a_batch_of_two_is_two_of_one(pictures, boxes):
    torch.manual_seed(0)
    joint = JointNetwork(WIDTH, 8, SIDE).eval()
    joint.detector.heads.score_thresh = 0.0
    windows = windows_around(boxes)
    with torch.inference_mode():
        both = joint.find(pictures)
        codes = joint.encode(pictures, windows)
        for number in range(2):
            one = joint.find(pictures[number:number + 1])
            torch.testing.assert_close(one.boxes[0], both.boxes[number], rtol=1e-4, atol=1e-3)
            torch.testing.assert_close(
                one.drawn.latent[0], both.drawn.latent[number], rtol=1e-4, atol=1e-4)
            torch.testing.assert_close(
                joint.encode(pictures[number:number + 1], windows[number:number + 1])[0],
                codes[number], rtol=1e-4, atol=1e-5)
    assert both.drawn.pictures.shape == (2, 3, 128, 128)


def test_half_precision_is_not_for_boxes(pictures, boxes):
    torch.manual_seed(0)
    detector = FasterRcnn(WIDTH, SIDE)
    with torch.autocast('cpu', torch.bfloat16):
        trained = detector.losses(pictures, boxes)
        detector.eval().heads.score_thresh = 0.0
        found = detector.detect(pictures)
    for values in (trained.boxes, found.boxes, found.scores):
        assert values.dtype == torch.float32
        assert not values.equal(values.bfloat16().float())


def test_no_box_no_latent(pictures):
    joint = JointNetwork(WIDTH, 8, SIDE).eval()
    joint.detector.heads.score_thresh = 1.1
    with torch.inference_mode():
        found = joint.find(pictures)
    assert found.boxes.isnan().all() and found.drawn.latent.isnan().all()
    assert found.scores.tolist() == [0.0, 0.0]


def test_losses_are_the_papers():
    torch.manual_seed(1)
    drawn, alone = torch.rand(5, 3, 4, 4), torch.rand(5, 3, 4, 4)
    latent, other = torch.randn(5, 6), torch.randn(5, 6)
    rotations = random_rotations(np.random.default_rng(4), 5)
    angles = [[angle_between(a, b) for b in rotations] for a in rotations]
    np.testing.assert_allclose(
        angles_between(torch.from_numpy(rotations)), angles, atol=1e-6)
    angle = 0.0
    for j in range(5):
        k = min((k for k in range(5) if k != j), key=lambda k, j=j: angles[j][k])
        angle += math.dist(latent[j], latent[k]) * math.exp(-angles[j][k]) / 5
    cosine = -sum(float(a @ b / a.norm() / b.norm()) for a, b in zip(
        latent, other, strict=True)) / 5
    loss = extended_loss(drawn, alone, latent, other, torch.from_numpy(rotations))
    assert loss.error.item() == pytest.approx(sum(
        float((one - other) ** 2) for one, other in zip(
            drawn.flatten(), alone.flatten(), strict=True)) / (5 * 4 * 4), rel=1e-5)
    assert loss.angle.item() == pytest.approx(angle, rel=1e-5)
    assert loss.cosine.item() == pytest.approx(cosine, rel=1e-5)
    assert loss.total.item() == pytest.approx(
        loss.error.item() + 1e-6 * angle + 1e-2 * cosine, rel=1e-5)


def test_losses_of_the_same_are_least():
    latent, rotations = torch.randn(3, 4), torch.eye(3).expand(3, 3, 3)
    assert cosine_loss(latent, 2 * latent).item() == pytest.approx(-1.0)
    assert angle_loss(latent[:1].expand(3, 4), rotations).item() == 0.0
    assert angle_loss(latent[:1], rotations[:1]).item() == 0.0
    assert squared_error(latent[None], latent[None]).item() == 0.0


def test_windows_are_squares_around_boxes(boxes):
    windows = windows_around(boxes)
    torch.testing.assert_close(
        windows, torch.tensor([[25.0, 25.0, 85.0, 85.0], [16.0, 1.0, 124.0, 109.0]]))
    assert (windows_around(torch.zeros(1, 4))[0, 2:] > 0).all()


def test_the_differentiable_crop_is_roi_align_whose_boxes_learn(boxes):
    torch.manual_seed(2)
    features = torch.rand(2, 5, 16, 16)
    windows = (2.0 * windows_around(boxes)).requires_grad_()
    one, other = aligned(features, windows), sampled(features, windows)
    assert one.shape == other.shape == (2, 5, 8, 8)
    torch.testing.assert_close(one, other)
    assert not one.requires_grad
    other.square().sum().backward()
    assert (windows.grad.abs() > 0).all()
    # And the gradient is right.
    exact = windows.detach().double() + 0.37
    assert torch.autograd.gradcheck(
        lambda w: sampled(features.double(), w), exact.requires_grad_(), eps=1e-5, atol=1e-4)


def pose_gradients(crop, pictures, boxes):
    """Say which layers learn by what is drawn alone."""
    torch.manual_seed(0)
    joint = JointNetwork(WIDTH, 8, SIDE, crop=crop)
    joint.losses(pictures, boxes, torch.rand(2, 3, 128, 128)).error.backward()
    return {name: any(value.grad is not None and bool(value.grad.abs().sum() > 0)
                      for value in module.parameters())
            for name, module in (
                ('encoder', joint.detector.encoder), ('rpn', joint.detector.rpn),
                ('heads', joint.detector.heads), ('latent', joint.latent),
                ('decoder', joint.decoder))}


def test_the_poses_error_reaches_the_box_by_the_differentiable_crop_alone(pictures, boxes):
    usual = pose_gradients('RoIAlign', pictures, boxes)
    assert usual == {'encoder': True, 'rpn': False, 'heads': False, 'latent': True,
                     'decoder': True}
    assert pose_gradients('differentiable', pictures, boxes) == {**usual, 'heads': True}


def test_the_box_fed_back_is_not_the_true_one(pictures, boxes):
    torch.manual_seed(0)
    trained = FasterRcnn(WIDTH, SIDE).losses(pictures, boxes)
    assert trained.boxes.shape == (2, 4) and (trained.boxes >= 0).all()
    assert ((trained.boxes - boxes).abs() > 1e-3).any(dim=1).all()
    assert trained.loss.total.item() == pytest.approx(sum(part.item() for part in trained.loss))


def changed(schedule, epoch, pictures, boxes):
    """Say which layers and averages a step of an epoch changes."""
    torch.manual_seed(0)
    joint = JointNetwork(WIDTH, 8, SIDE)
    optimiser = torch.optim.SGD(joint.parameters(), 0.1, momentum=0.9, weight_decay=0.1)
    before = {name: value.clone() for name, value in joint.state_dict().items()}
    set_trainable(joint, schedule, epoch)
    joint.losses(pictures, boxes, torch.rand(2, 3, 128, 128)).total().backward()
    optimiser.step()
    groups = {'detector.encoder': 'encoder', 'detector.rpn': 'rpn', 'detector.heads': 'heads',
              'latent': 'latent', 'decoder': 'decoder'}
    return {groups[next(start for start in groups if name.startswith(start))]
            for name, value in joint.state_dict().items() if not value.equal(before[name])}


def test_t2_trains_some_layers_alone(pictures, boxes):
    drawing, others = {'encoder', 'decoder'}, {'rpn', 'heads', 'latent'}
    assert changed('T1', 0, pictures, boxes) == drawing | others
    assert changed('T2', 0, pictures, boxes) == others
    assert changed('T2', 1, pictures, boxes) == drawing
    assert changed('T2', 2, pictures, boxes) == drawing | others


def test_step_2_starts_from_step_1(pictures, boxes):
    autoencoder, joint = Autoencoder(WIDTH, 8).eval(), JointNetwork(WIDTH, 8, SIDE).eval()
    joint.start_from(autoencoder)
    with torch.inference_mode():
        # Of a window that is the whole picture the cells are the encoder's, blurred a little.
        features = autoencoder.encoder(pictures)
        whole = torch.tensor([[0.0, 0.0, 128.0, 128.0]]).expand(2, 4)
        code = joint.encode(pictures, whole)
        torch.testing.assert_close(code, autoencoder.latent(cropped(features, whole, 'RoIAlign')))
        torch.testing.assert_close(
            joint.decoder(joint.latent.features(code)), autoencoder.draw(code))
