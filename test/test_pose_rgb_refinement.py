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

"""Poses refined by what the encoder tells of a picture: masks, quarter turns, how sure it is."""

import math

import numpy as np
import pytest
import torch
import trimesh

from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.pose_errors import add, Pose
from mtperception.geometry.rotations import allocentric, egocentric, random_rotations
from mtperception.pose.confidence import (
    Confidence,
    confidence_of_card,
    Evidence,
    fit_confidence,
)
from mtperception.pose.depth_refinement import Hypothesis
from mtperception.pose.network import Look
from mtperception.pose.placing import Crop, crop_of
from mtperception.pose.quarter_turns import quarter_turned, turned_back
from mtperception.pose.silhouette import (
    aligned,
    alike,
    halfway,
    over_box,
    refine_by_mask,
    silhouette,
)
from mtperception.pose.surface import Surface
from mtperception.sim.pose.bop import diameter
from mtperception.sim.pose.object_alone import DepthAlone
from mtperception.sim.shapes.parts import PARTS

CAMERA = PinholeCamera(512, 512, 443.0, 443.0, 255.5, 255.5)
PART = PARTS['hammer']()
POINTS, FACES = trimesh.sample.sample_surface_even(PART.mesh, 4000, seed=0)
SURFACE = Surface(np.asarray(POINTS), np.asarray(PART.mesh.face_normals[FACES]),
                  diameter(PART.mesh))


def random_pose(rng):
    return Pose(random_rotations(rng, 1)[0], rng.uniform((-0.2, -0.2, 0.75), (0.2, 0.2, 1.05)))


def moved(pose, across, down, farther):
    """Move a pose, what it looks like staying."""
    place = (pose.translation + np.array((across, down, 0.0))) * farther
    return Pose(egocentric(allocentric(*pose), place), place)


def test_a_silhouette_is_what_a_renderer_draws():
    rng = np.random.default_rng(0)
    with DepthAlone(PART, CAMERA.width, CAMERA.height) as alone:
        for _ in range(5):
            pose = random_pose(rng)
            shown = np.isfinite(alone.depth(CAMERA, *pose))
            rows, columns = np.nonzero(shown)
            box = (columns.min() - 0.5, rows.min() - 0.5, columns.max() + 0.5, rows.max() + 0.5)
            assert SURFACE.box(pose, CAMERA) == pytest.approx(box, abs=1.5)
            crop = crop_of(box)
            drawn = silhouette(SURFACE, pose, CAMERA, crop, 32)
            assert drawn.sum() * (crop.side / 32) ** 2 == pytest.approx(shown.sum(), rel=0.06)


def test_a_pose_is_moved_to_where_the_mask_is():
    rng = np.random.default_rng(1)
    off = []
    for _ in range(20):
        true = random_pose(rng)
        crop = crop_of(SURFACE.box(true, CAMERA))
        mask = silhouette(SURFACE, true, CAMERA, crop, 32)
        start = moved(true, *rng.uniform(-0.01, 0.01, 2), rng.choice((0.93, 1.08)))
        found = aligned(start, mask, crop, SURFACE, CAMERA)
        off.append(add(found, true, SURFACE.points) / add(start, true, SURFACE.points))
        assert allocentric(*found) == pytest.approx(allocentric(*true), abs=1e-9)
    assert np.median(off) < 0.1 and max(off) < 0.5


def test_the_hypothesis_that_fills_the_mask_is_chosen():
    rng = np.random.default_rng(2)
    right = 0
    for _ in range(12):
        true = random_pose(rng)
        crop = crop_of(SURFACE.box(true, CAMERA))
        mask = silhouette(SURFACE, true, CAMERA, crop, 32)
        some = [Hypothesis(moved(true, 0.01, 0.0, 1.05), 0.5), *(
            Hypothesis(Pose(turn, true.translation), 0.5) for turn in random_rotations(rng, 4))]
        found = refine_by_mask(some[::-1], mask, crop, SURFACE, CAMERA)
        right += add(found.pose, true, SURFACE.points) < 0.1 * SURFACE.diameter
        assert 0 < found.agreement <= 1 and not found.by_depth
        late = refine_by_mask(some[::-1], mask, crop, SURFACE, CAMERA, deadline=-math.inf)
        assert late.pose.rotation == pytest.approx(some[-1].pose.rotation, abs=0.2)
    assert right >= 11


