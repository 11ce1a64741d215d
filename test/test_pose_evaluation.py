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

"""Figures of poses: by estimates that are known, one by one, and for whole pictures."""

from types import SimpleNamespace

import numpy as np
import pytest

from mtperception.cli import evaluate_poses
from mtperception.cli.main import main
from mtperception.cli.new_pictures import FIRST_FRAME, NewPictures
from mtperception.cli.pose_figures import print_figures
from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.pose_errors import Pose, Symmetries, vsd
from mtperception.geometry.rotations import about_axis
from mtperception.pose.boxes import FoundBox
from mtperception.pose.detection import ObjectPose, Refinement
from mtperception.pose.evaluation import Model, PoseScore, Truth, windowed
from mtperception.pose.refined_evaluation import (
    estimates_in,
    matched,
    RefinedScore,
    SeveralScore,
    WAYS,
)
from mtperception.sim.shapes.parts import PARTS

CAMERA = PinholeCamera(320, 160, 140.0, 140.0, 159.5, 79.5)
# A square plate, 0.2 m wide, that faces the camera.
CORNERS = np.array([(x, y, 0.0) for x in (-0.1, 0.1) for y in (-0.1, 0.1)])
POINTS = np.array([(x, y, 0.0) for x in np.linspace(-0.1, 0.1, 9)
                   for y in np.linspace(-0.1, 0.1, 9)])
ACROSS = 0.2 * np.sqrt(2.0)
MODEL = Model(POINTS, ACROSS, np.array((1.0, 0.0, 0.0)))
HERE = Pose(np.eye(3), np.array((0.1, -0.1, 1.0)))


def plate_depth(camera, pose):
    """Draw a plate that faces the camera, however it is turned about the optical axis."""
    column, row = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    rays = camera.rays(np.column_stack((column.ravel(), row.ravel())))
    own = (rays * pose.translation[2] - pose.translation) @ pose.rotation
    inside = (np.abs(own) <= 0.1).all(axis=1)
    depth = np.where(inside, pose.translation[2], np.inf)
    return depth.reshape(camera.height, camera.width).astype(np.float32)


def truth(pose=HERE, visible=0.9, others=()):
    scene = np.minimum(plate_depth(CAMERA, pose), 1.3).astype(np.float32)
    for other in others:
        scene = np.minimum(scene, plate_depth(CAMERA, other))
    return Truth(pose, box_of(pose), visible, scene, CAMERA)


def box_of(pose):
    seen = CAMERA.project(pose.moved(CORNERS))
    return (*seen.min(axis=0).tolist(), *seen.max(axis=0).tolist())


def shifted(x=0.0, y=0.0, z=0.0, pose=HERE):
    return Pose(pose.rotation, pose.translation + np.array((x, y, z)))


def estimate(pose, score=0.95, box=None):
    return ObjectPose('plate', *pose, score, box or box_of(pose))


def each(**some):
    """Give estimates in all ways, the same in those that are not named."""
    usual = some.pop('usual', [])
    return {name: some.get(name, usual) for name in WAYS}


def refined_score(model=MODEL):
    return RefinedScore(model, CORNERS, plate_depth)


def test_the_truth_is_right_by_all_figures():
    score = refined_score()
    for visible in (0.5, 0.7, 1.0):
        score.add(each(usual=[estimate(HERE)]), truth(visible=visible))
    figures = score.figures()
    for some in (figures, *figures['by_visibility'].values()):
        for area in ('auc800', 'auc800_linear'):
            assert some[area] == pytest.approx({
                'true_translation': 800.0, 'estimated': 800.0, 'rgb': 800.0, 'depth_z': 800.0,
                'depth': 800.0})
        for share in ('add01d', 'mssd', 'mspd'):
            assert some[share] == {'estimated': 1.0, 'rgb': 1.0, 'depth': 1.0}
        assert some['rotation_deg'] == pytest.approx({'median': 0.0, 'rgb': 0.0, 'depth': 0.0})
        assert some['translation_mm'] == pytest.approx({'median': 0.0, 'rgb': 0.0, 'depth': 0.0})
        assert (some['flip_rate'], some['box_iou'], some['found']) == (0.0, {'mean': 1.0}, 1.0)
    assert figures['count'] == 3
    assert [some['count'] for some in figures['by_visibility'].values()] == [1, 1, 1]


