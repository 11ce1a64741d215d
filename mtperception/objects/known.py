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
The objects that poses are told of.

A model knows an object by its name. Its mesh says what poses mean, and its codebook is made of
views of the mesh, as the model's encoder sees them: once, at the first use, and kept in the
user's cache.
"""

from collections.abc import Callable
import hashlib
import logging
from pathlib import Path

import numpy as np
import trimesh

from mtperception.objects.cache import cache_root
from mtperception.objects.meshes import part_of
from mtperception.pose.codebook import build, Codebook, read_codebook, write_codebook
from mtperception.pose.predictor import PoseEstimator
from mtperception.pose.surface import Surface
from mtperception.sim.pose.bop import diameter
from mtperception.sim.pose.codebook_views import canonical_camera, views
from mtperception.sim.shapes.part_pieces import part_pieces
from mtperception.sim.shapes.parts import Part

_LOG = logging.getLogger(__name__)
# Directions from which an object is looked at, and turns in the plane of the picture.
DIRECTIONS, TURNS = 2562, 36
# Points that stand for its surface.
SURFACE_POINTS = 4000


def open_estimator(model: str | Path, *, device: str = 'cpu', directions: int = DIRECTIONS,
                   turns: int = TURNS, workers: int | None = None,
                   progress: Callable[[int, int], None] | None = None) -> PoseEstimator:
    """
    Load a model with its codebook, which is rendered at the first use and kept in the cache.

    That takes a minute or two; ``progress`` is told how many views are done, and how many there
    are. They are drawn in ``workers`` processes, one a core by default. zoo.ModelError says what
    is wrong with a model that cannot be used.
    """
    estimator = PoseEstimator.load(model, device=device)
    equip(estimator, part_of(estimator.label), directions=directions, turns=turns,
          workers=workers, progress=progress)
    return estimator


def equip(estimator: PoseEstimator, part: Part, *, directions: int = DIRECTIONS,
          turns: int = TURNS, workers: int | None = None,
          progress: Callable[[int, int], None] | None = None) -> None:
    """Give an estimator the surface and the codebook of its object, as `open_estimator` does."""
    estimator.surface = surface_of(part)
    of = _identity(estimator, part, directions, turns)
    path = cache_folder() / f'{estimator.label}-{of[:16]}.safetensors'
    estimator.codebook = read_codebook(path, of)
    if estimator.codebook is None:
        estimator.codebook = make_codebook(
            estimator, part, directions, turns, workers, progress)
        try:
            write_codebook(path, estimator.codebook, of)
        except OSError as error:
            _LOG.warning('%s: the codebook cannot be kept (%s) and will be made again each time',
                         path, error.strerror)


def surface_of(part: Part) -> Surface:
    """Spread points over a part's surface."""
    points, faces = trimesh.sample.sample_surface_even(part.mesh, SURFACE_POINTS, seed=0)
    return Surface(np.asarray(points), np.asarray(part.mesh.face_normals[faces]),
                   diameter(part.mesh))


def make_codebook(estimator: PoseEstimator, part: Part, directions: int, turns: int,
                  workers: int | None = None,
                  progress: Callable[[int, int], None] | None = None) -> Codebook:
    """Render views of a part and encode them as the estimator encodes crops of pictures."""
    camera, distance = canonical_camera(part)
    return build(views(part, directions, turns, workers=workers, progress=progress),
                 estimator.codes, camera, distance, turns)


def cache_folder() -> Path:
    """Return where codebooks are kept: they can be made again at any time."""
    return cache_root() / 'codebooks'


def _identity(estimator: PoseEstimator, part: Part, directions: int, turns: int) -> str:
    """Return a hash of all that a codebook is made from."""
    digest = hashlib.sha256(f'{estimator.sha256} {directions} {turns}'.encode())
    for piece in part_pieces(part):
        digest.update(np.ascontiguousarray(piece.triangles.points).tobytes())
        digest.update(repr(piece.colour).encode())
    return digest.hexdigest()
