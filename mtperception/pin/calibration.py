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
Scores that mean what they say: of the detections with a score of 0.9, nine in ten are pins.

The focal loss leaves scores that order detections well but are no probabilities. The map from
the heat's logit to the logit of a probability is a straight line (Platt, 1999), fitted on pictures
that were not trained on, and it goes into the weights of the heat's last layer: nothing is added
at run time.

What a probability is worth depends on what errors cost: the threshold is the model's own, kept in
its card. Of a calibrated model it is BEST_THRESHOLD, from which on a detection is more likely to
save a miss than to cost as much by being false; of another it is chosen among its scores.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mtperception import zoo
from mtperception.nn.calibration_error import expected_calibration_error
from mtperception.pin.data.dataset import LabelledPin, PinPictures
from mtperception.pin.detection import PinDetection
from mtperception.pin.evaluation import FrameScore, match
from mtperception.pin.predictor import PinDetector

# A false detection is as bad as so many missed pins when the threshold is chosen.
FALSE_COST = 1.5
BEST_THRESHOLD = round(FALSE_COST / (FALSE_COST + 1), 2)
LEAST_THRESHOLD, MOST_THRESHOLD = 0.3, 0.95
# Detections below this score are too many, and too far below any threshold, to be looked at.
SCORE_FLOOR = 0.05
# The map is fitted a little further down than it is judged, as it moves detections across.
FITTING_FLOOR = 0.02
# With fewer true or false detections than this a fitted map would be chance.
LEAST_OF_EACH = 10
# With fewer pins than this a line that fits them may be far from what fits the next pictures.
LEAST_PINS = 50
# Scores this near to 0 or 1 are taken for this, so that their logits are numbers.
LEAST_DOUBT = 1e-6

Floats = npt.NDArray[np.float64]


@dataclass
class ScoredDetections:
    """Adds up detections: their scores, and which of them are true."""

    scores: list[float] = field(default_factory=list)
    true: list[bool] = field(default_factory=list)

    def add(self, detections: Sequence[PinDetection], pins: Sequence[LabelledPin], width: int,
            height: int) -> None:
        """Add one frame of this size; a detection of a pin that does not count is left out."""
        matching = match(detections, pins, width, height)
        for index, _ in matching.hits:
            self.scores.append(detections[index].score)
            self.true.append(True)
        for index in matching.false:
            self.scores.append(detections[index].score)
            self.true.append(False)

    def figures(self) -> dict[str, Any]:
        """Give the expected calibration error, None of nothing, and of how many it is."""
        return {'ece': expected_calibration_error(self.scores, self.true),
                'detections': len(self.scores), 'true': sum(self.true)}


@dataclass(frozen=True)
class Calibration:
    """The line from a logit to that of the calibrated score; the scale is positive."""

    scale: float
    offset: float


def fit(scores: Sequence[float], true: Sequence[bool]) -> Calibration | None:
    """
    Fit the line that makes what is true and what is not the likeliest.

    It is fitted to Platt's targets, just short of 0 and 1. None where there are too few
    detections of either kind, or where the score says nothing.
    """
    labels = np.asarray(true, float)
    positive, negative = int(labels.sum()), int(len(labels) - labels.sum())
    if min(positive, negative) < LEAST_OF_EACH:
        return None
    target = np.where(labels > 0, (positive + 1) / (positive + 2), 1 / (negative + 2))
    inputs = np.stack([logits(scores), np.ones(len(labels))], axis=1)
    line = np.array([1.0, 0.0])
    for _ in range(100):
        probability = _sigmoid(inputs @ line)
        weight = probability * (1 - probability)
        curvature = (inputs * weight[:, None]).T @ inputs + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, inputs.T @ (target - probability))
        # Newton's method, kept from leaping where the curve is flat.
        step *= min(1.0, 1.0 / float(np.abs(step).max()))
        line += step
        if np.abs(step).max() < 1e-9:
            break
    scale, offset = map(float, line)
    return Calibration(scale, offset) if scale > 0 and math.isfinite(offset) else None


