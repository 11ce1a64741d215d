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

"""The pose network, its loss, and the predictor around it."""

import json

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest
import torch
import trimesh

from mtperception import zoo
from mtperception.geometry.camera import PinholeCamera
from mtperception.nn.weights import half_precision
from mtperception.pose.boxes import found_boxes, overlap
from mtperception.pose.codebook import Codebook
from mtperception.pose.draw import draw_poses
from mtperception.pose.loss import (
    boxes_of,
    BoxTargets,
    drawn_loss,
    finder_loss,
    generalised_overlap,
)
from mtperception.pose.network import (
    CROP_SIDE,
    DRAWN_SIDE,
    FinderMaps,
    MASK_SIDE,
    PoseArchitecture,
    PoseNetwork,
    STRIDE,
)
from mtperception.pose.placing import crop_of
from mtperception.pose.predictor import PoseEstimator
from mtperception.pose.surface import Surface

SMALL = PoseArchitecture(4, 16)
CAMERA = PinholeCamera(320, 240, 300.0, 300.0, 159.5, 119.5)


def estimator(seed=0):
    torch.manual_seed(seed)
    made = PoseEstimator(PoseNetwork(SMALL), label='hammer', model_name='none', sha256='')
    codes = torch.nn.functional.normalize(torch.randn(20, 16), dim=1)
    made.codebook = Codebook(codes.to(torch.bfloat16), np.tile(np.eye(3), (20, 1, 1)),
                             np.tile((200.0, 190.0, 310.0, 320.0), (20, 1)),
                             PinholeCamera(512, 512, 443.0, 443.0, 255.5, 255.5), 0.9)
    points = trimesh.sample.sample_surface(trimesh.creation.icosphere(radius=0.1), 300, seed=0)[0]
    made.surface = Surface(np.asarray(points), 10.0 * np.asarray(points), 0.2)
    return made


def picture(seed=0, width=320, height=240):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_shapes_and_that_two_at_once_are_two():
    torch.manual_seed(0)
    network = PoseNetwork(SMALL).eval()
    pictures, crops = torch.randn(2, 3, 64, 96), torch.randn(2, 3, CROP_SIDE, CROP_SIDE)
    found, look, drawn = network(pictures, crops)
    assert found.heat.shape == (2, 8, 12) and found.sides.shape == (2, 4, 8, 12)
    assert look.code.shape == (2, 16) and look.place.shape == (2, 3)
    assert look.masks.shape == (2, 2, MASK_SIDE, MASK_SIDE)
    assert drawn.shape == (2, 4, DRAWN_SIDE, DRAWN_SIDE)
    assert drawn.min() >= 0 and drawn.max() <= 1
    for number in range(2):
        alone, look_alone, _ = network(pictures[number:number + 1], crops[number:number + 1])
        torch.testing.assert_close(alone.sides[0], found.sides[number], rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(look_alone.code[0], look.code[number], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(network.encoder.codes(crops), look.code)


def test_the_size_of_the_usual_network():
    network = PoseNetwork()
    sizes = [sum(value.numel() for value in part.parameters())
             for part in (network.finder, network.encoder, network.decoder)]
    assert sizes == [1_314_341, 2_836_005, 685_380]


def maps_that_tell(boxes, size=(32, 32)):
    """Make maps that tell these boxes, of one picture, at the cells nearest to their middles."""
    heat = torch.full((1, *size), -9.0)
    sides = torch.ones(1, 4, *size)
    for x0, y0, x1, y1 in boxes:
        column, row = (round(((low + high) / 2 - 3.5) / STRIDE)
                       for low, high in ((x0, x1), (y0, y1)))
        x, y = (STRIDE * cell + 3.5 for cell in (column, row))
        heat[0, row, column] = 4.0
        sides[0, :, row, column] = torch.tensor((x - x0, y - y0, x1 - x, y1 - y))
    return FinderMaps(heat, sides)


@given(st.lists(st.tuples(st.floats(30, 90), st.floats(30, 90), st.floats(10, 60),
                          st.floats(10, 60)), min_size=1, max_size=1), st.floats(0.3, 2.0))
@settings(deadline=None, max_examples=40)
def test_boxes_are_found_where_they_are_told_in_the_full_pictures_pixels(rows, scale):
    boxes = [(x, y, x + wide, y + high) for x, y, wide, high in rows]
    found, = found_boxes(maps_that_tell(boxes), 0.5, scale)
    full = [(edge + 0.5) / scale - 0.5 for edge in boxes[0]]
    assert found.box == pytest.approx(full, abs=1e-3)
    assert found.score == pytest.approx(float(torch.sigmoid(torch.tensor(4.0))))


def test_of_boxes_that_are_nearly_the_same_the_better_counts():
    maps = maps_that_tell([(20, 20, 80, 80), (120, 40, 180, 90)])
    maps.heat[0, 8, 6], maps.sides[0, :, 8, 6] = 3.0, torch.tensor((32.0, 48.0, 30.0, 14.0))
    assert len(found_boxes(maps, 0.5, 1.0)) == 2
    assert found_boxes(maps, 0.999, 1.0) == []


def test_the_loss_of_maps_that_know_is_next_to_nothing_and_grows_with_every_fault():
    box = (40.0, 60.0, 110.0, 92.0)
    targets = BoxTargets(torch.tensor([[box]]), torch.tensor([[True]]))
    told = boxes_of(torch.full((1, 4), 10.0), torch.tensor([[75.5, 75.5]]))
    assert told.tolist() == [[65.5, 65.5, 85.5, 85.5]]
    maps = maps_that_tell([box])
    # Near the middle every cell tells the box.
    rows, columns = torch.meshgrid(torch.arange(32), torch.arange(32), indexing='ij')
    x, y = STRIDE * columns + 3.5, STRIDE * rows + 3.5
    maps.sides[0] = torch.stack((x - box[0], y - box[1], box[2] - x, box[3] - y))
    maps.heat[0] = torch.where(maps.heat[0] > 0, 12.0, -12.0)
    heat, wrong = finder_loss(maps, targets)
    assert float(wrong) == pytest.approx(0.0, abs=1e-5) and float(heat) < 0.3
    off = FinderMaps(maps.heat, maps.sides + 6.0)
    assert float(finder_loss(off, targets)[1]) > 0.2
    blind = FinderMaps(torch.full_like(maps.heat, -12.0), maps.sides)
    assert float(finder_loss(blind, targets)[0]) > 5.0


def test_pictures_without_a_box_ask_for_none():
    maps = maps_that_tell([])
    sides = maps.sides.requires_grad_()
    heat, box = finder_loss(FinderMaps(maps.heat, sides), BoxTargets(
        torch.zeros(1, 0, 4), torch.zeros(1, 0, dtype=torch.bool)))
    (heat + box).backward()
    assert box.item() == 0 and heat.item() < 0.1 and not sides.grad.any()


def test_generalised_overlap_by_hand():
    one = torch.tensor([(0.0, 0.0, 2.0, 2.0)] * 3)
    other = torch.tensor([(0.0, 0.0, 2.0, 2.0), (1.0, 0.0, 3.0, 2.0), (4.0, 0.0, 6.0, 2.0)])
    assert generalised_overlap(one, other).tolist() == pytest.approx([1.0, 1 / 3, -1 / 3])
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 2, 2), (5, 5, 6, 6)) == overlap((1, 1, 1, 1), (1, 1, 1, 1)) == 0.0


