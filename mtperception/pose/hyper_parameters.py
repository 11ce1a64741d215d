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

"""What can be set about the training of the pose network."""

from dataclasses import dataclass

from mtperception.training.settings import check_loop_settings, check_positive, SettingsError


@dataclass(frozen=True)
class HyperParameters:
    """
    What can be set about the training.

    ``width`` and ``latent`` are the network's. An epoch is ``samples_per_epoch`` random views,
    with ``crops_per_view`` times as many random crops, which cost a quarter of a view each: the
    encoder learns slower than the finder. ``plain_share`` of the crops show the object alone on
    black, as the codebook does. ``validation_share`` of the pictures are held out: they are not
    trained on. Kernels of hidden layers learn at rates up to ``kernel_rate``, all else up to
    ``learning_rate``; gradients are cut at a norm of ``largest_gradient``, and the result is the
    running average of the weights, whose decay is ``averaging``. ``bfloat16`` computes the
    convolutions in half the precision, which many processors do at twice the speed.
    """

    width: int = 32
    latent: int = 128
    epochs: int = 30
    samples_per_epoch: int = 4000
    batch: int = 16
    crops_per_view: int = 4
    plain_share: float = 0.12
    kernel_rate: float = 0.02
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    largest_gradient: float = 10.0
    averaging: float = 0.998
    validation_share: float = 0.05
    bfloat16: bool = True

    def __post_init__(self) -> None:
        """Refuse what could only fail later."""
        check_loop_settings(self)
        check_positive(self, 'width', 'latent', 'crops_per_view')
        if not 0 <= self.plain_share < 1:
            raise SettingsError(f'plain_share is {self.plain_share}; it must be from 0 to below 1')


# A model that is trained further is not to be thrown off what it knows, and needs less.
FURTHER = HyperParameters(
    epochs=10, samples_per_epoch=2000, kernel_rate=0.003, learning_rate=4e-4)
