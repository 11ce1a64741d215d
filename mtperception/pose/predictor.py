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

"""A picture and its camera in, poses out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
import math
from pathlib import Path
import time
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mtperception import zoo
from mtperception.geometry.camera import PinholeCamera
from mtperception.geometry.pose_errors import Pose
from mtperception.nn.folding import fold_batch_norm
from mtperception.nn.picture import check_picture
from mtperception.nn.weights import restore
from mtperception.pose.boxes import found_boxes, FoundBox
from mtperception.pose.codebook import Codebook, Entry
from mtperception.pose.confidence import Confidence, confidence_of_card, Evidence
from mtperception.pose.data.dataset import LEAST_SIDE
from mtperception.pose.depth_refinement import (
    APART,
    at_depth,
    HYPOTHESES,
    Hypothesis,
    Refined,
)
from mtperception.pose.depth_smoothing import smoothed
from mtperception.pose.detection import Box, DEFAULT_THRESHOLD, ObjectPose, Refinement
from mtperception.pose.network import (
    CROP_SIDE,
    Look,
    normalised,
    PoseArchitecture,
    PoseNetwork,
    STRIDE,
)
from mtperception.pose.placing import (
    between,
    Crop,
    crop_of,
    pose_of,
    projective_sighting,
    Sighting,
    sighting_of,
)
from mtperception.pose.quarter_turns import quarter_turned, turned_back
from mtperception.pose.samples import shrunken
from mtperception.pose.sight import Sight
from mtperception.pose.silhouette import halfway, over_box
from mtperception.pose.surface import Surface

Image = npt.NDArray[np.uint8]
Depth = npt.NDArray[np.float32]

# Hypotheses that are tried when an object is looked at again, beside the best one.
_CLOSER = 2


class PoseEstimator:
    """
    Finds an object in pictures and tells its pose.

    ``label`` is the object's name, ``threshold`` the score from which on its model's poses are
    best believed. Before poses can be told it needs its ``codebook``, which
    `objects.known.open_estimator` makes or fetches; boxes are found without. One estimator may be
    called from several threads; at a given number of PyTorch threads the same picture always
    gives the same numbers. ``surface`` is for refining poses, and comes with it. ``confidence``
    says how sure refined poses are, by 'depth' and by the 'picture' alone: it is measured.
    """

    def __init__(self, network: PoseNetwork, *, label: str, model_name: str, sha256: str,
                 threshold: float = DEFAULT_THRESHOLD, device: str = 'cpu') -> None:
        """Take over a trained network: it is changed to its faster, untrainable form."""
        network.eval().requires_grad_(False)
        fold_batch_norm(network)
        self.network = network.to(device, torch.float32).to(memory_format=torch.channels_last)
        self.label = label
        self.model_name = model_name
        self.sha256 = sha256
        self.threshold = threshold
        self.device = device
        self.codebook: Codebook | None = None
        self.surface: Surface | None = None
        self.confidence: Mapping[str, Confidence] = {}

    @classmethod
    def load(cls, name_or_path: str | Path = 'hammer', *, device: str = 'cpu') -> PoseEstimator:
        """
        Read a model: a bundled one by name, or any by the path of its ``.safetensors`` file.

        zoo.ModelError says what is wrong with a model that cannot be used.
        """
        return cls.from_bundle(zoo.load(name_or_path), str(name_or_path), device=device)

    @classmethod
    def from_bundle(cls, bundle: zoo.Bundle, where: str | None = None, *,
                    device: str = 'cpu') -> PoseEstimator:
        """Build the estimator of a model that has been read; ``where`` names it in errors."""
        where = where or bundle.name
        zoo.check_task(bundle, 'pose', where)
        network = network_from_card(bundle.card, where)
        restore(network, bundle.tensors, where)
        made = cls(network, label=str(bundle.card['object']), model_name=bundle.name,
                   sha256=bundle.sha256,
                   threshold=zoo.threshold(bundle, DEFAULT_THRESHOLD, where), device=device)
        made.confidence = confidence_of_card(bundle.card)
        return made

    def estimate(self, image: Image, camera: PinholeCamera,
                 score_threshold: float | None = None, depth: Depth | None = None,
                 refinement: Refinement = Refinement.FULL, budget: float | None = None,
                 ) -> list[ObjectPose]:
        """
        Find the object in a picture, and tell its poses, the most surely found one first.

        ``image`` is uint8, H x W grey or H x W x 3 in OpenCV's order (BGR), without distortion,
        taken by ``camera``. What is found with less than ``score_threshold``, in [0, 1], by
        default the model's own, is left out. ``depth`` (H x W, metres along the optical axis, 0 or
        not finite where nothing is known) refines the poses as ``refinement`` says; where it tells
        too little of an object, its pose is that of the picture alone. After ``budget`` seconds
        poses are refined no further.
        """
        rgb = rgb_image(image)
        for name, picture in (('picture', image), ('depth picture', depth)):
            if picture is not None and picture.shape[:2] != (camera.height, camera.width):
                raise ValueError(f'a {name} of {picture.shape[1]} x {picture.shape[0]}, but a '
                                 f'camera of {camera.width} x {camera.height}')
        deadline = math.inf if budget is None else time.monotonic() + budget
        found = self._found(rgb, score_threshold)
        return self.poses(rgb, camera, found, depth, refinement, deadline)

    def find(self, image: Image, score_threshold: float | None = None) -> list[FoundBox]:
        """Find the object's boxes alone in a picture as `estimate` takes it."""
        return self._found(rgb_image(image), score_threshold)

    def poses(self, rgb: Image, camera: PinholeCamera, found: Sequence[FoundBox],
              depth: Depth | None = None, refinement: Refinement = Refinement.FULL,
              deadline: float = math.inf) -> list[ObjectPose]:
        """
        Tell the pose of what is in boxes of a picture, in RGB, as `estimate` does.

        After the ``deadline``, a time of `time.monotonic`, nothing is refined any more.
        """
        if not found:
            return []
        sights = self._sights(rgb, camera, [one.box for one in found], refinement)
        poses = []
        for one, sight in zip(found, sights, strict=True):
            if not sight.hypotheses:
                continue
            pose, score, evidence = sight.hypotheses[0].pose, one.score, None
            if refinement is Refinement.FULL:
                best = self._refined(rgb, sight, camera, depth, deadline)
                if best is not None:
                    evidence = Evidence('depth' if best.by_depth else 'picture',
                                        best.agreement, best.likeness, one.score)
                    pose, score = best.pose, self._confidence(evidence)
            elif refinement is Refinement.DISTANCE and depth is not None:
                surface = self._surface()
                scene = sight.scene(depth, camera, surface.diameter)
                pose = at_depth(pose, scene, surface, camera)
            poses.append(ObjectPose(
                self.label, pose.rotation, pose.translation, score, one.box, evidence))
        return poses

    def _refined(self, rgb: Image, sight: Sight, camera: PinholeCamera, depth: Depth | None,
                 deadline: float) -> Refined | None:
        """Refine the best hypothesis, look again where it says that the object is, and refine."""
        surface = self._surface()
        if depth is not None:
            depth = smoothed(depth, sight.box)
        first = sight.refined(surface, camera, depth, deadline)
        box = first and surface.box(first.pose, camera)
        if first is None or box is None or time.monotonic() > deadline:
            return first
        (closer,) = self._sights(rgb, camera, [box], Refinement.FULL, implied=True)
        if not first.by_depth:
            second = closer.refined(surface, camera, None, deadline)
            # The box that was found errs, too, but not alike.
            return second and second._replace(pose=halfway(
                over_box(second.pose, sight.box, surface, camera), second.pose, camera))
        some = [Hypothesis(first.pose, first.likeness), *closer.hypotheses[:_CLOSER]]
        return replace(closer, hypotheses=some).refined(
            surface, camera, depth, deadline) or first

    def _confidence(self, evidence: Evidence) -> float:
        known = self.confidence.get(evidence.kind)
        # Without a measured one: as sure as the less sure of both.
        return min(evidence.agreement, evidence.found) if known is None else known.of(evidence)

    def _sights(self, rgb: Image, camera: PinholeCamera, boxes: Sequence[Box],
                refinement: Refinement, *, implied: bool = False) -> list[Sight]:
        """
        Look at what is in boxes, and find the poses in the codebook that it may have.

        A box that is ``implied`` by a pose tells nothing about the place that is not known.
        """
        codebook = self.codebook
        if codebook is None:
            raise ValueError(f'{self.model_name}: no codebook; open the model by '
                             'mtperception.objects.known.open_estimator')
        crops = [crop_of(box) for box in boxes]
        look = turned_back(
            self.look(rgb, crops, codebook.quarters), codebook.quarters)
        focal = math.sqrt(camera.fx * camera.fy)
        if refinement is Refinement.FULL:
            entries = [codebook.distinct(codes, HYPOTHESES, APART) for codes in look.code]
        else:
            entries = [[entry] for entry in codebook.nearest(look.code)]
        whole, seen = torch.sigmoid(look.masks).unbind(dim=1)
        sights = []
        for number, (box, crop, some) in enumerate(zip(boxes, crops, entries, strict=True)):
            told = sighting_of(look.place[number].tolist(), crop, focal)
            placed = [Hypothesis(
                _placed(codebook, entry, None if implied else box, told, focal, camera),
                entry.likeness) for entry in some]
            finite = [each for each in placed if np.isfinite(each.pose.translation).all()]
            sights.append(Sight(box, crop, finite, whole[number].numpy(), seen[number].numpy()))
        return sights

    def _surface(self) -> Surface:
        if self.surface is None:
            raise ValueError(f'{self.model_name}: no surface to refine poses with; open the model '
                             'by mtperception.objects.known.open_estimator')
        return self.surface

    def look(self, rgb: Image, crops: Sequence[Crop], quarters: int = 1) -> Look:
        """Describe crops of a picture, in RGB, each turned as `quarter_turned` does."""
        cut = quarter_turned(np.stack([_cut(rgb, crop) for crop in crops]), quarters)
        with torch.inference_mode(), self._precision():
            look: Look = self.network.encoder(self._tensor(cut))
        return replace(look, code=look.code.cpu(), place=look.place.cpu(), masks=look.masks.cpu())

    def codes(self, crops: Image) -> Tensor:
        """Encode N crops (N x 128 x 128 x 3, RGB), as the codebook is made: N x latent."""
        with torch.inference_mode(), self._precision():
            return self.network.encoder.codes(self._tensor(crops)).cpu()

    def _found(self, rgb: Image, score_threshold: float | None) -> list[FoundBox]:
        least = self.threshold if score_threshold is None else score_threshold
        if not 0 <= least <= 1:
            raise ValueError(f'score_threshold is {least}; it must be from 0 to 1')
        small, scale = shrunken(rgb)
        height, width = small.shape[:2]
        padded = cv2.copyMakeBorder(
            small, 0, -height % STRIDE, 0, -width % STRIDE, cv2.BORDER_REPLICATE)
        with torch.inference_mode():
            with self._precision():
                maps = self.network.finder(self._tensor(np.asarray(padded, np.uint8)[None]))
            return found_boxes(maps, least, scale)

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.device, torch.bfloat16, enabled=_bfloat16(self.device))

    def _tensor(self, images: Image) -> Tensor:
        pictures = torch.from_numpy(images).to(self.device)
        return normalised(pictures.permute(0, 3, 1, 2))


