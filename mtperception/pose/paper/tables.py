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

"""What the paper printed: areas under the curves of Figure 3, of 800 pictures."""

from mtperception.pose.paper.joint import Schedule
from mtperception.pose.paper.plan import Kind

# The best of its four graphs, and how many times as large its area is as the others' there.
BEST_LATENT = 4096
BEST_SCHEDULE: Schedule = 'T1'
JOINT_AREA = 415
RATIOS: dict[Kind, float] = {'extended': 2.47, 'original': 7.54}


def printed_area(kind: Kind) -> float:
    """Return the area of a method in that graph; those of the baselines follow from the ratios."""
    return JOINT_AREA / RATIOS.get(kind, 1.0)
