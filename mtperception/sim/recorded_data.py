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

"""Data sets that were recorded from a simulated cell's topics instead of rendered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtperception.sim.pin_data import PinData


@dataclass(frozen=True)
class RecordedPins(PinData):
    """Pictures of pins from Gazebo, in the format of the rendered ones."""

    def parameters(self) -> Mapping[str, Any]:
        """Return where they come from, so that they do not mix with rendered ones."""
        return {'recorded_from': 'gazebo'}