def network_from_card(card: Mapping[str, Any], where: str) -> PoseNetwork:
    """Build the untrained network that a card describes; ``where`` names it in errors."""
    try:
        if not isinstance(card['object'], str):
            raise TypeError
        return PoseNetwork(PoseArchitecture(**card['architecture']))
    except (KeyError, TypeError, ValueError, RuntimeError):
        raise zoo.ModelError(f'{where}: the card does not describe a pose network of this '
                             'version; train it again') from None


def rgb_image(image: Image) -> Image:
    """Check a picture, BGR or grey, and give it in RGB."""
    check_picture(image, LEAST_SIDE)
    code = cv2.COLOR_GRAY2RGB if image.ndim == 2 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(image, code), dtype=np.uint8)


def _placed(codebook: Codebook, entry: Entry, box: Box | None, told: Sighting, focal: float,
            camera: PinholeCamera) -> Pose:
    """Place an entry's view where the encoder tells, and its box, if it is given."""
    if box is not None:
        told = between(told, projective_sighting(
            box, codebook.boxes[entry.number], codebook.camera, codebook.distance, focal))
    return pose_of(codebook.rotations[entry.number], told, camera)


def _cut(rgb: Image, crop: Crop) -> Image:
    """Show a crop as the encoder sees it; of a large one each pixel is the mean of several."""
    finer = min(max(round(crop.side / CROP_SIDE), 1), 8)
    size = finer * CROP_SIDE
    cut = cv2.warpAffine(rgb, crop.to_pixels(size), (size, size), flags=cv2.INTER_LINEAR,
                         borderMode=cv2.BORDER_REPLICATE)
    if finer > 1:
        cut = cv2.resize(cut, (CROP_SIDE, CROP_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(cut, dtype=np.uint8)


def _bfloat16(device: str) -> bool:
    """Tell whether half the precision is fast here."""
    return device != 'cpu' or (
        torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()))
