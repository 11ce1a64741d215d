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

"""What the paper printed: its Tables I to III, and how many grasps were told how."""

from typing import NamedTuple

SUPPORT = (3, 5, 10, 20, 30, 40)
# Table I: the accuracy by principal components, at so many pictures of each shape.
TABLE_1 = {
    3: (0.566, 0.544, 0.730, 0.721, 0.788, 0.796),
    5: (0.637, 0.593, 0.739, 0.748, 0.885, 0.894),
    10: (0.664, 0.668, 0.841, 0.850, 0.960, 0.987),
    20: (0.655, 0.699, 0.788, 0.916, 0.973, 0.996),
    30: (0.668, 0.690, 0.827, 0.942, 0.973, 0.996),
    40: (0.677, 0.699, 0.823, 0.951, 0.978, 1.000),
}


class LayerRow(NamedTuple):
    """A row of Table II: a layer's accuracy for the support set and for the test, and ranks."""

    support: float
    test: float
    support_rank: int
    test_rank: int


TABLE_2 = {
    '1-1': LayerRow(0.948, 0.947, 4, 7),
    '1-2': LayerRow(0.948, 0.951, 4, 6),
    '2-1': LayerRow(0.963, 0.965, 3, 4),
    '2-2': LayerRow(0.970, 0.978, 2, 1),
    '3-1': LayerRow(0.985, 0.973, 1, 2),
    '3-2': LayerRow(0.948, 0.965, 4, 4),
    '3-3': LayerRow(0.933, 0.929, 7, 8),
    '4-1': LayerRow(0.919, 0.973, 8, 2),
    '4-2': LayerRow(0.911, 0.854, 9, 10),
    '4-3': LayerRow(0.844, 0.881, 10, 9),
}
CHOSEN_LAYER = '3-1'


class ResultRow(NamedTuple):
    """A row of Table III, and the accuracy without the refinement where the text tells it."""

    grasps: int
    right: int
    accuracy: float
    without_refinement: float | None


TABLE_3 = {
    'experiment 2': ResultRow(226, 220, 0.973, None),
    'experiment 3': ResultRow(775, 745, 0.961, 0.234),
    'experiment 4': ResultRow(203, 200, 0.985, 0.197),
    'experiment 5': ResultRow(187, 184, 0.983, None),
}
