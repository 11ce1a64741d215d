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

"""Train the grasp network on labelled pictures, and write it as a model with its card."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn, Tensor

import mtperception
from mtperception import zoo
from mtperception.datasets.held_out import split
from mtperception.grasp.batches import random_batch
from mtperception.grasp.data.dataset import GraspPictures
from mtperception.grasp.detection import DEFAULT_THRESHOLD, rows_of
from mtperception.grasp.evaluation import GraspScore
from mtperception.grasp.hyper_parameters import HyperParameters
from mtperception.grasp.loss import grasp_loss, GraspTargets
from mtperception.grasp.network import GraspArchitecture, GraspNetwork
from mtperception.grasp.predictor import GraspDetector, network_from_card
from mtperception.nn.weights import half_precision, restore
from mtperception.training import processes
from mtperception.training.loop import CHECKPOINT, fit, Schedule, Task

# The thresholds among which a model's own is chosen.
THRESHOLDS = tuple(round(0.3 + 0.05 * step, 2) for step in range(14))

# The margin of openings is enough for so many percent of the detections.
_COVERED = 90


def train(pictures: GraspPictures, out: Path, settings: HyperParameters, *, seed: int,
          command: str, start: zoo.Bundle | None = None, resume: bool = False,
          after_step: Callable[[int, float], None] | None = None,
          after_epoch: Callable[[int, str], None] | None = None) -> zoo.Bundle | None:
    """
    Train on ``pictures`` and write ``grasp.safetensors`` and its card into ``out``.

    ``start`` is a model to begin with; its architecture is kept. The same pictures, settings and
    seed give the same model on the same machine at the same number of threads and processes. Of
    several processes each trains on its share; the first alone writes, reports and returns the
    model, the others return None. ``after_step`` gets the steps done and the loss,
    ``after_epoch`` the epochs done and a line about the pictures held out.
    """
    training, validation = split(pictures, settings.validation_share)
    if start is not None:
        architecture = network_from_card(start.card, start.name).architecture
        settings = replace(settings, **asdict(architecture))
    torch.manual_seed(seed)
    architecture = GraspArchitecture(
        settings.width, settings.batch_norm, settings.orientations)
    network = GraspNetwork(architecture).to(memory_format=torch.channels_last)
    if start is not None:
        restore(network, start.tensors, start.name)

    def batch(epoch: int, step: int) -> tuple[Tensor, GraspTargets]:
        rng = np.random.default_rng((seed, epoch, step, processes.rank()))
        return random_batch(training, settings.batch, settings.side, rng)

    def loss(model: nn.Module, data: tuple[Tensor, GraspTargets]) -> Tensor:
        with torch.autocast('cpu', torch.bfloat16, enabled=settings.bfloat16):
            maps = model(data[0].contiguous(memory_format=torch.channels_last))
        return grasp_loss(
            maps, data[1], settings.orientations, settings.doubtful_overlap).total

    def epoch_done(epoch: int, average: nn.Module) -> None:
        if after_epoch is not None and (epoch % 5 == 0 or epoch == settings.epochs):
            score, = validate(
                _detector(average, architecture), validation, [DEFAULT_THRESHOLD])
            after_epoch(epoch, describe(score))

    run = {**asdict(settings), 'seed': seed, 'data': pictures.sha256,
           'start': start.sha256 if start else None, 'processes': processes.count()}
    out.mkdir(parents=True, exist_ok=True)
    average = fit(
        Task(network, batch, loss), Schedule.of(settings), checkpoint=out / CHECKPOINT, run=run,
        resume=resume, after_step=after_step, after_epoch=epoch_done)

    if processes.rank() > 0:
        return None
    detector = _detector(average, architecture)
    threshold, score = best_threshold(detector, validation)
    detector.opening_margin = opening_margin(score)
    score, = validate(detector, validation, [threshold])
    sides = np.concatenate([rows[:, 2:4] for rows in training.rectangles])
    card: dict[str, Any] = {
        'task': 'grasp', 'architecture': asdict(architecture), 'threshold': threshold,
        'input': 'colour pictures of any size, 8 bits',
        'opening_margin': detector.opening_margin,
        'opening_px': _range(sides[:, 0]), 'jaw_px': _range(sides[:, 1]), 'rotation': 'any',
        'training': {'command': command, **run},
        'data': {'sha256': pictures.sha256, 'sets': list(pictures.sets),
                 'training_pictures': len(training), 'validation_pictures': len(validation)},
        'validation': score.figures(),
        'code_version': mtperception.__version__,
    }
    return zoo.save(out / 'grasp.safetensors', half_precision(average), card)


def validate(detector: GraspDetector, pictures: GraspPictures,
             thresholds: Sequence[float]) -> list[GraspScore]:
    """See how well a detector does on labelled pictures at each of some thresholds."""
    scores = [GraspScore() for _ in thresholds]
    for index in range(len(pictures)):
        bgr = np.ascontiguousarray(pictures.images[index][..., ::-1])
        grasps = detector.detect(bgr, min(thresholds))
        objects = None if pictures.objects is None else pictures.objects[index]
        for threshold, score in zip(thresholds, scores, strict=True):
            found = [grasp for grasp in grasps if grasp.score >= threshold]
            score.add(rows_of(found), pictures.rectangles[index], objects,
                      () if pictures.others is None else pictures.others[index])
    return scores


def best_threshold(detector: GraspDetector,
                   pictures: GraspPictures) -> tuple[float, GraspScore]:
    """Choose the threshold at which precision and recall have the largest harmonic mean."""
    scores = validate(detector, pictures, THRESHOLDS)
    best = int(np.argmax([_harmonic_mean(score) for score in scores]))
    return THRESHOLDS[best], scores[best]


def opening_margin(score: GraspScore) -> float:
    """
    Return how much too near to each other fingers are told now and then, in widths of the jaws.

    The fingers of nine in ten detections are not nearer than that.
    """
    if not score.opening_errors:
        return 0.0
    return round(float(np.clip(np.percentile(score.opening_errors, _COVERED), 0.0, 1.0)), 3)


def _harmonic_mean(score: GraspScore) -> float:
    figures = score.figures()
    precision, recall = figures['precision'] or 0.0, figures['recall'] or 0.0
    return 2 * precision * recall / (precision + recall) if precision and recall else 0.0


def describe(score: GraspScore) -> str:
    """Say in a line how the validation pictures went."""
    figures = score.figures()
    if not score.right:
        return f'no grasp of {score.grasps} found in {score.pictures} pictures'
    return (f'precision {figures["precision"]:.3f}, recall {figures["recall"] or 0.0:.3f}, '
            f'{figures["angle_error_deg"]["median"]:.2f} degrees in {score.pictures} pictures')


def _detector(network: nn.Module, architecture: GraspArchitecture) -> GraspDetector:
    copy = GraspNetwork(architecture)
    copy.load_state_dict(network.state_dict())
    return GraspDetector(copy, model_name='in training', sha256='')


def _range(values: npt.NDArray[np.float32]) -> list[float]:
    return [round(float(values.min()), 1), round(float(values.max()), 1)] if len(values) else []
