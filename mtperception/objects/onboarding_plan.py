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

"""How much is rendered and trained for a new object, and about how long that takes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mtperception.pose.hyper_parameters import HyperParameters

# What is done for a new object, one after the other.
PICTURES, TESTS, VIEWS, TRAINING, CODEBOOK, CONFIDENCE, TEST = STAGES = (
    'pictures', 'test pictures', 'views alone', 'training', 'codebook', 'confidence', 'test')
# Seconds that one of each takes on two idle cores: a picture, a view, a step, a test.
SECONDS: Mapping[str, float] = {
    PICTURES: 0.09, TESTS: 0.09, VIEWS: 0.002, TRAINING: 0.5, CODEBOOK: 0.0012,
    CONFIDENCE: 0.6, TEST: 0.6}
# A model of another object knows what hands and shadows are: lower rates keep that.
_ADAPTED_KERNEL_RATE, _ADAPTED_RATE = 0.01, 1e-3


@dataclass(frozen=True)
class Plan:
    """
    What is to be done for a new object.

    So many `pictures` are rendered to learn from, so many `tests` to see how good it got, and
    `views` of the object alone; the codebook has `directions` times `turns` more. `settings` are
    those of a training from nothing.
    """

    pictures: int
    tests: int
    settings: HyperParameters
    views: int = 2000
    directions: int = 2562
    turns: int = 36

    def __post_init__(self) -> None:
        """Refuse what could only fail later."""
        # One at least is held out of the training.
        for name, least in (('pictures', 2), ('tests', 1)):
            if getattr(self, name) < least:
                raise ValueError(f'--{name} is {getattr(self, name)}; it must be at least {least}')

    def training(self, adapted: bool) -> HyperParameters:
        """Return the settings of the training, of a model of another object where `adapted`."""
        return self.settings if not adapted else replace(
            self.settings, kernel_rate=_ADAPTED_KERNEL_RATE, learning_rate=_ADAPTED_RATE)

    def amounts(self) -> dict[str, int]:
        """Return how much there is to do in each of the STAGES."""
        steps = max(1, self.settings.samples_per_epoch // self.settings.batch)
        return {PICTURES: self.pictures, TESTS: self.tests, VIEWS: self.views,
                TRAINING: self.settings.epochs * steps,
                CODEBOOK: self.directions * self.turns,
                CONFIDENCE: round(self.settings.validation_share * self.pictures),
                TEST: self.tests}


# Within 15 minutes on two idle cores.
QUICK = Plan(1200, 60, HyperParameters(epochs=12, samples_per_epoch=1200))
FULL = Plan(4000, 200, HyperParameters(epochs=30, samples_per_epoch=4000))
