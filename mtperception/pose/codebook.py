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
The codebook: what an object looks like from all sides, as the encoder tells it.

Each entry is the code of a view, with its allocentric rotation and its box. What looks alike has
codes that point the same way: the cosine tells how alike (Sundermeyer et al., 2018).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
import json
import os
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from safetensors import safe_open, SafetensorError
from safetensors.torch import save
import torch
from torch import Tensor
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

from mtperception.geometry.camera import Floats, PinholeCamera
from mtperception.geometry.rotations import angle_between

# So many views go through the encoder together.
_AT_ONCE = 64
# Of so many of the most alike entries, distinct ones are sought.
_SHORTLIST = 200


class Views(Protocol):
    """
    Views of an object on the optical axis: see `sim.pose.codebook_views.Views`.

    ``rgb`` (N x 128 x 128 x 3) are the crops around its boxes (``box``, N x 4), ``rotations`` are
    N x 3 x 3.
    """

    @property
    def rotations(self) -> Floats: ...
    @property
    def rgb(self) -> npt.NDArray[np.uint8]: ...
    @property
    def box(self) -> Floats: ...


@dataclass(frozen=True)
class Entry:
    """An entry that looks like what was seen: its number, and how alike, -1 to 1."""

    number: int
    likeness: float


@dataclass(frozen=True)
class Codebook:
    """
    What an object looks like in N poses.

    ``codes`` are of length 1 (N x latent, bfloat16), ``rotations`` N x 3 x 3, and ``boxes``
    (N x 4) those in the pictures of ``camera``, ``distance`` metres away. Entries come in circles
    of ``turns``: views of one direction, the picture turned on from each to the next by an equal
    angle, counter-clockwise.
    """

    codes: Tensor
    rotations: Floats
    boxes: Floats
    camera: PinholeCamera
    distance: float
    turns: int = 1

    def __len__(self) -> int:
        return len(self.rotations)

    @property
    def quarters(self) -> int:
        """Of how many quarter turns of a crop the codes can be looked up together: 4 or 1."""
        return 4 if self.turns % 4 == 0 else 1

    def nearest(self, codes: Tensor) -> list[Entry]:
        """Return the entry most like each of N things, whose codes are as `likeness` has them."""
        likeness, numbers = self.likeness(codes).max(dim=1)
        return [Entry(number, score) for number, score in zip(
            numbers.tolist(), likeness.tolist(), strict=True)]

    def distinct(self, codes: Tensor, most: int, apart: float) -> list[Entry]:
        """
        Return the entries most like one thing that are ``apart`` (radians) or more.

        ``codes`` are Q x latent, as in `likeness`.
        """
        likeness, numbers = self.likeness(codes[None])[0].topk(min(_SHORTLIST, len(self)))
        kept: list[Entry] = []
        for number, score in zip(numbers.tolist(), likeness.tolist(), strict=True):
            others = self.rotations[[entry.number for entry in kept]]
            if len(kept) < most and (
                    not kept or angle_between(self.rotations[number], others).min() >= apart):
                kept.append(Entry(number, score))
        return kept

    def likeness(self, codes: Tensor) -> Tensor:
        """
        Return how alike N things are to all entries: N x entries, -1 to 1.

        ``codes`` (N x Q x latent) are those of a thing's crop, and of the crop turned
        counter-clockwise by one quarter, by two and by three, where Q is 4: each tells about
        entries a quarter of a circle further, and their mean is more certain than one.
        """
        count, quarters = codes.shape[:2]
        # Half the precision tells entries apart, and all of them are read for every code.
        wanted = F.normalize(codes.float(), dim=2).to(self.codes.dtype).flatten(0, 1)
        every = F.linear(wanted, self.codes).float().view(count, quarters, -1, self.turns)
        total = every[:, 0]
        for quarter in range(1, quarters):
            total += every[:, quarter].roll(-quarter * self.turns // 4, dims=-1)
        return total.flatten(1).div_(quarters)


def build(views: Iterable[Views], encode: Callable[[npt.NDArray[np.uint8]], Tensor],
          camera: PinholeCamera, distance: float, turns: int) -> Codebook:
    """
    Encode views by ``encode``, which takes N crops (RGB) and gives their codes, N x latent.

    It is to be the path by which pictures are encoded later. ``camera``, ``distance`` and
    ``turns`` are those of the views.
    """
    codes, rotations, boxes = [], [], []
    for some in views:
        for start in range(0, len(some.rgb), _AT_ONCE):
            told = encode(some.rgb[start:start + _AT_ONCE]).float()
            codes.append(F.normalize(told, dim=1).to(torch.bfloat16))
        rotations.append(some.rotations)
        boxes.append(some.box)
    return Codebook(torch.cat(codes), _as_kept(rotations), _as_kept(boxes), camera, distance,
                    turns)


def _as_kept(rows: Sequence[Floats]) -> Floats:
    """Put rows together in the precision they are written in: read again they are the same."""
    return np.concatenate(rows).astype(np.float32).astype(np.float64)


def write_codebook(path: Path, codebook: Codebook, of: str) -> None:
    """Write a codebook whole or not at all; ``of`` says what it was made from."""
    camera = codebook.camera
    tensors = {
        'codes': codebook.codes.cpu().contiguous(),
        'rotations': torch.from_numpy(codebook.rotations.astype(np.float32, order='C')),
        'boxes': torch.from_numpy(codebook.boxes.astype(np.float32, order='C'))}
    metadata = {'of': of, 'camera': json.dumps(vars(camera)),
                'distance': repr(codebook.distance), 'turns': str(codebook.turns)}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}')
    try:
        temporary.write_bytes(save(tensors, metadata))
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_codebook(path: Path, of: str) -> Codebook | None:
    """Read a codebook that was made from ``of``; None where there is no such one, or no whole."""
    try:
        with safe_open(path, framework='pt') as file:
            metadata = file.metadata() or {}
            if metadata.get('of') != of:
                return None
            codes, rotations, boxes = (
                file.get_tensor(name) for name in ('codes', 'rotations', 'boxes'))
        camera = PinholeCamera(**json.loads(metadata['camera']))
        distance, turns = float(metadata['distance']), int(metadata['turns'])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return None
    return Codebook(codes, rotations.double().numpy(), boxes.double().numpy(), camera, distance,
                    turns)
