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

"""An object alone, before any camera."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PinholeCamera, PosedCamera
from mtperception.sim.renderer import import_mujoco, mesh_placeholder, Renderer
from mtperception.sim.shapes.part_pieces import part_pieces, Piece
from mtperception.sim.shapes.parts import Part


def model_alone(pieces: Sequence[Piece], distance: float) -> Any:
    """Compile a model of an object at the origin, for cameras about so far away (metres)."""
    mujoco = import_mujoco()
    spec = mujoco.MjSpec()
    spec.visual.map.znear, spec.visual.map.zfar = 0.1, 4.0
    spec.stat.extent, spec.stat.center = distance, (0.0, 0.0, 0.0)
    head = spec.visual.headlight
    head.ambient, head.diffuse, head.specular = [0.35] * 3, [0.65] * 3, [0.1] * 3
    for number, piece in enumerate(pieces):
        name = f'piece{number}'
        spec.add_mesh(
            name=name, inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
            **mesh_placeholder(len(piece.triangles)))
        spec.worldbody.add_geom(
            name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, contype=0, conaffinity=0,
            rgba=(*piece.colour, 1.0))
    model = spec.compile()
    model.geom_pos[:], model.geom_quat[:], model.geom_sameframe[:] = 0.0, (1, 0, 0, 0), 0
    return model


class DepthAlone:
    """
    Draws how deep an object is at any pose; a context manager, to be used from one thread.

    ``width`` and ``height`` are those of the largest picture.
    """

    def __init__(self, part: Part, width: int, height: int) -> None:
        pieces = part_pieces(part)
        distance = 3.0 * float(np.asarray(part.mesh.extents).max())
        self._renderer = Renderer(model_alone(pieces, distance), width, height)
        for mesh, piece in enumerate(pieces):
            self._renderer.set_mesh(mesh, piece.triangles)

    def __enter__(self) -> 'DepthAlone':
        return self

    def __exit__(self, *error: object) -> None:
        self._renderer.close()

    def depth(self, camera: PinholeCamera, rotation: Floats,
              translation: Floats) -> NDArray[np.float32]:
        """
        Return the depth picture of the object at a pose in a camera's optical frame.

        It is height x width, metres along the optical axis, infinite where nothing is.
        """
        # The object stays where it is; the camera goes around it.
        view = PosedCamera(camera, rotation.T, -rotation.T @ translation)
        return self._renderer.depth(view)
