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

"""Shapes told apart after a few examples, on features of which the truth is known."""

import warnings

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mtperception.grasp.shapes.classifier import fit_classifier
from mtperception.grasp.shapes.components import (
    held_out_components,
    inner_products,
    principal_components,
)
from mtperception.grasp.shapes.examples import joined, ShapeError, ShapeExamples
from mtperception.grasp.shapes.experiments import draw_pictures, PICTURES, run_trials
from mtperception.grasp.shapes.folds import folds_by_image
from mtperception.grasp.shapes.layer_choice import choose_layer

KNOWN = ('bolt', 'clip', 'hook', 'nut')
WIDTH = 300


def examples(counts, first=0, seed=0, grasps=6, noise=1.2):
    """Make examples: each shape is held in one of three ways, each picture has its own light."""
    rng = np.random.default_rng((seed, first))
    rows, labels, images = [], [], []
    for name, count in counts.items():
        ways = np.random.default_rng([ord(letter) for letter in name]).normal(size=(3, WIDTH))
        for _ in range(count):
            light = 0.7 * rng.normal(size=WIDTH)
            for _ in range(grasps):
                rows.append(ways[rng.integers(3)] + light + noise * rng.normal(size=WIDTH))
                labels.append(name)
                images.append(first)
            first += 1
    rows = np.array(rows, dtype=np.float32)
    return ShapeExamples({'3-3': rows[:, :WIDTH // 3], '4-1': rows[:, WIDTH // 3:]},
                         np.array(labels), np.array(images))


@pytest.fixture(scope='module')
def new():
    """Give grasps in new pictures, of known shapes and of one that was never taught."""
    return examples(dict.fromkeys((*KNOWN, 'ring'), 12), first=10_000)


def random_rows(seed, count, width, rank):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, rank)) @ rng.normal(size=(rank, width)) + rng.normal(size=width)
    return rows.astype(np.float32)


@given(st.integers(0, 1000), st.integers(2, 12), st.integers(1, 30), st.integers(1, 6),
       st.integers(1, 8))
@settings(deadline=None, max_examples=60)
def test_components_are_those_of_a_singular_value_decomposition(seed, count, width, rank, most):
    rows = random_rows(seed, count, width, rank)
    points, rest = principal_components(rows, inner_products(rows), most)(rows)
    assert points.shape[1] <= min(most, count - 1, width, rank)
    centred = (rows - rows.mean(axis=0)).astype(np.float64)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    s[points.shape[1]:] = 0.0
    scale = (centred**2).sum() / count
    assert np.allclose(points @ points.T, (u * s**2) @ u.T, atol=1e-4 * scale * count)
    assert np.allclose(rest, (centred**2).sum(axis=1) - ((u * s) ** 2).sum(axis=1),
                       atol=1e-4 * scale * count)


@given(st.integers(0, 1000), st.integers(3, 12), st.integers(1, 6), st.data())
@settings(deadline=None, max_examples=60)
def test_holding_rows_out_is_leaving_them_away(seed, count, most, data):
    rows = random_rows(seed, count, 20, 8)
    held = np.zeros(count, dtype=bool)
    held[:data.draw(st.integers(1, count - 2))] = True
    held = np.random.default_rng(seed).permutation(held)
    known, points, rest = held_out_components(inner_products(rows), held, most)
    components = principal_components(rows[~held], inner_products(rows[~held]), most)
    expected, expected_rest = components(rows[held])
    scale = float((rows**2).sum(axis=1).max())
    assert np.allclose(known @ points.T, components(rows[~held])[0] @ expected.T,
                       atol=1e-4 * scale)
    assert np.allclose(rest, expected_rest, atol=1e-4 * scale)


def test_rows_all_alike_have_no_components_and_no_faults():
    rows = np.ones((5, 7), np.float32)
    points, rest = principal_components(rows, inner_products(rows), 3)(
        np.zeros((2, 7), np.float32))
    assert np.allclose(points, 0.0) and np.allclose(rest, 7.0)


@given(st.lists(st.tuples(st.sampled_from('abcd'), st.integers(0, 6)), min_size=2, max_size=60),
       st.integers(2, 6))
def test_folds_test_each_example_once_and_keep_pictures_together(pairs, most):
    labels = np.array([label for label, _ in pairs])
    # A picture shows one shape.
    images = np.array([10 * ord(label) + image for label, image in pairs])
    folds = folds_by_image(labels, images, most)
    assert 2 <= len(folds) <= most
    assert sorted(np.concatenate([held for _, held in folds])) == list(range(len(labels)))
    several = {label for label in set(labels)
               if len(set(images[labels == label])) > 1}
    for learnt, held in folds:
        assert not set(learnt) & set(held)
        assert several <= set(labels[learnt])
        shared = set(images[learnt]) & set(images[held])
        assert not several & set(labels[np.isin(images, list(shared))])


