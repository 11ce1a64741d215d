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

"""What grasps of known shapes look like: rows of features, with their labels and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.floating]
Features = Mapping[str, Rows]
Labels = NDArray[np.str_]
Numbers = NDArray[np.int64]


class ShapeError(ValueError):
    """Shapes cannot be taught or told apart; the message says why, and what to do."""


@dataclass(frozen=True)
class ShapeExamples:
    """
    Features of N grasps whose shapes are known.

    `features` has for each layer of the network an array N x D, `labels` the names of the shapes
    and `images` the numbers of the pictures that the grasps are from: examples of one picture are
    too much alike for one to tell how well another is recognised. ShapeError says what of this is
    not so, or that a feature is not finite.
    """

    features: Features
    labels: Labels
    images: Numbers

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.images):
            raise ShapeError(f'there are {len(self.labels)} labels but {len(self.images)} numbers '
                             'of pictures')
        check_features(self.features, len(self.labels))

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shapes(self) -> list[str]:
        """The names of the shapes, sorted."""
        return [str(name) for name in np.unique(self.labels)]

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> ShapeExamples:
        """Return some of the examples, chosen by a mask or by their places."""
        return ShapeExamples({layer: rows[which] for layer, rows in self.features.items()},
                             self.labels[which], self.images[which])


def check_features(features: Features, count: int | None = None) -> None:
    """Raise ShapeError unless all layers have as many rows (`count`), of finite numbers."""
    if not features:
        raise ShapeError('there are no features: name at least one layer')
    for layer, rows in features.items():
        count = len(rows) if count is None else count
        if rows.ndim != 2 or len(rows) != count:
            raise ShapeError(f'the features of layer {layer} are of shape {rows.shape}; there '
                             f'should be {count} rows')
        if not np.isfinite(rows).all():
            row = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
            raise ShapeError(f'the features of layer {layer} are not finite in example {row}: the '
                             'picture or the model is damaged')


def joined(parts: Sequence[ShapeExamples]) -> ShapeExamples:
    """Put examples of the same layers together."""
    layers, *others = ({name: rows.shape[1] for name, rows in part.features.items()}
                       for part in parts)
    for other in others:
        if other != layers:
            raise ShapeError(f'examples of layers {sorted(layers)} do not go with others of '
                             f'{sorted(other)}, or their sizes differ')
    return ShapeExamples(
        {layer: np.concatenate([part.features[layer] for part in parts]) for layer in layers},
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.images for part in parts]))


def unit_rows(features: Features) -> dict[str, Rows]:
    """Scale each row of each layer to length 1; a row of zeros stays one."""
    lengths = {layer: np.linalg.norm(rows.astype(np.float32, copy=False), axis=1, keepdims=True)
               for layer, rows in features.items()}
    return {layer: rows / np.where(lengths[layer] > 0.0, lengths[layer], 1.0)
            for layer, rows in features.items()}


def side_by_side(features: Features, layers: Sequence[str]) -> NDArray[np.float32]:
    """Join the rows of layers, each scaled alike, into rows of at most length 1."""
    missing = [layer for layer in layers if layer not in features]
    if missing:
        raise ShapeError(f'there are no features of layer {missing[0]}')
    unit = unit_rows({layer: features[layer] for layer in layers})
    return np.concatenate([unit[layer] for layer in layers], axis=1).astype(
        np.float32, copy=False) / np.float32(np.sqrt(len(layers)))
