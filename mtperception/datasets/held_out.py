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

"""Which of the pictures are kept from the training, to see how good it is on new ones."""

from typing import TypeVar

from mtperception.datasets.errors import DatasetError
from mtperception.datasets.pictures import LabelledPictures

P = TypeVar('P', bound=LabelledPictures)  # type: ignore[type-arg]


def split(pictures: P, share: float) -> tuple[P, P]:
    """
    Part pictures in those to train on and those held out, ``share`` of each data set.

    The same pictures are parted in the same way, whatever their names and order: those whose
    files have the smallest SHA-256 are held out, at least one, and copies of them with them.
    """
    held_out: set[int] = set()
    for indices in pictures.sets.values():
        digests = sorted(pictures.digests[index] for index in indices)
        last = digests[max(1, round(share * len(digests))) - 1]
        if last == digests[-1]:
            raise DatasetError(f'too few pictures in a data set ({len(digests)}): it takes at '
                               'least two different ones, for one is held out of the training')
        held_out.update(index for index in indices.tolist() if pictures.digests[index] <= last)
    return (pictures.part([index for index in range(len(pictures)) if index not in held_out]),
            pictures.part(sorted(held_out)))
