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

"""How far scores are from what they should mean: a share of true ones."""

from collections.abc import Sequence

import numpy as np

BINS = 15


def expected_calibration_error(scores: Sequence[float], true: Sequence[bool]) -> float | None:
    """
    Give how far scores are from the share of true ones among their like, on average.

    The N detections are sorted by score and divided into 15 bins B of equal numbers:
    ECE = sum over B of |B| / N * |mean score in B - share of true ones in B| (Naeini et al.,
    2015, with the bins of Nixon et al., 2019). None where there are no detections.
    """
    if not scores:
        return None
    order = np.argsort(scores, kind='stable')
    error = 0.0
    for inside in np.array_split(order, min(BINS, len(order))):
        gap = np.mean(np.asarray(scores)[inside]) - np.mean(np.asarray(true)[inside])
        error += len(inside) / len(order) * abs(float(gap))
    return error
