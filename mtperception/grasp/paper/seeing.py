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

"""What the detector sees in the experiments' pictures: grasps, their shapes, all features."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor

from mtperception.datasets.grasps import GraspPicture
from mtperception.grasp.data.dataset import GraspPictures
from mtperception.grasp.detection import Grasp, rows_of
from mtperception.grasp.evaluation import GraspScore
from mtperception.grasp.features import boxes_of_4_3, grasp_features
from mtperception.grasp.paper.plan import Reduction, What
from mtperception.grasp.paper.sketch import sketch_of
from mtperception.grasp.predictor import GraspDetector, Sight
from mtperception.grasp.shapes.examples import joined, ShapeError, ShapeExamples, unit_rows
from mtperception.grasp.shapes.observer import ShapeObserver
from mtperception.nn.vgg import LAYERS

Image = npt.NDArray[np.uint8]
Kind = tuple[What, Reduction | None]
KINDS: tuple[Kind, ...] = (
    ('refined', 'sum'), ('refined', 'flatten'), ('whole', 'sum'), ('whole', 'flatten'),
    ('crops', None))
# Flattened maps of the lower layers take megabytes a grasp.
_AT_ONCE = 5


class Shown(NamedTuple):
    """A picture in OpenCV's order (BGR), and what is labelled in it."""

    image: Image
    labelled: GraspPicture
    rectangles: npt.NDArray[np.float32]
    objects: npt.NDArray[np.intp]
    others: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Seen:
    """
    What was seen in some pictures.

    ``grasps`` are those of each picture that count, in the order of the ``examples``, whose
    ``images`` tell the picture of each. Of what the paper does not use, ``crops``, examples to
    teach by are four times as many, and in another order. ``on_none`` counts the grasps that are
    on no object and do not count, ``on_4_3`` those found by default boxes of layer 4-3 of all.
    """

    grasps: list[list[Grasp]]
    examples: dict[Kind, ShapeExamples]
    score: GraspScore
    on_none: int
    on_4_3: int

    def figures(self) -> dict[str, object]:
        """Count the grasps, and say how good they are as such."""
        detections = self.score.detections
        return {
            'pictures': self.score.pictures, 'on_no_object': self.on_none,
            'on_4_3_share': self.on_4_3 / detections if detections else None,
            **self.score.figures()}


def shown(images: GraspPictures, labelled: Sequence[GraspPicture],
          numbers: Iterable[int]) -> Iterator[Shown]:
    """Go through some pictures of a data set, which `read_pictures` and `read_grasps` gave."""
    assert images.objects is not None and images.others is not None
    for number in numbers:
        yield Shown(np.ascontiguousarray(images.images[number][..., ::-1]), labelled[number],
                    images.rectangles[number], images.objects[number], images.others[number])


def see(detector: GraspDetector, pictures: Iterable[Shown], *, teaching: bool) -> Seen:
    """
    Look at pictures, to teach shapes or to tell them.

    In pictures to teach by there is one object, and all grasps are its; elsewhere a grasp is of
    the object that is seen at its middle. ShapeError is raised when there is no grasp at all.
    """
    grasps, found, score, on_none, on_4_3 = [], [], GraspScore(), 0, 0
    for number, picture in enumerate(pictures):
        sight = detector.look(picture.image)
        score.add(rows_of(sight.grasps), picture.rectangles, picture.objects, picture.others)
        near = boxes_of_4_3(detector.network, sight.activations[-1])
        on_4_3 += sum(grasp.anchor < near for grasp in sight.grasps)
        labels = [picture.labelled.objects[0].part] * len(sight.grasps) if teaching \
            else [part_at(picture.labelled, grasp) for grasp in sight.grasps]
        counted = [(grasp, label) for grasp, label in zip(sight.grasps, labels, strict=True)
                   if label]
        on_none += len(labels) - len(counted)
        grasps.append([grasp for grasp, _ in counted])
        if counted:
            found.append(_described(
                detector, picture, Sight(grasps[-1], sight.activations),
                np.array([label for _, label in counted]), number, teaching))
    if not found:
        raise ShapeError(f'the detector finds no grasp on any object in {len(grasps)} pictures: '
                         'train it for longer')
    return Seen(grasps, {kind: joined([each[kind] for each in found]) for kind in KINDS}, score,
                on_none, on_4_3)


def part_at(picture: GraspPicture, grasp: Grasp) -> str:
    """Name the part that a picture shows at the middle of a grasp, '' where it shows none."""
    for part in picture.objects:
        mask = part.visible_mask
        column = min(max(round(grasp.x), 0), mask.width - 1)
        row = min(max(round(grasp.y), 0), mask.height - 1)
        if mask.mask()[row, column]:
            return part.part
    return ''


def _described(detector: GraspDetector, picture: Shown, sight: Sight,
               labels: npt.NDArray[np.str_], number: int,
               teaching: bool) -> dict[Kind, ShapeExamples]:
    numbers = np.full(len(labels), number, dtype=np.int64)
    features = _paper_features(detector, sight)
    if not teaching:
        features['crops', None] = dict(grasp_features(
            detector.network, sight.activations, sight.grasps, 'rotated_crop'))
    described = {kind: _small(ShapeExamples(rows, labels, numbers))
                 for kind, rows in features.items()}
    if teaching:
        turned = ShapeObserver(detector, 'rotated_crop').examples_in(
            picture.image, str(labels[0]))
        assert turned is not None
        described['crops', None] = _small(ShapeExamples(
            turned.features, turned.labels, np.full(len(turned), number, dtype=np.int64)))
    return described


def _paper_features(detector: GraspDetector,
                    sight: Sight) -> dict[Kind, dict[str, npt.NDArray[np.float32]]]:
    features: dict[Kind, dict[str, npt.NDArray[np.float32]]] = {
        kind: {} for kind in KINDS if kind[0] != 'crops'}
    parts = [_refined(detector, sight, start)
             for start in range(0, len(sight.grasps), _AT_ONCE)]
    for layer, activation in zip(LAYERS, sight.activations, strict=True):
        for reduction in ('sum', 'flatten'):
            features['refined', reduction][layer] = np.concatenate(
                [part[reduction][layer] for part in parts])
        whole = _reduced(activation.flatten(1).cpu().numpy(), activation)
        for reduction, row in whole.items():
            features['whole', reduction][layer] = np.repeat(row, len(sight.grasps), axis=0)
    return features


def _refined(detector: GraspDetector, sight: Sight,
             start: int) -> dict[Reduction, dict[str, npt.NDArray[np.float32]]]:
    some = sight.grasps[start:start + _AT_ONCE]
    maps = grasp_features(
        detector.network, sight.activations, some, 'guided', LAYERS, reduction='flatten')
    reduced = {layer: _reduced(maps[layer], activation)
               for layer, activation in zip(LAYERS, sight.activations, strict=True)}
    return {reduction: {layer: rows[reduction] for layer, rows in reduced.items()}
            for reduction in ('sum', 'flatten')}


def _reduced(rows: npt.NDArray[np.float32],
             activation: Tensor) -> dict[Reduction, npt.NDArray[np.float32]]:
    """Sum flattened maps over space, N x C, and make them short."""
    return {'sum': rows.reshape(len(rows), activation.shape[1], -1).sum(axis=2),
            'flatten': sketch_of(rows.shape[1])(rows)}


def _small(examples: ShapeExamples) -> ShapeExamples:
    """Halve the memory that examples take: there are thousands."""
    return ShapeExamples({layer: rows.astype(np.float16)
                          for layer, rows in unit_rows(examples.features).items()},
                         examples.labels, examples.images)
