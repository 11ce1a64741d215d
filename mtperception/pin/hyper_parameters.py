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

"""What can be set about the training of the pin network."""

from dataclasses import dataclass

from mtperception.training.settings import (
    check_loop_settings,
    check_positive,
    SettingsError,
)


@dataclass(frozen=True)
class HyperParameters:
    """
    What can be set about the training.

    An epoch is ``samples_per_epoch`` random cuts of ``cut_side`` pixels. Before each,
    ``hard_pictures`` of the pictures are searched for places where the network goes wrong, and
    up to ``hard_share`` of the cuts are taken there; ``mosaic_share`` of them are put together
    from the surroundings of four pins. ``validation_share`` of the pictures are held out: they
    are not trained on. Kernels of hidden layers learn at rates up to ``kernel_rate``, all else up
    to ``learning_rate``; gradients are cut at a norm of ``largest_gradient``, and the result is
    the running average of the weights, whose decay is ``averaging``. ``bfloat16`` computes the
    convolutions in half the precision, which many processors do at twice the speed. ``widen``
    lets the model that training starts from grow to ``stem``, ``width`` and ``deep``; otherwise
    it keeps its own.
    """

    stem: int = 24
    width: int = 32
    deep: int = 48
    dilations: tuple[int, ...] = (1, 2, 2, 1)
    epochs: int = 90
    samples_per_epoch: int = 8000
    hard_pictures: int = 400
    hard_share: float = 0.5
    mosaic_share: float = 0.0
    batch: int = 32
    cut_side: int = 160
    kernel_rate: float = 0.03
    learning_rate: float = 4e-3
    weight_decay: float = 0.01
    largest_gradient: float = 5.0
    averaging: float = 0.998
    validation_share: float = 0.1
    bfloat16: bool = True
    widen: bool = False

    def __post_init__(self) -> None:
        """Refuse what could only fail later."""
        check_loop_settings(self)
        check_positive(self, 'stem', 'width', 'deep', 'cut_side')
        if len(self.dilations) % 2 or not all(rate > 0 for rate in self.dilations):
            raise SettingsError('dilations is a list of positive integers, even in number')


# A model that is trained further is not to be thrown off what it knows, and needs less.
FURTHER = HyperParameters(
    epochs=12, samples_per_epoch=2000, kernel_rate=0.003, learning_rate=4e-4)
