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
A new object from its mesh alone: rendered, learned, measured, and known from then on.

Each stage goes on where it was interrupted, or takes seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass
import os
from pathlib import Path
from typing import Any

from mtperception import __version__, zoo
from mtperception.datasets.held_out import split
from mtperception.objects.confidence import measure_confidence
from mtperception.objects.known import equip
from mtperception.objects.mesh_check import CheckedMesh
from mtperception.objects.onboarding_plan import (
    CODEBOOK,
    CONFIDENCE,
    PICTURES,
    Plan,
    TEST,
    TESTS,
    TRAINING,
    VIEWS,
)
from mtperception.objects.plain_views import plain_views
from mtperception.objects.registry import OwnObject, register
from mtperception.objects.short_evaluation import short_evaluation
from mtperception.objects.symmetry import is_own_mirror_image, symmetries_of
from mtperception.objects.work_folder import WorkFolder
from mtperception.pose.data.dataset import PosePictures
from mtperception.pose.data.reading import read_pictures
from mtperception.pose.predictor import PoseEstimator
from mtperception.pose.training import train
from mtperception.sim.pose.bop import diameter
from mtperception.sim.pose.data import PoseData
from mtperception.sim.render import render
from mtperception.sim.shapes.parts import Part
from mtperception.sim.shapes.user_files import UserFiles
from mtperception.training.checkpoint import epochs_done
from mtperception.training.loop import CHECKPOINT, steps_per_epoch

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Looks:
    """What the user says of an object: its mesh's unit, its finish and, if told, its colour."""

    unit: str
    finish: str
    colour: str | None


@dataclass(frozen=True)
class Onboarded:
    """A new object: what is known of it, its folder, its model, and how good that is."""

    about: OwnObject
    folder: Path
    model: zoo.Bundle
    figures: dict[str, Any]


def onboard(
    work: WorkFolder, checked: CheckedMesh, looks: Looks, plan: Plan, *,
    start: zoo.Bundle | None, seed: int, command: str, report: Report,
    tell: Callable[[str], None],
) -> Onboarded:
    """
    Take in an object whose mesh is in a work folder that was begun.

    ``start`` is a model of another object to go on from. ``report`` is told of the stage, of how
    much of it is done and how much there is, ``tell`` gets lines about what was found.
    """
    part = work.part(looks.finish)
    symmetries = symmetries_of(part.mesh)
    mirrored = is_own_mirror_image(part.mesh)
    if len(symmetries) > 1:
        tell(f'it looks the same after {len(symmetries)} turns: any of them is told')
    _render(work, looks, plan, seed, report)
    pictures = read_pictures(work.pictures)
    bundle = _trained(
        work, pictures, part, plan, start, seed, mirrored, command, report, tell)
    estimator = PoseEstimator.from_bundle(bundle)
    equip(estimator, part, directions=plan.directions, turns=plan.turns,
          progress=lambda done, total: report(CODEBOOK, done, total))
    _, held_out = split(pictures, plan.settings.validation_share)
    confidence = measure_confidence(
        estimator, held_out, symmetries, lambda done, total: report(CONFIDENCE, done, total))
    figures = short_evaluation(
        estimator, read_pictures(work.tests), symmetries,
        lambda done, total: report(TEST, done, total))
    bundle = zoo.save(_model(work), bundle.tensors, {
        **bundle.card, 'confidence': confidence, 'test': figures})
    about = OwnObject(
        name=work.name, unit=looks.unit, source=checked.source.name,
        source_sha256=checked.sha256, finish=looks.finish, colour=looks.colour,
        diameter=diameter(part.mesh), mirrored=mirrored, symmetries=len(symmetries),
        notes=checked.notes, version=__version__)
    return Onboarded(about, register(about, work.mesh, _model(work)), bundle, figures)


def _render(work: WorkFolder, looks: Looks, plan: Plan, seed: int, report: Report) -> None:
    data = PoseData(UserFiles(work.meshes, 'm', looks.finish))
    # In processes of their own: OpenGL's compiler and PyTorch's do not go together.
    workers = max(os.cpu_count() or 1, 2)
    for stage, folder, count, of in (
            (PICTURES, work.pictures, plan.pictures, seed),
            (TESTS, work.tests, plan.tests, seed + 1)):
        def progress(made: int, total: int, stage: str = stage) -> None:
            report(stage, made, total)

        render(data, folder, count, of, workers, progress=progress)


def _trained(work: WorkFolder, pictures: PosePictures, part: Part, plan: Plan,
             start: zoo.Bundle | None, seed: int, mirrored: bool, command: str, report: Report,
             tell: Callable[[str], None]) -> zoo.Bundle:
    """Train the model, or go on with it, or read it where it is done."""
    if _model(work).exists():
        return zoo.load(_model(work))
    plain = plain_views(part, plan.views, lambda done, total: report(VIEWS, done, total))
    settings = plan.training(start is not None)
    total = settings.epochs * steps_per_epoch(settings)
    checkpoint = work.training / CHECKPOINT
    resume = checkpoint.exists()
    before = epochs_done(checkpoint) if resume else 0
    report(TRAINING, before * steps_per_epoch(settings), total)
    bundle = train(
        pictures, work.training, settings, seed=seed, command=command, plain=plain,
        mirrored=mirrored, start=start, resume=resume,
        after_step=lambda done, loss: report(TRAINING, done, total),
        after_epoch=lambda done, line: tell(f'epoch {done}: {line}'))
    assert bundle is not None
    return bundle


def _model(work: WorkFolder) -> Path:
    return work.training / 'pose.safetensors'