def test_a_pose_is_moved_to_where_its_box_is():
    rng = np.random.default_rng(6)
    for _ in range(10):
        true = random_pose(rng)
        box = SURFACE.box(true, CAMERA)
        start = moved(true, 0.02, -0.01, 1.1)
        found = over_box(start, box, SURFACE, CAMERA)
        assert SURFACE.box(found, CAMERA) == pytest.approx(box, abs=2.5)
        assert allocentric(*found) == pytest.approx(allocentric(*true), abs=1e-9)
        between = halfway(start, found, CAMERA)
        assert between.translation[2] == pytest.approx(
            math.sqrt(start.translation[2] * found.translation[2]))
        assert allocentric(*between) == pytest.approx(allocentric(*true), abs=1e-9)


def test_masks_of_nothing_move_nothing():
    pose = random_pose(np.random.default_rng(3))
    crop = crop_of(SURFACE.box(pose, CAMERA))
    nothing = np.zeros((32, 32), np.float32)
    assert aligned(pose, nothing, crop, SURFACE, CAMERA) is pose
    behind = Pose(pose.rotation, -pose.translation)
    assert not silhouette(SURFACE, behind, CAMERA, crop, 32).any()
    assert SURFACE.box(behind, CAMERA) is None
    away = Crop(crop.left + 2000.0, crop.top, crop.side)
    assert not silhouette(SURFACE, pose, CAMERA, away, 32).any()
    assert alike(nothing, nothing) == 0.0 and refine_by_mask(
        [], nothing, crop, SURFACE, CAMERA) is None


def test_what_is_said_of_turned_crops_is_turned_back():
    """An encoder that tells where the brightest pixel is says the same of all turns."""
    rng = np.random.default_rng(4)
    crops = rng.integers(0, 200, (3, 8, 8, 3), np.uint8)
    brightest = [(1, 2), (6, 0), (4, 7)]
    for crop, (row, column) in zip(crops, brightest, strict=True):
        crop[row, column] = 255
    turned = quarter_turned(crops, 4)
    assert turned.shape == (12, 8, 8, 3) and (turned[4] == crops[1]).all()
    masks = torch.from_numpy(turned[..., :2].copy()).permute(0, 3, 1, 2).float()
    place = []
    for crop in turned:
        row, column = np.unravel_index(crop.sum(axis=2, dtype=int).argmax(), (8, 8))
        place.append(((column - 3.5) / 8, (row - 3.5) / 8, 0.25))
    look = turned_back(Look(torch.randn(12, 16), torch.tensor(place), masks), 4)
    assert look.code.shape == (3, 4, 16)
    for number, (row, column) in enumerate(brightest):
        assert look.place[number].tolist() == pytest.approx(
            ((column - 3.5) / 8, (row - 3.5) / 8, 0.25))
        assert (look.masks[number].numpy() == crops[number, ..., :2].transpose(2, 0, 1)).all()


def test_confidence_is_the_share_that_was_right():
    rng = np.random.default_rng(5)
    evidence = [Evidence('depth', *row) for row in rng.uniform(0, 1, (4000, 3))]
    # Right where the agreement says so, and never mind the rest.
    right = [bool(rng.uniform() < 1 / (1 + math.exp(6 - 12 * row.agreement))) for row in evidence]
    made = fit_confidence(evidence, right)
    sure = np.array([made.of(row) for row in evidence])
    for low in (0.1, 0.4, 0.7):
        some = (sure >= low) & (sure < low + 0.2)
        assert np.mean(np.array(right)[some]) == pytest.approx(low + 0.1, abs=0.08)
    assert abs(made.found) < 1.0 < made.agreement
    assert fit_confidence(evidence[:100], [True] * 98 + [False] * 2) is None


def test_a_card_that_says_nothing_of_use_is_passed_over():
    good = {'bias': -3.0, 'agreement': 5.0, 'likeness': 1.0, 'found': 0.5}
    assert confidence_of_card({'confidence': {'depth': good, 'picture': {'bias': 1}}}) == {
        'depth': Confidence(**good)}
    for told in (None, 'much', {'depth': {**good, 'bias': math.nan}}, {'depth': 3}):
        assert confidence_of_card({'confidence': told}) == {}
