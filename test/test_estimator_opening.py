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

"""A codebook that takes longer than a node can wait."""

import threading

import pytest

from mtperception import zoo
from mtperception.nodes import estimator_opening
from mtperception.nodes.estimator_opening import CodebookError, EstimatorOpening

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    return tmp_path


def test_what_is_there_soon_is_waited_for(pose_model, monkeypatch):
    monkeypatch.setattr(estimator_opening, 'PATIENCE', 120.0)
    told = []
    opening = EstimatorOpening(str(pose_model), 12, 2, told.append)
    estimator = opening.estimator()
    opening.check()
    assert len(estimator.codebook) == 24
    assert told[-1] == opening.progress and opening.progress.startswith('24 views, after ')


def test_boxes_are_found_while_the_codebook_is_made(pose_model, lit_picture, monkeypatch):
    monkeypatch.setattr(estimator_opening, 'PATIENCE', 0.0)
    done, told = threading.Event(), []

    def tell(words):
        told.append(words)
        if 'views, after' in words:
            done.set()

    opening = EstimatorOpening(str(pose_model), 12, 2, tell)
    estimator = opening.estimator()
    if not done.is_set():
        with pytest.raises(CodebookError, match='codebook: '):
            opening.check()
    assert estimator.find(lit_picture('disc', 5))
    assert done.wait(120.0)
    opening.check()
    assert len(estimator.codebook) == 24
    assert '% of 24 views rendered' in told[0]


def test_a_model_that_cannot_be_used_is_named(grasp_model):
    for model, words in (('nosuch', 'no bundled model is called'), (str(grasp_model), 'grasp')):
        opening = EstimatorOpening(model, 12, 2, pytest.fail)
        with pytest.raises(zoo.ModelError, match=words):
            opening.estimator()
        with pytest.raises(CodebookError):
            opening.check()


def test_after_closing_it_is_given_up_in_silence(pose_model, cache, monkeypatch):
    monkeypatch.setattr(estimator_opening, 'PATIENCE', 0.0)
    begun, told = threading.Event(), []

    def tell(words):
        told.append(words)
        begun.set()

    opening = EstimatorOpening(str(pose_model), 2562, 36, tell)
    opening.estimator()
    assert begun.wait(120.0)
    opening.close()
    opening._thread.join(120.0)
    assert not opening._thread.is_alive()
    assert len(told) == 1 and '% of 92232 views' in told[0]
    assert not list(cache.rglob('*.safetensors'))
