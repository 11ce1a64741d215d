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

"""Methods of `mtperception reproduce pose` measured: where the simulator and the networks meet."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TYPE_CHECKING

import cv2
import numpy as np

from mtperception.cli.evaluate_poses import surface
from mtperception.cli.progress import progress_bar
from mtperception.cli.reproduction_report import ReproductionReport
from mtperception.datasets.bop import BopPicture, read_bop
from mtperception.datasets.pictures import Image
from mtperception.geometry.camera import Floats
from mtperception.geometry.pose_errors import Pose
from mtperception.geometry.rotations import random_rotations
from mtperception.pose.codebook import build, Codebook
from mtperception.pose.data.dataset import LabelledPose
from mtperception.pose.detection import ObjectPose
from mtperception.pose.evaluation import Truth
from mtperception.pose.paper.estimating import Estimator, Found, likeness, nearest
from mtperception.pose.paper.page import sheet_file
from mtperception.pose.paper.pictures import PaperPictures
from mtperception.pose.paper.plan import Budget, Method
from mtperception.pose.paper.scoring import MethodScore
from mtperception.pose.placing import pose_of, projective_sighting
from mtperception.sim.files.label_drawing import (
    Canvas,
    contact_sheet,
    CYAN,
    draw_silhouette,
    GREEN,
    GREY,
)
from mtperception.sim.files.writing import jpeg, write_file
from mtperception.sim.pose.codebook_views import canonical_camera, views
from mtperception.sim.pose.object_alone import DepthAlone
from mtperception.sim.shapes.parts import hammer

if TYPE_CHECKING:
    from rich.progress import Progress

# Pictures are looked at so many at a time.
_AT_ONCE = 16
# How many pictures a sheet shows, and how wide.
_SHOWN, _COLUMNS, _TILE = 8, 4, 320


class _Views(NamedTuple):
    """What a codebook needs of `codebook_views.Views`."""

    rotations: Floats
    rgb: Image
    box: Floats


class Measurer:
    """
    The test pictures of a reproduction, and what is rendered to measure by.

    ``folder`` is the data set's, ``numbers`` are those of the test pictures in it.
    """

    def __init__(self, pictures: PaperPictures, folder: Path, numbers: Sequence[int],
                 budget: Budget) -> None:
        self._pictures, self._budget, self._part = pictures, budget, hammer()
        every = read_bop(folder)
        self._files = [every[number] for number in numbers]
        self._views: list[_Views] = []

    def render_views(self, report: ReproductionReport) -> None:
        """Render the codebook's views, once for all methods."""
        if self._views:
            return
        with progress_bar() as progress, report.stage('views'):
            bar = progress.add_task('views', total=None)
            self._views = [_Views(some.rotations, some.rgb, some.box) for some in views(
                self._part, self._budget.directions, self._budget.turns,
                progress=lambda done, total: progress.update(bar, completed=done, total=total))]

    def measure(self, estimator: Estimator, method: Method, out: Path) -> dict[str, Any]:
        """Estimate all poses, draw some, and say what they are worth; views are rendered."""
        with progress_bar() as progress:
            camera, distance = canonical_camera(self._part)
            codebook = build(progress.track(self._views, description='codebook'),
                             estimator.encode, camera, distance, self._budget.turns)
            starts = range(0, len(self._pictures), _AT_ONCE)
            found = [estimator.find(self._pictures.images[start:start + _AT_ONCE])
                     for start in progress.track(starts, description='looking')]
            poses = [pose for some, start in zip(found, starts, strict=True)
                     for pose in self._poses(codebook, some, start)]
            drawn = np.concatenate([some.drawn for some in found])
            write_file(out / sheet_file(method), jpeg(self._sheet(poses, drawn), 88))
            return {**self._figures(poses, progress), 'likeness': likeness(codebook)}

    def by_chance(self, seed: int) -> float:
        """Return the AUC of 800 that rotations drawn at random have with the true translation."""
        labels = self._pictures.labels
        rotations = random_rotations(np.random.default_rng(seed), len(labels))
        poses = [[ObjectPose(self._part.name, rotation, label.translation, 1.0, label.box)]
                 for rotation, label in zip(rotations, labels, strict=True)]
        with progress_bar() as progress:
            return float(self._figures(poses, progress)['auc800']['true_translation'])

    def _figures(self, poses: Sequence[Sequence[ObjectPose]],
                 progress: 'Progress') -> dict[str, Any]:
        """Say what the test pictures' poses are worth."""
        size = self._pictures.labels[0].camera
        with DepthAlone(self._part, size.width, size.height) as alone:
            score = MethodScore(
                surface(self._part), np.asarray(self._part.mesh.convex_hull.vertices),
                lambda camera, pose: alone.depth(camera, *pose))
            compared = zip(poses, self._pictures.labels, self._files, strict=True)
            for found, label, file in progress.track(
                    compared, total=len(poses), description='measuring'):
                score.add(found, _truth(label, file))
        return score.figures()

    def _poses(self, codebook: Codebook, found: Found, start: int) -> list[list[ObjectPose]]:
        """Look up what was found in pictures from a number on: a pose or none for each."""
        entries = nearest(codebook, found.latents.nan_to_num())
        poses: list[list[ObjectPose]] = []
        for number, (box, entry) in enumerate(zip(found.boxes, entries, strict=True)):
            if not np.isfinite(box).all():
                poses.append([])
                continue
            camera = self._pictures.labels[start + number].camera
            pose = pose_of(codebook.rotations[entry], projective_sighting(
                box, codebook.boxes[entry], codebook.camera, codebook.distance, camera.fx),
                camera)
            x0, y0, x1, y1 = box.tolist()
            poses.append([ObjectPose(self._part.name, *pose, float(found.scores[number]),
                                     (x0, y0, x1, y1))])
        return poses

    def _sheet(self, poses: Sequence[Sequence[ObjectPose]], drawn: Image) -> Image:
        """Draw the first pictures with their boxes, poses and what the network draws."""
        triangles = np.asarray(self._part.mesh.triangles)
        tiles, titles = [], []
        for number, found in enumerate(poses[:_SHOWN]):
            label = self._pictures.labels[number]
            canvas = Canvas(self._pictures.images[number], _TILE)
            canvas.box(label.box, GREY)
            for one in found:
                canvas.box(one.box, GREEN)
                moved = Pose(one.rotation, one.translation).moved(triangles.reshape(-1, 3))
                draw_silhouette(canvas, label.camera, moved.reshape(-1, 3, 3), CYAN)
            below = [cv2.resize(alone, (_TILE // 2, _TILE // 2), interpolation=cv2.INTER_LINEAR)
                     for alone in (drawn[number], self._pictures.alone[number])]
            tiles.append(np.vstack((canvas.image, np.hstack(below))))
            titles.append(f'{label.visible:.0%} visible')
        return contact_sheet(tiles, titles, _COLUMNS)


def _truth(label: LabelledPose, file: BopPicture) -> Truth:
    return Truth(Pose(label.rotation, label.translation), label.box, label.visible,
                 file.measured_depth(), label.camera)
