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

"""`mtperception evaluate pin --robustness`: pictures made worse step by step, to failure."""

from collections.abc import Iterable, Sequence
import json
from pathlib import Path
from typing import Any, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mtperception.cli.progress import progress_bar

if TYPE_CHECKING:
    from mtperception.pin.data.dataset import LabelledPin
    from mtperception.pin.predictor import PinDetector


def sweep(detector: 'PinDetector', threshold: float,
          pictures: 'Iterable[tuple[npt.NDArray[np.uint8], Sequence[LabelledPin]]]', count: int,
          seed: int) -> dict[str, Any]:
    """Sweep over ``count`` pictures with their pins; show the progress on standard error."""
    from mtperception.pin.robustness.sweeps import Frame
    from mtperception.pin.robustness.table import sweep_frames

    with progress_bar() as progress:
        bar = progress.add_task('pictures, made worse', total=count)
        frames = (Frame(image, pins) for image, pins in pictures)
        return {'robustness': sweep_frames(
            lambda image: detector.detect(image, threshold), frames, seed,
            lambda: progress.advance(bar))}


def print_tables(report: dict[str, Any]) -> None:
    """Print the figures for a person."""
    from mtperception.pin.robustness.table import tables

    print(f'{_title(report)}\n\n{tables(report["robustness"])}', end='')


def write_report(out: Path, report: dict[str, Any]) -> None:
    """Write robustness.json, .svg and .md into a folder, each whole or not at all."""
    from mtperception.pin.robustness.plot import robustness_svg
    from mtperception.pin.robustness.table import tables
    from mtperception.sim.files.writing import write_file

    figures, title = report['robustness'], _title(report)
    text = (f'# How far pins are found\n\n{title}. The limits: at most 5 % of the pins are '
            f'missed.\n\n![Curves](robustness.svg)\n\n{tables(figures)}')
    out.mkdir(parents=True, exist_ok=True)
    write_file(out / 'robustness.json', (json.dumps(report, indent=2) + '\n').encode())
    write_file(out / 'robustness.svg', robustness_svg(figures, title).encode())
    write_file(out / 'robustness.md', text.encode())


def _title(report: dict[str, Any]) -> str:
    return (f'Model {report["model"]} ({report["model_sha256"][:12]}), threshold '
            f'{report["threshold"]}, {report["count"]} pictures, seed {report["seed"]}')