def test_each_way_has_figures_of_its_own():
    score = refined_score()
    deeper = [estimate(shifted(z=0.03))]
    score.add(each(estimated=[estimate(shifted(z=0.1))], rgb=deeper, depth_z=deeper,
                   depth=[estimate(HERE)]), truth())
    score.add(each(), truth())
    figures = score.figures()
    places = {'estimated': shifted(z=0.1), 'rgb': shifted(z=0.03), 'depth_z': shifted(z=0.03),
              'depth': HERE}
    for name, pose in places.items():
        drawn, true = plate_depth(CAMERA, pose), plate_depth(CAMERA, HERE)
        error = float(vsd(drawn, true, truth().depth, CAMERA))
        assert figures['auc800'][name] == pytest.approx(800 * (1 - error) / 2)
        error = float(vsd(drawn, true, truth().depth, CAMERA, cost='linear'))
        assert figures['auc800_linear'][name] == pytest.approx(800 * (1 - error) / 2)
    # Of the rotation nothing is wrong but what the other line of sight makes of it.
    assert figures['auc800']['true_translation'] == pytest.approx(400.0, abs=40.0)
    # A tenth of the diameter is 28 mm.
    assert figures['add01d'] == {'estimated': 0.0, 'rgb': 0.0, 'depth': 0.5}
    assert figures['translation_mm'] == pytest.approx(
        {'median': 100.0, 'rgb': 30.0, 'depth': 0.0})
    # Of the diameter 0.1 is just above two of the thresholds, 0.35 above seven.
    assert figures['mssd'] == pytest.approx({'estimated': 0.15, 'rgb': 0.4, 'depth': 0.5})
    assert figures['found'] == 0.5 and figures['box_iou']['mean'] < 0.5


def test_projection_errors_are_of_pictures_of_640_pixels():
    score = refined_score()
    # 140 / 1 m * 0.09 m are 12.6 of 320 pixels: 25.2 of 640, above five of ten thresholds.
    score.add(each(usual=[estimate(shifted(x=0.09))]), truth())
    assert score.figures()['mspd'] == pytest.approx({'estimated': 0.5, 'rgb': 0.5, 'depth': 0.5})


def test_a_quarter_turn_of_a_plate_is_right_where_it_is_known_to_be_square():
    over = Pose(about_axis((0.0, 0.0, 1.0), np.pi / 2), HERE.translation)
    plain = refined_score()
    square = refined_score(Model(
        POINTS, ACROSS, MODEL.long_axis,
        Symmetries.of_axis((0.0, 0.0, 1.0), (0.0, 0.0, 0.0), 4)))
    for score in (plain, square):
        score.add(each(usual=[estimate(over)]), truth())
    assert plain.figures()['add01d']['depth'] == 0.0 < square.figures()['add01d']['depth'] == 1.0
    assert plain.figures()['mssd']['depth'] == 0.0 < square.figures()['mssd']['depth'] == 1.0
    assert plain.figures()['mspd']['depth'] < 0.5 < square.figures()['mspd']['depth'] == 1.0


def test_only_the_best_estimate_counts():
    score = PoseScore(MODEL, CORNERS, plate_depth)
    row = score.add([estimate(shifted(x=0.3)), estimate(HERE)], truth())
    assert row['right'] == 0.0 and row['translation'] == pytest.approx(300.0)


