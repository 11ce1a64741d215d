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

"""How sure a refined pose is: the share of poses like it that were right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
import math
from typing import Any, NamedTuple

import numpy as np

# With fewer right or fewer wrong poses than this nothing is fitted.
_FEWEST = 8


class Evidence(NamedTuple):
    """
    What speaks for a refined pose, all from 0 to 1.

    ``agreement`` is how well it explains what is seen, ``likeness`` that of the codebook's view,
    and ``found`` how surely the detector sees the object. ``kind`` is what it was refined by:
    'depth', or the 'picture' alone.
    """

    kind: str
    agreement: float
    likeness: float
    found: float


@dataclass(frozen=True)
class Confidence:
    """A logistic regression of being right on the evidence."""

    bias: float
    agreement: float
    likeness: float
    found: float

    def of(self, evidence: Evidence) -> float:
        """Return how sure a pose is to be right, 0 to 1."""
        sum_ = self.bias + (self.agreement * evidence.agreement
                            + self.likeness * evidence.likeness + self.found * evidence.found)
        return 1.0 / (1.0 + math.exp(-min(max(sum_, -50.0), 50.0)))


def fit_confidence(evidence: Sequence[Evidence], right: Sequence[bool]) -> Confidence | None:
    """Fit to poses of which it is known whether they are right; None where too few are known."""
    from sklearn.linear_model import LogisticRegression

    count = sum(right)
    if min(count, len(right) - count) < _FEWEST:
        return None
    rows = np.array([some[1:] for some in evidence], dtype=np.float64)
    # Standardised, all weights are held back alike.
    spread = rows.std(axis=0) + 1e-3
    fitted = LogisticRegression().fit((rows - rows.mean(axis=0)) / spread, np.array(right))
    weights = fitted.coef_[0] / spread
    bias = float(fitted.intercept_[0] - weights @ rows.mean(axis=0))
    return Confidence(bias, *map(float, weights))


def confidence_of_card(card: Mapping[str, Any]) -> dict[str, Confidence]:
    """
    Return what a model's card says of the poses refined by 'depth' and by the 'picture' alone.

    What it does not say, or not as this version does, is left out.
    """
    known = {}
    told = card.get('confidence')
    for name, values in (told if isinstance(told, dict) else {}).items():
        try:
            made = Confidence(**values)
            if all(math.isfinite(value) for value in asdict(made).values()):
                known[str(name)] = made
        except TypeError:
            continue
    return known
