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

"""Codebooks that take longer than a node can wait."""

import threading

import pytest
from rclpy.parameter import Parameter
from std_msgs.msg import Header

from mtperception import zoo
from mtperception.geometry.camera import PinholeCamera
from mtperception.nodes import estimator_opening
from mtperception.nodes.conversions import camera_info_message, image_message
from mtperception.nodes.estimator_opening import EstimatorOpening
from mtperception.nodes.pose_estimator import PoseEstimatorNode
from mtperception.objects import known

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    return tmp_path


class Told:
    """What an opening tells, and the numbers of views of what it hands on; `done` at the end."""

    def __init__(self):
        self.words, self.views = [], []
        self.done, self.begun = threading.Event(), threading.Event()

    def tell(self, words):
        self.words.append(words)
        self.begun.set()
        if 'views, after' in words or 'failed' in words:
            self.done.set()

    def change(self, estimators):
        self.estimators = estimators
        self.views.append([len(one.codebook or ()) for one in estimators])

    def opening(self, *models, directions=12, turns=2):
        return EstimatorOpening(
            list(map(str, models)), directions, turns, self.tell, self.change)


@pytest.fixture
def told():
    return Told()


def test_what_is_there_soon_is_waited_for(pose_model, told, monkeypatch):
    monkeypatch.setattr(estimator_opening, 'PATIENCE', 120.0)
    opening = told.opening(pose_model, pose_model)
    opening.start_and_wait()
    assert told.views == [[24, 24]]
    assert told.words[-1] == opening.progress and opening.progress.startswith('48 views, after ')
    assert not opening.failed


def test_boxes_are_found_while_codebooks_are_made(pose_model, lit_picture, told, monkeypatch):
    monkeypatch.setattr(estimator_opening, 'PATIENCE', 0.0)
    opening = told.opening(pose_model, pose_model)
    opening.start_and_wait()
    # All that comes after is handed on as it comes, with all that it needs.
    assert told.views[0] == [0, 0]
    assert told.estimators[0].find(lit_picture('disc', 5))
    assert told.done.wait(120.0)
    assert told.views == [[0, 0], [24, 0], [24, 24]]
    assert all(one.surface is not None for one in told.estimators)
    assert 'light: ' in told.words[0] and '% of 24 views rendered' in told.words[0]


def test_what_takes_the_place_of_another_is_handed_on_once(pose_model, told):
    told.opening(pose_model, pose_model).start()
    assert told.done.wait(120.0)
    assert told.views == [[24, 24]]


def test_a_model_that_cannot_be_used_is_named(pose_model, grasp_model, told):
    for model, words in (('nosuch', 'nosuch'), (str(grasp_model), 'grasp')):
        with pytest.raises(zoo.ModelError, match=words):
            told.opening(pose_model, model).start_and_wait()
        assert not [one for one in told.words if 'failed' in one]
        opening = told.opening(model)
        opening.start()
        assert told.done.wait(120.0)
        assert opening.failed and 'failed: ' in opening.progress and words in opening.progress
        assert told.words[-1] == opening.progress
        told.words.clear()
        told.done.clear()
    assert told.views == []


def test_after_closing_it_is_given_up_in_silence(pose_model, cache, told, monkeypatch):
    monkeypatch.setattr(estimator_opening, 'PATIENCE', 0.0)
    opening = told.opening(pose_model, directions=2562, turns=36)
    opening.start_and_wait()
    assert told.begun.wait(120.0)
    opening.close()
    opening._thread.join(120.0)
    assert not opening._thread.is_alive()
    assert len(told.words) == 1 and '% of 92232 views' in told.words[0]
    assert told.views == [[0]]
    assert not list(cache.rglob('*.safetensors'))


def test_where_a_later_model_fails_the_one_before_goes_on_and_it_is_told(
        ros, pose_model, lit_picture, monkeypatch):
    monkeypatch.setattr(estimator_opening, 'PATIENCE', 120.0)
    node = PoseEstimatorNode(parameter_overrides=[
        Parameter(name, value=value) for name, value in (
            ('autostart', False), ('model', str(pose_model)), ('codebook.directions', 12),
            ('codebook.turns', 2), ('threads', 1))])
    camera = PinholeCamera(200, 160, 400.0, 410.0, 101.0, 78.0)
    header = Header(frame_id='camera')
    node.trigger_configure()
    node.trigger_activate()
    node._space._camera._take(camera_info_message(camera, header))
    message = image_message(lit_picture('disc', 5), 'bgr8', header)
    told = []
    monkeypatch.setattr(node._detections, 'publish', told.append)
    node.process(message)
    assert node.diagnostics.concern == ''

    def fail(*_, **__):
        raise OSError('no space')

    monkeypatch.setattr(known, 'open_estimator', fail)
    node.set_parameters([Parameter('model', value=str(pose_model))])
    node._opening._thread.join(60.0)
    node.process(message)
    assert node.diagnostics.concern == 'codebook: failed: OSError: no space'
    assert told[1] == told[0] and told[0].detections
    node.trigger_deactivate()
    node.trigger_cleanup()
    node.destroy_node()