@pytest.mark.parametrize(('pictures', 'least'), [(1, 0.8), (3, 0.95), (5, 0.98), (20, 0.98)])
def test_known_shapes_are_told_and_unknown_ones_found_strange(new, pictures, least):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        classifier = fit_classifier(examples(dict.fromkeys(KNOWN, pictures)))
        told, scores, strangeness = classifier.judge(new.features)
    known = new.labels != 'ring'
    assert classifier.shapes == KNOWN
    assert ((scores >= 0.0) & (scores <= 1.0)).all()
    assert (told == new.labels)[known].mean() >= least
    assert roc_auc_score(~known, strangeness) > 0.97
    assert (strangeness[known] < 1.0).mean() > 0.9


def test_what_is_refused_has_no_shape(new):
    classifier = fit_classifier(examples(dict.fromkeys(KNOWN, 20)))
    answers = classifier.classify(new.features)
    for answer, likeliest in zip(answers, classifier.likeliest(new.features), strict=True):
        assert answer.shape == (likeliest if answer.strangeness < 1.0 else None)
    refused = np.array([answer.shape is None for answer in answers])
    assert refused[new.labels == 'ring'].mean() > 0.9


def test_the_only_shape_taught_is_refused_or_not(new):
    classifier = fit_classifier(examples({'nut': 6}))
    answers = classifier.classify(new.features)
    assert {answer.shape for answer in answers} == {'nut', None}
    assert all(answer.score == 1.0 for answer in answers)
    assert classifier.accuracy is None
    told = np.array([answer.shape is not None for answer in answers])
    assert told[new.labels == 'nut'].mean() > 0.9 > 0.2 > told[new.labels != 'nut'].mean()


@pytest.mark.parametrize('counts', [{'nut': 1}, {'nut': 1, 'bolt': 1}, {'nut': 1, 'bolt': 4}])
def test_a_single_example_is_recognised(counts):
    taught = examples(counts, grasps=1)
    answers = fit_classifier(taught).classify(taught.features)
    assert [answer.shape for answer in answers] == list(taught.labels)


def test_the_order_and_the_size_of_the_features_do_not_matter(new):
    taught = examples(dict.fromkeys(KNOWN, 4))
    order = np.random.default_rng(1).permutation(len(taught))
    larger = ShapeExamples({layer: 7.0 * rows for layer, rows in taught.features.items()},
                           taught.labels, taught.images).chosen(order)
    one, other = fit_classifier(taught).judge(new.features), fit_classifier(larger).judge(
        {layer: rows / 3.0 for layer, rows in new.features.items()})
    assert (one[0] == other[0]).mean() > 0.99
    assert np.allclose(one[1], other[1], atol=1e-2)
    assert np.allclose(one[2], other[2], rtol=1e-3)


def test_the_same_lesson_gives_the_same_numbers(new):
    one, other = (fit_classifier(examples(dict.fromkeys(KNOWN, 3))).judge(new.features)
                  for _ in range(2))
    assert all(np.array_equal(*pair) for pair in zip(one, other, strict=True))


def test_another_shape_leaves_the_others_unharmed(new):
    taught = examples(dict.fromkeys(KNOWN, 20))
    known = new.labels != 'ring'
    before = fit_classifier(taught).likeliest(new.features)
    after = fit_classifier(joined([taught, examples({'ring': 5}, first=500)])).likeliest(
        new.features)
    drop = (before == new.labels)[known].mean() - (after == new.labels)[known].mean()
    assert drop <= 0.005
    assert (after == new.labels)[~known].mean() > 0.9


def test_components_may_be_found_together_with_what_is_to_be_told(new):
    taught = examples(dict.fromkeys(KNOWN, 3))
    apart, together = fit_classifier(taught), fit_classifier(taught, also=new.features)
    both = joined([taught, new])
    rest = [float(classifier.components(
        np.concatenate([rows / np.linalg.norm(rows, axis=1, keepdims=True)
                        for rows in both.features.values()], axis=1) / np.sqrt(2))[1].sum())
        for classifier in (apart, together)]
    # No components leave less of all rows over than their own.
    assert rest[1] < 0.9 * rest[0]
    known = new.labels != 'ring'
    assert (together.likeliest(new.features) == new.labels)[known].mean() > 0.9


