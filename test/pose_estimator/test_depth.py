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

"""The pose estimator's depth: used where it is sound, named and left out where it is not."""

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest

from mtperception.geometry.distortion import Distortion
from mtperception.nodes.camera_model import CameraModel
from mtperception.nodes.straightening import Straightener
from mtperception.pose.detection import Refinement

pytestmark = pytest.mark.timeout(300)
LENS = Distortion(-0.3, 0.1, 0.002, -0.001)


@pytest.fixture(scope='module', autouse=True)
def started(cell, pose_model):
    cell.start(pose_model, use_depth=True)
    cell.station.wait(lambda: cell.depths.get_subscription_count() == 1)


@pytest.fixture(scope='module')
def picture(lit_picture):
    return lit_picture('disc', 5)


@pytest.fixture(scope='module')
def alone(cell, library, picture):
    """Give the poses that the picture alone tells."""
    return library.estimate(picture, cell.camera)


@pytest.fixture(scope='module')
def depth(cell, library, picture, plane):
    """Give a depth picture that has the objects a little nearer than their size says."""
    told = library.estimate(picture, cell.camera, refinement=Refinement.NONE)
    return plane(0.9 * told[0].translation[2])


def test_poses_are_refined_by_depth_as_the_library_does(cell, library, picture, alone, depth):
    expected = library.estimate(picture, cell.camera, depth=depth)
    assert [pose.translation[2] for pose in expected] != [pose.translation[2] for pose in alone]
    assert cell.same(cell.look(picture, cell.message(depth, '32FC1')), expected)
    whole = np.rint(1000.0 * depth).astype(np.uint16)
    metres = whole.astype(np.float32) * np.float32(0.001)
    assert cell.same(cell.look(picture, cell.message(whole, '16UC1')),
                     library.estimate(picture, cell.camera, depth=metres))
    cell.station.wait(lambda: cell.station.values['level'] == DiagnosticStatus.OK)


@pytest.mark.parametrize('refinement', Refinement)
def test_what_is_done_to_poses_changes_live(cell, library, picture, depth, refinement):
    assert cell.station.set_parameter('refinement', refinement.value).successful
    answer = cell.look(picture, cell.message(depth, '32FC1'))
    assert cell.same(answer, library.estimate(
        picture, cell.camera, depth=depth, refinement=refinement))
    refused = cell.station.set_parameter('refinement', 'some')
    assert not refused.successful
    assert refused.reason == "refinement is one of none, distance, full, not 'some'"


def test_a_budget_of_time_changes_live(cell, library, picture, depth):
    # At once it is over: nothing that takes time is done a second time.
    assert cell.station.set_parameter('refinement.budget', 1e-9).successful
    answer = cell.look(picture, cell.message(depth, '32FC1'))
    assert cell.same(answer, library.estimate(picture, cell.camera, depth=depth, budget=1e-9))
    assert not cell.station.set_parameter('refinement.budget', -1.0).successful
    assert cell.station.set_parameter('refinement.budget', 0.0).successful


def test_the_lens_is_taken_out_of_depth_too(cell, library, picture, depth):
    straightener, model = Straightener(), CameraModel(cell.camera, LENS)
    straight = straightener.straight(picture, model)
    expected = library.estimate(*straight, depth=straightener.straight_depth(depth, model))
    assert expected
    cell.info.d = list(LENS.coefficients[:5])
    cell.station.wait(
        lambda: cell.same(cell.look(picture, cell.message(depth, '32FC1')), expected))
    cell.info = cell.calibrated()
    # The last may still have been of that camera.
    cell.station.wait(
        lambda: not cell.same(cell.look(picture, cell.message(depth, '32FC1')), expected))


FAULTS = {
    'millimetres in 32FC1': (lambda depth: (1000.0 * depth, '32FC1'), ' m, as it seems'),
    'tenths of millimetres': (
        lambda depth: (np.rint(1e4 * depth).astype(np.uint16), '16UC1'), 'times as far'),
    'a quarter of the size': (
        lambda depth: (np.ascontiguousarray(depth[::2, ::2]), '32FC1'),
        '100 x 80 pixels for a picture of 200 x 160'),
    'nothing known': (
        lambda depth: (np.where(depth > 0, np.nan, depth), '32FC1'), 'has no depth at all'),
    'no depth': (
        lambda depth: (np.zeros(depth.shape, np.uint8), 'mono8'), "encoding 'mono8' is not one"),
    'none': (None, 'no depth with the stamp of the picture on /depth'),
}


@pytest.mark.parametrize('fault', FAULTS)
def test_where_depth_is_of_no_use_the_picture_alone_is_and_it_is_named(
        cell, picture, alone, depth, fault):
    change, words = FAULTS[fault]

    def complained():
        message = cell.message(*change(depth)) if change else None
        assert cell.same(cell.look(picture, message), alone)
        return words in cell.station.values['message']

    cell.settle()
    cell.station.wait(complained)
    assert cell.station.values['level'] == DiagnosticStatus.WARN
    assert 'poses of the picture alone: ' in cell.station.values['message']
    assert 'poses of the picture alone: ' in cell.station.log.read_text()


def test_depth_that_is_sound_again_is_used_again(cell, library, picture, depth):
    assert cell.same(cell.look(picture, cell.message(depth, '32FC1')),
                     library.estimate(picture, cell.camera, depth=depth))
    cell.station.wait(lambda: cell.station.values['level'] == DiagnosticStatus.OK)


def test_without_refinement_depth_is_not_missed(cell, library, picture):
    assert cell.station.set_parameter('refinement', 'none').successful
    assert cell.same(cell.look(picture), library.estimate(
        picture, cell.camera, refinement=Refinement.NONE))
    assert cell.station.news()['level'] == DiagnosticStatus.OK
