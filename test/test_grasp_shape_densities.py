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

"""Shapes told by densities of descriptors, against the densities themselves."""

import numpy as np
import pytest

from mtperception.grasp.shapes.densities import CONCENTRATION, fit_densities
from mtperception.grasp.shapes.examples import ShapeExamples
from mtperception.grasp.shapes.learning import learn_shapes

SIZE = 16
SHAPES = ('bar', 'disc', 'nut')
MIDDLES = np.random.default_rng(0).normal(size=(4, SIZE))


def descriptors(shapes, spread, seed, pictures=5, grasps=4):
    """Make examples of length 1 around a middle for each shape; those of a picture are alike."""
    rng = np.random.default_rng(seed)
    rows, labels, images = [], [], []
    for number, shape in enumerate(shapes):
        for picture in range(pictures):
            own = MIDDLES[number] + spread * rng.normal(size=SIZE)
            rows.append(own + 0.2 * spread * rng.normal(size=(grasps, SIZE)))
            labels += [shape] * grasps
            images += [number * 1000 + picture] * grasps
    points = np.concatenate(rows)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return ShapeExamples({'descriptor': points}, np.array(labels), np.array(images))


def test_the_likeliest_shape_has_the_densest_examples():
    taught, new = descriptors(SHAPES, 1.0, 1), descriptors(SHAPES, 1.0, 2)
    classifier = learn_shapes(taught, 'descriptor')
    told, scores, _ = classifier.judge(new.features)
    kernels = np.exp(CONCENTRATION * new.features['descriptor'] @ taught.features['descriptor'].T)
    dense = np.stack([kernels[:, taught.labels == shape].mean(axis=1) for shape in SHAPES])
    assert np.array_equal(told, np.array(SHAPES)[dense.argmax(axis=0)])
    powers = dense ** classifier.teller.trust
    assert scores == pytest.approx((powers / powers.sum(axis=0)).max(axis=0), rel=1e-4)
    assert (told == new.labels).mean() > 0.9
    assert classifier.accuracy > 0.8


def test_how_many_examples_a_shape_has_makes_it_no_likelier():
    few = descriptors(SHAPES, 1.0, 1)
    often = few.chosen(np.concatenate([np.flatnonzero(few.labels == 'bar')] * 5
                                      + [np.flatnonzero(few.labels != 'bar')]))
    new = descriptors(SHAPES, 1.5, 2)
    one, other = (learn_shapes(each, 'descriptor').likeliest(new.features)
                  for each in (few, often))
    assert np.array_equal(one, other)


def test_scores_are_about_as_often_right_as_they_say():
    taught, new = descriptors(SHAPES, 1.8, 1, 100), descriptors(SHAPES, 1.8, 2, 200)
    told, scores, _ = learn_shapes(taught, 'descriptor').judge(new.features)
    right = told == new.labels
    assert 0.5 < right.mean() < 0.95
    assert scores.mean() == pytest.approx(right.mean(), abs=0.05)
    sure = scores > 0.9
    assert sure.sum() > 50 and right[sure].mean() > 0.85


def test_what_nobody_taught_is_stranger_and_refused():
    classifier = learn_shapes(descriptors(SHAPES, 0.5, 1), 'descriptor')
    known, new = descriptors(SHAPES, 0.5, 2), descriptors((*SHAPES, 'ring'), 0.5, 3)
    strange = new.chosen(new.labels == 'ring')
    refused = [np.mean([answer.shape is None for answer in classifier.classify(some.features)])
               for some in (known, strange)]
    assert refused[0] < 0.2 and refused[1] > 0.9


def test_one_example_is_enough_to_begin_with():
    taught = descriptors(SHAPES[:2], 0.3, 1, pictures=1, grasps=1)
    classifier = learn_shapes(taught, 'descriptor')
    assert list(classifier.likeliest(taught.features)) == ['bar', 'disc']
    alone = learn_shapes(taught.chosen(taught.labels == 'bar'), 'descriptor')
    assert alone.accuracy is None and list(alone.likeliest(taught.features)) == ['bar', 'bar']
    densities = fit_densities(np.eye(2), np.array(['a', 'b']), np.array([0, 1]))
    assert list(densities.tell(np.eye(2))[0]) == ['a', 'b']


def test_one_picture_a_shape_names_things_and_is_not_too_sure():
    for pictures in (1, 2, 3):
        taught, new = (descriptors(SHAPES, 1.0, seed, count, 16)
                       for seed, count in ((1, pictures), (2, 40)))
        classifier = learn_shapes(taught, 'descriptor')
        told, scores, strangeness = classifier.judge(new.features)
        right = (told == new.labels).mean()
        assert scores.mean() < right + 0.1
        if pictures == 1:
            assert strangeness.max() < 1
