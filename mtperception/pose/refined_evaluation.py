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

"""
How good poses are that are told and refined in different ways, in the same boxes.

Of several objects of a kind each is compared with the estimate in its box.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.nn.calibration_error import expected_calibration_error
from mtperception.pose.boxes import FoundBox, overlap
from mtperception.pose.detection import Box, ObjectPose, Refinement
from mtperception.pose.evaluation import (
    by_visibility,
    DepthOf,
    figures_of,
    Model,
    PoseScore,
    Row,
    Truth,
)
from mtperception.pose.predictor import Depth, Image, PoseEstimator

# How each figure's poses are told: what is done to them, and whether with a depth picture.
WAYS: dict[str, tuple[Refinement, bool]] = {
    'estimated': (Refinement.NONE, False), 'rgb': (Refinement.FULL, False),
    'depth_z': (Refinement.DISTANCE, True), 'depth': (Refinement.FULL, True)}
# Figures of these are given beside the areas, and how far the scores of the latter can be trusted.
_JUDGED, _SCORED = ('estimated', 'rgb', 'depth'), ('rgb', 'depth')
# Poses that score above this should be right.
SURE = 0.9
# A box is found by one that shares so much of their union; an object of which less can be seen
# than this is neither found nor missed, as in the BOP challenge.
FOUND, LEAST_VISIBLE = 0.5, 0.1

Estimates = Mapping[str, Sequence[ObjectPose]]


def estimates_in(estimator: PoseEstimator, rgb: Image, camera: PinholeCamera,
                 found: Sequence[FoundBox], depth: Depth) -> dict[str, list[ObjectPose]]:
    """Tell poses in boxes of a picture in each of the WAYS, as `PoseEstimator.poses` does."""
    return {name: estimator.poses(rgb, camera, found, depth if deep else None, refinement)
            for name, (refinement, deep) in WAYS.items()}


@dataclass
class RefinedScore:
    """Adds up pictures; ``corners`` and ``depth_of`` are as `PoseScore` has them."""

    model: Model
    corners: Floats
    depth_of: DepthOf
    ways: dict[str, PoseScore] = field(init=False)

    def __post_init__(self) -> None:
        self.ways = {name: PoseScore(self.model, self.corners, self.depth_of) for name in WAYS}

    def add(self, found: Estimates, truth: Truth) -> None:
        """Add a picture with what was found in it in each of the WAYS, the best first."""
        for name, score in self.ways.items():
            score.add(found[name], truth)

    def figures(self) -> dict[str, Any]:
        """
        Give the figures of `PoseScore` for all WAYS, again for thirds of the visible share.

        The rotation alone (``true_translation``), ``flip_rate``, ``box_iou`` and the medians are
        those of poses that are not refined; the refined ones' medians are beside. ``calibration``
        says how many of the refined poses score above 0.9 and which share of them is right by
        ADD, and how far all scores are from the share of right ones: see
        `expected_calibration_error`.
        """
        rows = {name: score.rows for name, score in self.ways.items()}
        return {
            **_figures(rows),
            'calibration': {name: _calibration(rows[name]) for name in _SCORED},
            'by_visibility': {
                name: _figures({way: [every[number] for number in numbers]
                                for way, every in rows.items()})
                for name, numbers in by_visibility(rows['estimated']).items()}}


def _figures(rows: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    each = {name: figures_of(some, name) for name, some in rows.items()}
    plain = each['estimated']
    if not plain['count']:
        return plain

    def medians(figure: str) -> dict[str, float | None]:
        return {**plain[figure], **{name: each[name][figure]['median'] for name in _SCORED}}

    return {
        **plain,
        # The plain poses' rotation is the one that counts with the true translation.
        **{area: {'true_translation': plain[area]['true_translation'],
                  **{name: each[name][area][name] for name in WAYS}}
           for area in ('auc800', 'auc800_linear')},
        **{share: {name: each[name][share][name] for name in _JUDGED}
           for share in ('add01d', 'mssd', 'mspd')},
        **{figure: medians(figure) for figure in ('rotation_deg', 'translation_mm')}}


def _calibration(rows: Sequence[Row]) -> dict[str, Any]:
    told = [row for row in rows if np.isfinite(row['score'])]
    sure = [row['right'] for row in told if row['score'] > SURE]
    return {'above': SURE, 'count': len(sure), 'right': float(np.mean(sure)) if sure else None,
            'ece': expected_calibration_error(
                [row['score'] for row in told], [row['right'] > 0 for row in told])}


@dataclass
class SeveralScore:
    """
    Adds up pictures of several objects, some or all of them alike.

    Each counts as a picture of ``score``. ``hits``, ``false`` and ``missed`` count boxes.
    """

    score: RefinedScore
    hits: int = 0
    false: int = 0
    missed: int = 0

    def add(self, found: Estimates, truths: Sequence[Truth]) -> None:
        """Add a picture with what was found in it in each of the WAYS, and what there is."""
        matches = {
            name: matched([one.box for one in some], [truth.box for truth in truths])
            for name, some in found.items()}
        boxes = {true for true, truth in enumerate(truths) if truth.visible >= LEAST_VISIBLE}
        plain = matches['estimated']
        self.hits += len(boxes & set(plain))
        self.missed += len(boxes - set(plain))
        self.false += len(found['estimated']) - len(plain)
        for true in sorted(boxes):
            self.score.add({
                name: [some[matches[name][true]]] if true in matches[name] else []
                for name, some in found.items()}, truths[true])

    def figures(self) -> dict[str, Any]:
        """
        Give the figures of `RefinedScore` for each object that counts, and those of boxes.

        ``instances`` is how many there are, ``precision`` is over what was found, ``recall`` over
        the objects; None of nothing.
        """
        found, there = self.hits + self.false, self.hits + self.missed
        figures = self.score.figures()
        del figures['count']
        return {'instances': there, 'precision': self.hits / found if found else None,
                'recall': self.hits / there if there else None, **figures}


def matched(found: Sequence[Box], true: Sequence[Box]) -> dict[int, int]:
    """Match boxes, those that share most of their union first: found ones by true ones."""
    pairs = sorted(((overlap(one, other), number, index) for number, one in enumerate(found)
                    for index, other in enumerate(true)), reverse=True)
    matches: dict[int, int] = {}
    for shared, number, index in pairs:
        if shared >= FOUND and index not in matches and number not in matches.values():
            matches[index] = number
    return matches
