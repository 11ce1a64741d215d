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

"""The heat-map model on the paper's crops: the pin network, its loss and its training."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn, Tensor

from mtperception.nn.heatmap import soft_argmax
from mtperception.pin.batches import targets_from_labels
from mtperception.pin.hyper_parameters import HyperParameters
from mtperception.pin.loss import pin_loss, PinTargets, PLACE_RADIUS
from mtperception.pin.network import cells_to_pixels, PinArchitecture, PinNetwork
from mtperception.pin.paper.crops import Copies, PaperCrops
from mtperception.pin.paper.network import SIDE
from mtperception.pin.paper.training import Answers, BATCH, epoch_crops
from mtperception.training.loop import fit, Schedule, Task


def train_heat_map(
    training: Copies, *, epochs: int, seed: int, checkpoint: Path, run: Mapping[str, Any],
    resume: bool = False, after_step: Callable[[int, float], None] | None = None,
) -> PinNetwork:
    """
    Train the pin network with its own settings, but on the mini-batches of the paper's network.

    With the same seed they are exactly those; nothing else is changed in them.
    """
    settings = HyperParameters()
    torch.manual_seed(seed)
    network = PinNetwork(PinArchitecture(
        settings.stem, settings.width, settings.deep, settings.dilations))
    crops: PaperCrops
    batches: list[Tensor]

    def prepare(epoch: int, average: nn.Module) -> None:
        nonlocal crops, batches
        crops, batches = epoch_crops(training, seed, epoch)

    def batch(epoch: int, step: int) -> tuple[Tensor, PinTargets]:
        pins = [crops.pins[number] for number in batches[step].tolist()]
        labels = [() if pin is None else (pin,) for pin in pins]
        return torch.from_numpy(crops.images)[batches[step]], targets_from_labels(
            labels, SIDE, SIDE)

    def loss(model: nn.Module, data: tuple[Tensor, PinTargets]) -> Tensor:
        with torch.autocast('cpu', torch.bfloat16, enabled=settings.bfloat16):
            maps = model(data[0])
        return pin_loss(maps, data[1]).total

    average = fit(
        Task(network.to(memory_format=torch.channels_last), batch, loss, prepare),
        Schedule(
            epochs=epochs, steps_per_epoch=-(-len(training) // BATCH),
            kernel_rate=settings.kernel_rate, rate=settings.learning_rate,
            weight_decay=settings.weight_decay, largest_gradient=settings.largest_gradient,
            averaging=settings.averaging),
        checkpoint=checkpoint, run=run, resume=resume, after_step=after_step)
    assert isinstance(average, PinNetwork)
    return average


def heat_map_answers(network: PinNetwork, crops: PaperCrops) -> Answers:
    """
    Ask the network about crops: the highest peak's score, and its position.

    A position comes with every crop, also where the score says that there is no pin.
    """
    network.eval()
    scores, positions = [], []
    with torch.inference_mode():
        for start in range(0, len(crops), BATCH):
            maps = network(torch.from_numpy(crops.images[start:start + BATCH]))
            heat, cell = maps.heat.flatten(1).max(dim=1)
            batch, columns = torch.arange(len(cell)), maps.heat.shape[2]
            cells = soft_argmax(maps.place, batch, cell // columns, cell % columns, PLACE_RADIUS)
            scores.append(torch.sigmoid(heat.double()))
            positions.append(cells_to_pixels(cells))
    return Answers(torch.cat(scores), torch.cat(positions))
