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
How good is a grasp detector, by the field's metric.

A detection hits a labelled grasp where the two rectangles share more than a quarter of their
union and their angles differ by less than 30 degrees; rectangles are alike after half a turn.

Who hits whom is many to many. Labels are samples of all the ways to hold a thing, so a detection
between two of them is right by both, and neither is missed. Where the simulator tells further ways
that are right as well, a detection of one is right, too, but nobody misses them. Nothing is gained
by many detections of one grasp: the detector gives distinct ones alone, and each that hits none
counts as wrong. Labels that are one grasp by the detector's own suppression count once. An object
counts as graspable when a label is of it, and as found when any of its labels is hit.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mtperception.geometry.camera import Floats
from mtperception.geometry.rectangle import angle_difference, overlap
from mtperception.grasp.suppression import distinct

LEAST_OVERLAP = 0.25
LARGEST_ANGLE = np.radians(30.0)


@dataclass(frozen=True)
class Matching:
    """
    One picture's detections (D) against its labelled grasps (L).

    ``labelled`` (D) tells which detections hit a label, ``right`` (D) which hit one or another
    grasp that is right. ``angle_error`` (D) is how far each is turned from the label that it hits
    and has most in common with, in radians, ``opening_error`` (D) how much further that is open,
    in widths of the jaws; both are NaN where it hits none. ``found`` (L) tells which labels are
    hit.
    """

    labelled: npt.NDArray[np.bool_]
    right: npt.NDArray[np.bool_]
    angle_error: Floats
    opening_error: Floats
    found: npt.NDArray[np.bool_]


def match(detections: npt.ArrayLike, labels: npt.ArrayLike,
          others: npt.ArrayLike = ()) -> Matching:
    """
    Match detected with labelled rectangles, rows (x, y, opening, jaw, theta).

    ``others`` are grasps that are right as well.
    """
    found, asked, more = (
        np.asarray(rows, np.float64).reshape(-1, 5) for rows in (detections, labels, others))
    truth = np.concatenate((asked, more))
    apart = angle_difference(found[:, None, 4], truth[None, :, 4])
    shared = overlap(found, truth)
    hits = (shared > LEAST_OVERLAP) & (apart < LARGEST_ANGLE)
    asked_for = hits[:, :len(asked)]
    labelled = asked_for.any(axis=1)
    best = np.where(asked_for, shared[:, :len(asked)], 0.0)[labelled].argmax(axis=1) \
        if labelled.any() else np.zeros(0, np.intp)
    turned, opened = np.full((2, len(found)), np.nan)
    turned[labelled] = apart[labelled, best]
    opened[labelled] = (asked[best, 2] - found[labelled, 2]) / asked[best, 3]
    return Matching(labelled, hits.any(axis=1), turned, opened, asked_for.any(axis=0))


@dataclass
class GraspScore:
    """Adds up pictures."""

    angle_errors: list[float] = field(default_factory=list)
    opening_errors: list[float] = field(default_factory=list)
    pictures: int = 0
    detections: int = 0
    right: int = 0
    labelled: int = 0
    grasps: int = 0
    found: int = 0
    objects: int = 0
    objects_found: int = 0

    def add(self, detections: npt.ArrayLike, labels: npt.ArrayLike,
            objects: npt.NDArray[np.intp] | None = None,
            others: npt.ArrayLike = ()) -> Matching:
        """
        Add a picture: its detected and labelled rectangles, the better of these first.

        ``objects`` tells of each label which object it is of, -1 or None where nobody knows;
        ``others`` are grasps that are right as well.
        """
        truth = np.asarray(labels, np.float64).reshape(-1, 5)
        matching = match(detections, truth, others)
        self.opening_errors += matching.opening_error[matching.labelled].tolist()
        kept = distinct(truth, len(truth))
        self.pictures += 1
        self.detections += len(matching.right)
        self.right += int(matching.right.sum())
        self.labelled += int(matching.labelled.sum())
        self.angle_errors += np.degrees(matching.angle_error[matching.labelled]).tolist()
        self.grasps += len(kept)
        self.found += int(matching.found[kept].sum())
        for thing in np.unique(objects[objects >= 0] if objects is not None else []):
            self.objects += 1
            self.objects_found += bool(matching.found[objects == thing].any())
        return matching

    def figures(self) -> dict[str, Any]:
        """
        Give shares of detections, labelled grasps and graspable objects, and angles in degrees.

        A figure without any observation is None.
        """
        errors = np.array(self.angle_errors)
        return {
            'precision': _share(self.right, self.detections),
            'labelled_precision': _share(self.labelled, self.detections),
            'recall': _share(self.found, self.grasps),
            'angle_error_deg': {
                'median': float(np.median(errors)) if len(errors) else None,
                'p95': float(np.percentile(errors, 95)) if len(errors) else None},
            'objects_with_grasp': _share(self.objects_found, self.objects),
            'detections': self.detections, 'grasps': self.grasps, 'objects': self.objects}


def _share(some: int, of: int) -> float | None:
    return some / of if of else None