def test_windows_hold_all_that_is_compared():
    seen = windowed(truth(), CORNERS, [HERE, shifted(x=0.2)])
    assert seen.camera.width < CAMERA.width
    assert np.isfinite(plate_depth(seen.camera, HERE)).sum() == np.isfinite(
        plate_depth(CAMERA, HERE)).sum()
    behind = Pose(np.eye(3), np.array((0.0, 0.0, -1.0)))
    assert windowed(truth(), CORNERS, [HERE, behind]).camera == CAMERA


def test_scores_are_held_against_what_is_right():
    score = refined_score()
    for number in range(20):
        right = number % 4 > 0
        score.add(each(
            rgb=[estimate(HERE, 0.5)],
            depth=[estimate(HERE if right else shifted(z=0.2), 0.92 if right else 0.91)]),
            truth())
    score.add(each(), truth())
    calibration = score.figures()['calibration']
    assert calibration['rgb'] == {
        'above': 0.9, 'count': 0, 'right': None, 'ece': pytest.approx(0.5)}
    depth = calibration['depth']
    assert (depth['above'], depth['count'], depth['right']) == (0.9, 20, 0.75)
    # Ordered by their scores the five wrong ones come first, the last of them with a right one.
    assert depth['ece'] == pytest.approx((4 * 0.91 + 2 * 0.415 + 14 * 0.08) / 20)


def test_boxes_are_matched_by_what_they_share():
    one, other, far = (0, 0, 10, 10), (0, 2, 10, 12), (50, 50, 60, 60)
    assert matched([other, one], [one, other]) == {0: 1, 1: 0}
    # Both share enough with the first; the better one has it.
    assert matched([(0, 1, 10, 11), one], [one]) == {0: 1}
    assert matched([far], [one]) == {} == matched([], [one]) == matched([one], [])


def test_each_of_several_objects_counts():
    left, right, hidden, far = (shifted(x=x) for x in (-0.6, -0.2, 0.3, 0.7))
    score = SeveralScore(refined_score())
    truths = [truth(left), truth(right), truth(hidden, visible=0.05)]
    # The box of the one that is hardly to be seen is no false one, that of nothing is.
    score.add(each(usual=[estimate(one) for one in (right, hidden, far)]), truths)
    figures = score.figures()
    assert figures['instances'] == 2
    assert (figures['precision'], figures['recall']) == (0.5, 0.5)
    assert figures['auc800']['depth'] == pytest.approx(400.0)
    assert figures['add01d'] == {'estimated': 0.5, 'rgb': 0.5, 'depth': 0.5}
    assert SeveralScore(refined_score()).figures()['recall'] is None


class Oracle:
    """Knows the pictures, and says of each what is in it; without a depth picture, badly."""

    label, threshold, model_name, sha256 = 'hammer', 0.5, 'oracle', 'o' * 64

    def __init__(self, samples):
        self.samples, self.told = samples, []

    def _sample(self, rgb):
        return next(some for some in self.samples if (some.image == rgb).all())

    def find(self, image, threshold):
        return [FoundBox(thing.box, 0.95) for thing in self._sample(image[..., ::-1]).objects
                if thing.part == self.label]

    def poses(self, rgb, camera, found, depth, refinement):
        self.told.append((refinement, depth))
        things = {thing.box: thing for thing in self._sample(rgb).objects}
        return [ObjectPose(
            self.label, things[one.box].rotation,
            things[one.box].translation * (1.0 if depth is not None else 1.1), one.score, one.box)
            for one in found]


@pytest.fixture(scope='module')
def rendered():
    with NewPictures(3, 1) as pictures:
        one, = pictures.poses('hammer', [FIRST_FRAME])
        three, = pictures.several('hammer', [FIRST_FRAME], 3, 2)
    return one, three


def given(noise=2.0, holes=0.0, seed=3):
    return SimpleNamespace(depth_noise=noise, depth_holes=holes, seed=seed)