def calibrate(model: zoo.Bundle,
              pictures: PinPictures) -> tuple[zoo.Tensors, dict[str, Any]]:
    """
    Give a model's tensors and card with calibrated scores and its threshold.

    The pictures must not be those it was trained on. The card gets ``threshold``,
    ``calibration`` (the line, and the error on these pictures; the line is None where there is
    too little to fit it to; then a threshold that the card has stays) and ``validation``, the
    figures on these pictures at the threshold.
    """
    found = ScoredDetections()
    for frame in _frames(PinDetector.from_bundle(model), pictures, FITTING_FLOOR):
        found.add(*frame)
    line = fit(found.scores, found.true) if sum(found.true) >= LEAST_PINS else None
    tensors = model.tensors if line is None else with_calibration(model.tensors, line)
    detector = PinDetector.from_bundle(zoo.Bundle(model.name, '', model.card, tensors))
    score, threshold, calibrated = validate(
        detector, pictures, model.card.get('threshold') if line is None else BEST_THRESHOLD)
    card = {
        **model.card, 'threshold': threshold,
        'calibration': {'line': None if line is None else vars(line), **calibrated.figures()},
        'validation': score.figures(),
    }
    return tensors, card


def with_calibration(tensors: zoo.Tensors, line: Calibration) -> dict[str, npt.NDArray[Any]]:
    """
    Put the line into the last layer, whose first output is the heat's logit.

    zoo.ModelError is raised for a model of another kind.
    """
    if not {'head.weight', 'head.bias'} <= set(tensors):
        raise zoo.ModelError('only the heat-map model can be calibrated: this one has no layer '
                             'with an offset for its score')
    weight, bias = tensors['head.weight'].copy(), tensors['head.bias'].copy()
    weight[0] = weight[0].astype(np.float32) * line.scale
    bias[0] = bias[0] * line.scale + line.offset
    return {**tensors, 'head.weight': weight, 'head.bias': bias}


def validate(
    detector: PinDetector, pictures: PinPictures, threshold: float | None = None,
) -> tuple[FrameScore, float, ScoredDetections]:
    """
    Give the score on these pictures at a threshold, that, and all detections looked at.

    Without a threshold the one that costs least there is chosen.
    """
    found, score = ScoredDetections(), FrameScore()
    frames = list(_frames(detector, pictures, SCORE_FLOOR))
    for frame in frames:
        found.add(*frame)
    if threshold is None:
        true = np.asarray(found.true, bool)
        scores = np.asarray(found.scores)
        threshold = choose_threshold(scores[true], scores[~true])
    for detections, pins, width, height in frames:
        kept = [detection for detection in detections if detection.score >= threshold]
        score.add(kept, pins, width, height)
    return score, threshold, found


def choose_threshold(true: Sequence[float] | Floats, false: Sequence[float] | Floats) -> float:
    """
    Choose the threshold from the scores of true and of false detections.

    It costs least, a false detection counting as much as FALSE_COST missed pins; of a range of
    equal thresholds, such as the gap between all false and all true ones, it is the middle, in
    logits.
    """
    scores = np.unique(np.clip([*true, *false, SCORE_FLOOR, 1.0], 1e-4, 1 - 1e-4))
    misses = np.searchsorted(np.sort(true), scores)
    false_above = len(false) - np.searchsorted(np.sort(false), scores)
    cost = misses + FALSE_COST * false_above
    best = int(np.argmin(cost))
    low, high = logits(scores[[max(best - 1, 0), best]])
    threshold = 1 / (1 + math.exp(-(low + high) / 2))
    return round(min(max(threshold, LEAST_THRESHOLD), MOST_THRESHOLD), 2)


def logits(scores: Sequence[float] | Floats) -> Floats:
    """Give the logits of scores, finite ones even of 0 and 1."""
    inside = np.clip(np.asarray(scores, float), LEAST_DOUBT, 1 - LEAST_DOUBT)
    return np.asarray(np.log(inside / (1 - inside)))


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-values)))


class _Frame(NamedTuple):
    """What is found in a picture, what is there, and its size."""

    detections: list[PinDetection]
    pins: tuple[LabelledPin, ...]
    width: int
    height: int


def _frames(detector: PinDetector, pictures: PinPictures, floor: float) -> Iterator[_Frame]:
    for image, pins in zip(pictures.images, pictures.pins, strict=True):
        yield _Frame(detector.detect(image, floor), pins, image.shape[1], image.shape[0])