def test_of_a_drawing_the_worst_quarter_counts():
    target = torch.zeros(1, 4, 4, 4)
    drawn = target.clone()
    drawn[0, :, 0, :2] = 1.0
    assert float(drawn_loss(drawn, target)) == pytest.approx(2 / 4)
    assert float(drawn_loss(target, target)) == 0.0


def test_what_is_estimated_is_whole_and_the_same_again():
    made = estimator()
    image = picture()
    poses = made.estimate(image, CAMERA, 0.0)
    assert poses and [pose.score for pose in poses] == sorted(
        (pose.score for pose in poses), reverse=True)
    for pose in poses:
        assert pose.label == 'hammer' and pose.translation[2] > 0
        assert pose.rotation @ pose.rotation.T == pytest.approx(np.eye(3), abs=1e-9)
        assert np.linalg.det(pose.rotation) == pytest.approx(1.0)
    again = made.estimate(image, CAMERA, 0.0)
    assert [pose.box for pose in poses] == [pose.box for pose in again]
    assert made.estimate(image, CAMERA, 1.0) == []
    grey = np.ascontiguousarray(image[..., 0])
    assert made.estimate(grey, CAMERA, 0.0)


def test_crops_are_seen_at_the_boxes_of_any_picture():
    made = estimator()
    rgb = picture(1)
    boxes = [(10.0, 20.0, 90.0, 100.0), (-30.0, -20.0, 60.0, 50.0), (100.0, 60.0, 310.0, 230.0)]
    together = made.look(rgb, [crop_of(box) for box in boxes])
    for number, box in enumerate(boxes):
        alone = made.look(rgb, [crop_of(box)])
        torch.testing.assert_close(alone.code[0], together.code[number], rtol=0.05, atol=0.05)


@pytest.mark.parametrize(('image', 'error', 'text'), [
    ([[1]], TypeError, 'numpy array, not list'),
    (picture().astype(np.float32), ValueError, 'uint8, not float32'),
    (picture(width=200), ValueError, '200 x 240, but a camera of 320 x 240'),
])
def test_pictures_that_are_none_are_named(image, error, text):
    with pytest.raises(error, match=text):
        estimator().estimate(image, CAMERA)


def test_without_a_codebook_there_are_boxes_and_no_poses():
    made = estimator()
    made.codebook = None
    assert made.find(picture(), 0.0)
    with pytest.raises(ValueError, match=r'no codebook; open the model by .*open_estimator'):
        made.estimate(picture(), CAMERA, 0.0)


def test_thresholds_are_checked():
    with pytest.raises(ValueError, match='score_threshold'):
        estimator().find(picture(), 1.5)


def test_a_model_is_read_as_it_was_written_and_others_are_refused(tmp_path):
    torch.manual_seed(0)
    network = PoseNetwork(SMALL)
    path = tmp_path / 'hammer.safetensors'
    card = {'task': 'pose', 'object': 'hammer', 'threshold': 0.35,
            'architecture': {'width': 4, 'latent': 16}}
    zoo.save(path, half_precision(network), card)
    made = PoseEstimator.load(path)
    assert (made.label, made.threshold, made.model_name) == ('hammer', 0.35, 'hammer')
    for change in ({'architecture': {'width': 8, 'latent': 16}}, {'object': 3},
                   {'architecture': {'depth': 4}}, {'task': 'pin'}):
        zoo.save(path, half_precision(network), card | change)
        with pytest.raises(zoo.ModelError):
            PoseEstimator.load(path)
    assert json.loads(path.with_suffix('.json').read_text())['task'] == 'pin'


def test_poses_are_drawn_even_where_they_cannot_be_seen():
    made = estimator()
    image = picture()
    poses = made.estimate(image, CAMERA, 0.0)
    drawn = draw_poses(image, poses, CAMERA)
    assert drawn.shape == image.shape and (drawn != image).any()
    from dataclasses import replace

    away = [replace(pose, translation=np.array((5.0, 0.0, -1.0))) for pose in poses]
    assert draw_poses(image[..., 0], away, CAMERA).shape == image.shape
