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

"""Where a report has the figures of each fit."""

from collections.abc import Mapping
from typing import Any

from mtperception.grasp.paper.plan import Fit, Way


def found(report: Mapping[str, Any], name: str, way: Way) -> Mapping[str, Any]:
    """Return an experiment's figures for a way to tell shapes, after the usual pictures."""
    run = report['run']
    return fitted(report, name, Fit(
        way, run['settled_support'], run['settled_dimensions']))


def fitted(report: Mapping[str, Any], name: str, fit: Fit) -> Mapping[str, Any]:
    """Return an experiment's figures for a fit."""
    wanted = (str(fit.way), fit.support, fit.dimensions)
    row: Mapping[str, Any] = next(
        row for row in report[name]
        if (row['way'], row['support'], row['dimensions']) == wanted)
    return row
