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

"""Looking for several objects in a picture, and depth that cannot be true."""

from types import SimpleNamespace

import numpy as np
import pytest

from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.distortion import Distortion
from mtperception.nodes.camera_model import CameraModel
from mtperception.nodes.known_object import Care, KnownObject, search
from mtperception.nodes.pose_space import View
from mtperception.objects.meshes import mesh_of
from mtperception.pose.detection import ObjectPose, Refinement

CAMERA = PinholeCamera(200, 160, 400.0, 400.0, 99.5, 79.5)
CARE = Care(0.5, Refinement.FULL, 1.0)
PICTURE = np.zeros((160, 200, 3), np.uint8)


class Estimator:
    """Find an object at one metre, or at the depth in the middle of the picture if it believes."""

    def __init__(self, label, *scores, believes=True):
        self.label, self.scores, self.codebook = label, scores, SimpleNamespace()
        self.believes = believes
        self.asked = []
        pixels = CAMERA.project(np.add(mesh_of(label).vertices, (0.0, 0.0, 1.0)))
        self.box = (*pixels.min(axis=0), *pixels.max(axis=0))

    def estimate(self, image, camera, threshold, depth, refinement, budget):
        self.asked.append((threshold, depth is not None, refinement, budget))
        z = float(depth[80, 100]) if self.believes and depth is not None else 1.0
        return [ObjectPose(self.label, np.eye(3), np.array((0.0, 0.0, z)), score, self.box)
                for score in self.scores]


def view(metres=None):
    depth = None if metres is None else np.full((160, 200), metres, np.float32)
    return View(PICTURE, CAMERA, CameraModel(CAMERA, Distortion()), depth, '')


def test_the_poses_of_several_objects_are_joined_best_first():
    estimators = Estimator('hammer', 0.9, 0.2), Estimator('ring', 0.5, 0.95)
    found = search(list(map(KnownObject.of, estimators)), view(), CARE)
    assert [(pose.label, pose.score) for pose in found.poses] == [
        ('ring', 0.95), ('hammer', 0.9), ('ring', 0.5), ('hammer', 0.2)]
    # They share the time.
    assert [one.asked for one in estimators] == [[(0.5, False, Refinement.FULL, 0.5)]] * 2


@pytest.mark.parametrize('metres', [0.5, 1.0, 2.0])
def test_depth_near_what_the_picture_shows_is_believed(metres):
    found = search([KnownObject.of(Estimator('hammer', 0.9))], view(metres), CARE)
    assert [pose.translation[2] for pose in found.poses] == [metres] and found.lack == ''


def test_things_before_and_behind_an_object_are_no_other_units():
    shown = view(1.0)
    shown.depth[:, :90], shown.depth[:, 110:] = 0.1, 50.0
    found = search([KnownObject.of(Estimator('hammer', 0.9))], shown, CARE)
    assert [pose.translation[2] for pose in found.poses] == [1.0] and found.lack == ''


@pytest.mark.parametrize('believes', [True, False])
@pytest.mark.parametrize('metres', [0.001, 0.1, 5.0, 10.0, 90.0])
def test_depth_that_makes_objects_giants_or_dwarfs_is_not(metres, believes):
    estimator = Estimator('hammer', 0.9, believes=believes)
    found = search([KnownObject.of(estimator)], view(metres), CARE)
    assert [pose.translation[2] for pose in found.poses] == [1.0]
    assert 'times as far as by their size: 32FC1 is in metres' in found.lack
    assert [with_depth for _, with_depth, *_ in estimator.asked] == [True, False]


def test_where_nothing_is_found_depth_is_not_doubted():
    assert search([KnownObject.of(Estimator('hammer'))], view(50.0), CARE) == ([], '')


def test_an_object_without_a_codebook_is_not_ready():
    estimator = Estimator('ring', 0.9)
    assert KnownObject.of(estimator).ready
    estimator.codebook = None
    assert not KnownObject.of(estimator).ready
