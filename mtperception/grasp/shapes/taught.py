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

"""The shapes that a detector was taught: told in pictures, and taught more of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
import threading

from mtperception.grasp.detection import Grasp
from mtperception.grasp.shapes.classifier import ShapeClassifier
from mtperception.grasp.shapes.examples import joined, ShapeError
from mtperception.grasp.shapes.index import check_name, Index
from mtperception.grasp.shapes.learning import learn_shapes
from mtperception.grasp.shapes.library import ShapeLibrary
from mtperception.grasp.shapes.observer import Image, ShapeObserver

ADVISED_PICTURES = 5


@dataclass(frozen=True)
class Lesson:
    """
    What has been taught: to which shape, from how many pictures and grasps this time.

    `without_grasp` are the places of the pictures in which no grasp was found, `pictures_known`
    all pictures of the shape so far. `accuracy` is how often examples of pictures held out are
    told right among all shapes; None where there is one shape alone.
    """

    name: str
    pictures: int
    examples: int
    without_grasp: tuple[int, ...]
    pictures_known: int
    accuracy: float | None

    @property
    def pictures_advised(self) -> int:
        """How many more pictures of the shape are advised."""
        return max(0, ADVISED_PICTURES - self.pictures_known)


class TaughtShapes:
    """
    Tells and learns shapes by what one observer sees; may be called from several threads.

    A lesson takes effect at once for all later pictures, and is in the library when it returns.
    ShapeError says what is wrong with a library.
    """

    def __init__(self, observer: ShapeObserver, library: ShapeLibrary) -> None:
        self._observer = observer
        self._library = library
        self._learning = threading.Lock()
        self._classifier = self._fitted()

    @property
    def classifier(self) -> ShapeClassifier | None:
        """What tells the shapes; None where none is taught."""
        return self._classifier

    def index(self) -> Index | None:
        """Tell what the library has; None where nothing was ever taught."""
        return self._library.index()

    def detect(self, image: Image, score_threshold: float | None = None) -> list[Grasp]:
        """Find the grasps in a picture as the detector does, and tell their shapes."""
        classifier = self._classifier
        if classifier is None:
            return self._observer.detector.detect(image, score_threshold)
        grasps, rows = self._observer.describe(image, score_threshold)
        if not grasps:
            return []
        answers = classifier.classify(rows)
        return [replace(grasp, shape=answer.shape, shape_score=answer.score)
                if answer.shape is not None else grasp
                for grasp, answer in zip(grasps, answers, strict=True)]

    def teach(self, name: str, images: Iterable[Image]) -> Lesson:
        """Learn a shape, or more of it, from pictures that show nothing else to be grasped."""
        check_name(name)
        found, without, count = [], [], 0
        for place, image in enumerate(images):
            examples = self._observer.examples_in(image, name)
            count += 1
            if examples is None:
                without.append(place)
            else:
                found.append(examples)
        if not found:
            raise ShapeError(f'no grasp was found in {count} picture{"s" * (count != 1)} of '
                             f'{name!r}, so nothing was taught')
        new = joined(found)
        with self._learning:
            shape = self._library.teach(name, new, self._observer.taught_with)
            self._classifier = self._fitted()
        assert self._classifier is not None
        return Lesson(name, len(found), len(new), tuple(without), len(shape.pictures),
                      self._classifier.accuracy)

    def forget(self, name: str) -> None:
        """Forget a shape; ShapeError names one that was never taught."""
        with self._learning:
            self._library.forget(name)
            self._classifier = self._fitted()

    def _fitted(self) -> ShapeClassifier | None:
        examples = self._library.examples(self._observer.taught_with)
        if examples is None:
            return None
        return learn_shapes(examples, self._observer.features.kind)