def test_the_layer_that_tells_shapes_is_chosen_though_all_seem_to(new):
    taught = examples(dict.fromkeys(KNOWN, 6))
    rng = np.random.default_rng(0)
    noise = np.repeat(rng.normal(size=(len(set(taught.images)), 40)), 6, axis=0)
    noise = (noise + 0.1 * rng.normal(size=noise.shape)).astype(np.float32)
    choice = choose_layer(ShapeExamples({'1-1': noise, '3-1': taught.features['4-1']},
                                        taught.labels, taught.images))
    assert choice.best == '3-1'
    assert choice.training['1-1'] > 0.95
    assert choice.cross_validated['1-1'] < 0.6 < 0.95 < choice.cross_validated['3-1']
    told = choice.classifiers['3-1'].likeliest({'3-1': new.features['4-1']})
    assert (told == new.labels)[new.labels != 'ring'].mean() > 0.9


def test_layers_are_not_compared_by_one_shape():
    with pytest.raises(ShapeError, match='from two shapes on'):
        choose_layer(examples({'nut': 3}))


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
def test_features_that_are_not_finite_are_named(bad, new):
    taught = examples(dict.fromkeys(KNOWN, 3))
    classifier = fit_classifier(taught)
    rows = taught.features['4-1'].copy()
    rows[7, 3] = bad
    damaged = {**taught.features, '4-1': rows}
    with pytest.raises(ShapeError, match='layer 4-1 are not finite in example 7'):
        ShapeExamples(damaged, taught.labels, taught.images)
    with pytest.raises(ShapeError, match='layer 4-1 are not finite in example 7'):
        classifier.classify(damaged)


def test_features_that_do_not_belong_are_named(new):
    classifier = fit_classifier(examples(dict.fromkeys(KNOWN, 3)))
    with pytest.raises(ShapeError, match='no features of layer 4-1'):
        classifier.classify({'3-3': new.features['3-3']})
    with pytest.raises(ShapeError, match=r'270 features.*300 were taught'):
        classifier.classify({layer: rows[:, 15:] for layer, rows in new.features.items()})
    with pytest.raises(ShapeError, match='should be 2 rows'):
        ShapeExamples({'3-3': np.zeros((3, 4))}, np.array(['a', 'b']), np.array([1, 2]))
    with pytest.raises(ShapeError, match='no shape has been taught'):
        fit_classifier(examples({'nut': 2}).chosen(np.zeros(12, dtype=bool)))


def test_no_grasps_have_no_answers(new):
    classifier = fit_classifier(examples(dict.fromkeys(KNOWN, 3)))
    assert classifier.classify({layer: rows[:0] for layer, rows in new.features.items()}) == []


def test_drawn_pictures_are_whole_and_as_many_as_asked_for():
    pool = examples(dict.fromkeys(KNOWN, 9))
    drawn = draw_pictures(pool, {'nut': 3, 'bolt': 5}, np.random.default_rng(0))
    assert {name: len(set(drawn.images[drawn.labels == name])) for name in drawn.shapes} == {
        'nut': 3, 'bolt': 5}
    assert len(drawn) == 8 * 6


def test_trials_tell_the_known_and_the_late_shape(new):
    pool = examples(dict.fromkeys((*KNOWN, 'ring'), 31), grasps=2)
    known = new.labels != 'ring'
    tests = {'exp2': new.chosen(known), 'exp5': new}
    trials = run_trials(pool, tests, 'ring', fit_classifier,
                        [np.random.default_rng(draw) for draw in range(2)])
    figures = trials.figures()
    for name in tests:
        assert set(figures[name]) == {f'{count}{worst}' for count in PICTURES
                                      for worst in ('', '_worst')}
        assert figures[name]['30'] >= figures[name]['30_worst'] > 0.97
    assert figures['unknown_auroc'] >= figures['unknown_auroc_worst'] > 0.97
    assert figures['late_shape']['drop'] <= figures['late_shape']['drop_worst'] < 0.01
    assert figures['late_shape']['accuracy'] > 0.8
    assert figures['refused']['unknown'] > 0.8 > 0.1 > figures['refused']['known']


def test_trials_of_features_that_tell_nothing_are_at_chance(new):
    rng = np.random.default_rng(0)

    def noise(taught):
        return ShapeExamples({'3-3': rng.normal(size=(len(taught), 20)).astype(np.float32)},
                             taught.labels, taught.images)

    pool = examples(dict.fromkeys((*KNOWN, 'ring'), 31), grasps=1)
    tests = {'exp2': noise(new.chosen(new.labels != 'ring')), 'exp5': noise(new)}
    trials = run_trials(noise(pool), tests, 'ring', fit_classifier, [rng])
    for shares in trials.accuracies['exp2'].values():
        assert 0.15 < np.mean(shares) < 0.35
    assert 0.4 < trials.unknown_auroc[0] < 0.6