def test_whole_pictures_are_evaluated(rendered, capsys):
    oracle, part = Oracle(rendered), PARTS['hammer']()
    measure = evaluate_poses.measured_by(given())
    with NewPictures(3, 1) as pictures:
        figures = evaluate_poses.evaluate(oracle, part, 0.05, pictures, 1, measure)
        several = evaluate_poses.evaluate_several(
            oracle, part, 0.5, pictures, 1, measure, 3, 2)
    assert figures['auc800']['depth'] == figures['auc800']['depth_z'] == 800.0
    assert figures['auc800']['estimated'] == figures['auc800']['rgb'] < 100.0
    assert figures['add01d'] == {'estimated': 0.0, 'rgb': 0.0, 'depth': 1.0}
    assert several['instances'] == 2 and several['precision'] == several['recall'] == 1.0
    assert several['auc800']['depth'] == 800.0
    # Each way is asked for once a picture, with depth where it should be, and measured.
    assert [how for how, _ in oracle.told[:4]] == [how for how, _ in WAYS.values()]
    assert [depth is not None for _, depth in oracle.told[:4]] == [deep for _, deep in
                                                                 WAYS.values()]
    depth, exact = oracle.told[2][1], rendered[0].depth
    errors = (depth - exact)[depth > 0]
    assert 0.001 < np.abs(errors).mean() < 0.005
    print_figures({**figures, 'several': several, 'count': 1, 'seed': 3, 'seconds': 1.0,
                   'model': 'oracle', 'model_sha256': 'o' * 64})
    printed = capsys.readouterr().out
    assert 'several objects' in printed and '1 score above 0.9, 100.0% of them right' in printed


def test_pictures_of_several_objects_have_all_of_them_labelled(rendered):
    one, three = rendered
    assert [thing.part for thing in one.objects] == ['hammer']
    assert [thing.part for thing in three.objects][:2] == ['hammer', 'hammer']
    assert three.objects[2].part in set(PARTS) - {'hammer'}


def test_the_same_picture_is_measured_alike(rendered):
    one, _ = rendered
    measure = evaluate_poses.measured_by(given())
    depth = measure(one, 5)
    np.testing.assert_array_equal(depth, evaluate_poses.measured_by(given())(one, 5))
    assert (depth != measure(one, 6)).any()
    assert (depth != evaluate_poses.measured_by(given(seed=4))(one, 5)).any()
    known = depth > 0
    exact = evaluate_poses.measured_by(given(noise=0.0))(one, 5)
    np.testing.assert_array_equal(exact[known], one.depth[known])
    holes = evaluate_poses.measured_by(given(holes=0.3))(one, 5)
    assert np.mean(holes[known] > 0) == pytest.approx(0.7, abs=0.05)


def test_poses_are_told_in_every_way():
    asked = []
    estimator = SimpleNamespace(poses=lambda *how: asked.append(how[3:]) or [])
    depth = np.ones((2, 2), np.float32)
    assert estimates_in(estimator, None, CAMERA, [], depth) == {
        name: [] for name in WAYS}
    assert asked[0] == (None, Refinement.NONE) and asked[1] == (None, Refinement.FULL)
    assert asked[2] == (depth, Refinement.DISTANCE) and asked[3] == (depth, Refinement.FULL)


@pytest.mark.parametrize(('words', 'said'), [
    (['--objects', '6'], '--objects is 6; it must be from 1 to 5'),
    (['--same', '1'], 'give both'),
    (['--objects', '2', '--same', '3'], '--same is 3'),
    (['--depth-holes', '1'], '--depth-holes is 1'),
])
def test_the_command_says_what_cannot_be(words, said, capsys):
    assert main(['evaluate', 'pose', *words]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize('words', [['--depth-noise', '-1'], ['--depth-holes', '1.5']])
def test_numbers_are_refused_at_once(words, capsys):
    with pytest.raises(SystemExit):
        main(['evaluate', 'pose', *words])
    assert 'it must be' in capsys.readouterr().err
