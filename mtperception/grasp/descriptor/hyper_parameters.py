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

"""What can be set about the training of the descriptor network."""

from dataclasses import dataclass

from mtperception.training.settings import check_loop_settings, check_positive, SettingsError


@dataclass(frozen=True)
class HyperParameters:
    """
    What can be set about the training.

    ``widths``, ``outline_width`` and ``size`` are the network's. A batch are two views of each of
    ``batch`` parts, an epoch ``samples_per_epoch`` such pairs; descriptors are compared at a
    ``temperature``. ``validation_share`` of the pictures are held out: they are not trained on.
    Kernels of hidden layers learn at rates up to ``kernel_rate``, all else up to
    ``learning_rate``; gradients are cut at a norm of ``largest_gradient``, and the result is the
    running average of the weights, whose decay is ``averaging``. ``bfloat16`` computes the
    convolutions in half the precision, which many processors do at twice the speed.
    """

    widths: tuple[int, ...] = (24, 48, 96, 128)
    outline_width: int = 32
    size: int = 64
    epochs: int = 20
    samples_per_epoch: int = 25_600
    batch: int = 64
    temperature: float = 0.1
    kernel_rate: float = 0.03
    learning_rate: float = 4e-3
    weight_decay: float = 0.01
    largest_gradient: float = 10.0
    averaging: float = 0.998
    validation_share: float = 0.05
    bfloat16: bool = True

    def __post_init__(self) -> None:
        """Refuse what could only fail later."""
        check_loop_settings(self)
        check_positive(self, 'outline_width', 'size', 'temperature')
        if len(self.widths) != 4 or min(self.widths) < 1:
            raise SettingsError(
                f'widths are {list(self.widths)}; there must be four, all positive')


# A model that is trained further is not to be thrown off what it knows, and needs less.
FURTHER = HyperParameters(epochs=6, kernel_rate=0.01, learning_rate=1e-3)
