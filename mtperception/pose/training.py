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

"""Train the pose network on labelled pictures, and write it as a model with its card."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn, Tensor

import mtperception
from mtperception import zoo
from mtperception.datasets.held_out import split
from mtperception.nn.weights import half_precision, restore
from mtperception.pose.batches import PlainViews, PoseBatch, random_batch
from mtperception.pose.boxes import FoundBox, overlap
from mtperception.pose.data.dataset import PosePictures
from mtperception.pose.hyper_parameters import HyperParameters
from mtperception.pose.loss import pose_loss
from mtperception.pose.network import PoseArchitecture, PoseNetwork
from mtperception.pose.placing import crop_of, sighting_of
from mtperception.pose.predictor import network_from_card, PoseEstimator
from mtperception.pose.samples import samples_of
from mtperception.training import processes
from mtperception.training.loop import CHECKPOINT, fit, Schedule, Task

# A box is found where it shares so much of its union with the true one.
FOUND = 0.5
# The thresholds among which a model's own is chosen.
THRESHOLDS = tuple(round(0.1 + 0.05 * step, 2) for step in range(17))


def train(pictures: PosePictures, out: Path, settings: HyperParameters, *, seed: int,
          command: str, plain: PlainViews | None = None, mirrored: bool = False,
          start: zoo.Bundle | None = None, resume: bool = False,
          after_step: Callable[[int, float], None] | None = None,
          after_epoch: Callable[[int, str], None] | None = None) -> zoo.Bundle | None:
    """
    Train on ``pictures`` and write ``pose.safetensors`` and its card into ``out``.

    ``plain`` are views of the object alone as the codebook has them; ``mirrored`` says that the
    object is its own mirror image, so that mirrored crops are as good as others. ``start`` is a
    model to begin with; its architecture is kept. The same pictures, settings and seed give the
    same model on the same machine at the same number of threads and processes. Of several
    processes each trains on its share; the first alone writes, reports and returns the model, the
    others return None. ``after_step`` gets the steps done and the loss, ``after_epoch`` the epochs
    done and a line about the pictures held out.
    """
    training, validation = split(pictures, settings.validation_share)
    if start is not None:
        architecture = network_from_card(start.card, start.name).architecture
        settings = replace(settings, **asdict(architecture))
    torch.manual_seed(seed)
    architecture = PoseArchitecture(settings.width, settings.latent)
    network = PoseNetwork(architecture).to(memory_format=torch.channels_last)
    if start is not None:
        restore(network, start.tensors, start.name)
    samples = samples_of(training)
    crop_count = settings.crops_per_view * settings.batch
    alone = round(settings.plain_share * crop_count)

    def batch(epoch: int, step: int) -> PoseBatch:
        rng = np.random.default_rng((seed, epoch, step, processes.rank()))
        return random_batch(
            samples, plain, settings.batch, crop_count, alone, mirrored, rng)

    def loss(model: nn.Module, data: PoseBatch) -> Tensor:
        with torch.autocast('cpu', torch.bfloat16, enabled=settings.bfloat16):
            found, look, drawn = model(*(tensor.contiguous(memory_format=torch.channels_last)
                                         for tensor in (data.views, data.crops)))
        return pose_loss(found, look, drawn, data.boxes, data.looks).total

    def epoch_done(epoch: int, average: nn.Module) -> None:
        if after_epoch is not None and (epoch % 5 == 0 or epoch == settings.epochs):
            after_epoch(epoch, describe(validate(
                _estimator(average, architecture, pictures.name), validation)))

    run = {**asdict(settings), 'seed': seed, 'data': pictures.sha256, 'mirrored': mirrored,
           'plain': 0 if plain is None else len(plain),
           'start': start.sha256 if start else None, 'processes': processes.count()}
    out.mkdir(parents=True, exist_ok=True)
    average = fit(
        Task(network, batch, loss), Schedule.of(settings), checkpoint=out / CHECKPOINT, run=run,
        resume=resume, after_step=after_step, after_epoch=epoch_done)

    if processes.rank() > 0:
        return None
    score = validate(_estimator(average, architecture, pictures.name), validation)
    card: dict[str, Any] = {
        'task': 'pose', 'object': pictures.name, 'architecture': asdict(architecture),
        'threshold': score.best_threshold(),
        'input': 'colour pictures of any size, 8 bits, with the camera that took them',
        'distance_m': _range([thing.depth for thing in samples.objects]),
        'training': {'command': command, **run},
        'data': {'sha256': pictures.sha256, 'sets': list(pictures.sets),
                 'training_pictures': len(training), 'validation_pictures': len(validation)},
        'validation': score.figures(),
        'code_version': mtperception.__version__,
    }
    return zoo.save(out / 'pose.safetensors', half_precision(average), card)


@dataclass
class BoxScore:
    """Adds up pictures: how near the best box is, how far the distance is off, and scores."""

    overlaps: list[float] = field(default_factory=list)
    distance_errors: list[float] = field(default_factory=list)
    right: list[float] = field(default_factory=list)
    wrong: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Give means over pictures; None without any."""
        return {'box_iou': {'mean': _mean(self.overlaps)},
                'distance_error': {'mean': _mean(self.distance_errors)},
                'objects': len(self.overlaps)}

    def best_threshold(self) -> float:
        """Choose the threshold at which precision and recall have the largest harmonic mean."""
        def quality(least: float) -> float:
            right = sum(score >= least for score in self.right)
            wrong = sum(score >= least for score in self.wrong)
            return 2 * right / max(1, right + wrong + len(self.overlaps))

        return max(THRESHOLDS, key=quality)


def validate(estimator: PoseEstimator, pictures: PosePictures) -> BoxScore:
    """See how well boxes and distances are told in labelled pictures."""
    score = BoxScore()
    for image, labels in zip(pictures.images, pictures.labels, strict=True):
        bgr = np.ascontiguousarray(image[..., ::-1])
        found = estimator.find(bgr, THRESHOLDS[0])
        best = [_best(found, label.box) for label in labels]
        for label, (one, shared) in zip(labels, best, strict=True):
            score.overlaps.append(shared)
            if one is None or shared < FOUND:
                continue
            score.right.append(one.score)
            crop = crop_of(one.box)
            place = estimator.look(np.asarray(image), [crop]).place[0].tolist()
            told = sighting_of(place, crop, label.camera.fx).depth
            score.distance_errors.append(abs(told / label.place[2] - 1))
        taken = [one for one, shared in best if shared >= FOUND]
        score.wrong += [one.score for one in found if one not in taken]
    return score


def describe(score: BoxScore) -> str:
    """Say in a line how the validation pictures went."""
    figures = score.figures()
    distance = figures['distance_error']['mean']
    return (f'box IoU {figures["box_iou"]["mean"] or 0:.3f}, distance off by '
            f'{"-" if distance is None else f"{100 * distance:.1f} %"} of {len(score.overlaps)} '
            'objects')


def _best(found: Sequence[FoundBox], box: tuple[float, float, float, float],
          ) -> tuple[FoundBox | None, float]:
    """Return the likeliest box, and what it shares with the true one."""
    near = [(one, overlap(one.box, box)) for one in found]
    right = [pair for pair in near if pair[1] >= FOUND]
    return next(iter(right or near), (None, 0.0))


def _estimator(network: nn.Module, architecture: PoseArchitecture, label: str) -> PoseEstimator:
    copy = PoseNetwork(architecture)
    copy.load_state_dict(network.state_dict())
    return PoseEstimator(copy, label=label, model_name='in training', sha256='')


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _range(values: Sequence[float]) -> list[float]:
    return [round(min(values), 3), round(max(values), 3)] if values else []
