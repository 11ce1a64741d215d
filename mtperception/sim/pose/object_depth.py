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

"""Depth pictures of an object alone, at any pose before any camera."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PinholeCamera, PosedCamera
from mtperception.sim.renderer import import_mujoco, mesh_placeholder, Renderer
from mtperception.sim.shapes.mesh_triangles import mesh_triangles
from mtperception.sim.shapes.parts import Part

# What is drawn, in metres along the optical axis.
_NEAREST, _FARTHEST = 0.05, 20.0


class ObjectDepth:
    """Draws a part's depth in pictures of up to a width and a height in pixels."""

    def __init__(self, part: Part, width: int, height: int) -> None:
        triangles = mesh_triangles(part.mesh)
        self._renderer = Renderer(_compiled(len(triangles)), width, height, oversampling=1.0)
        self._renderer.set_mesh(0, triangles)

    def __enter__(self) -> 'ObjectDepth':
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the renderer; harmless when done twice."""
        self._renderer.close()

    def picture(self, rotation: Floats, translation: Floats, camera: PinholeCamera,
                ) -> NDArray[np.float32]:
        """
        Draw the depth (H x W, metres along the optical axis, infinite where nothing is).

        The rotation (3 x 3) and the translation (3, metres) take the part to the optical frame.
        """
        # The object stays where it is; the camera goes around it.
        view = PosedCamera(camera, rotation.T, -rotation.T @ translation)
        return self._renderer.depth(view)


def _compiled(triangles: int) -> Any:
    mujoco = import_mujoco()
    spec = mujoco.MjSpec()
    spec.stat.extent, spec.stat.center = 1.0, (0.0, 0.0, 0.0)
    spec.visual.map.znear, spec.visual.map.zfar = _NEAREST, _FARTHEST
    spec.add_mesh(name='part', inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
                  **mesh_placeholder(triangles))
    spec.worldbody.add_geom(
        name='part', type=mujoco.mjtGeom.mjGEOM_MESH, meshname='part', contype=0, conaffinity=0)
    model = spec.compile()
    model.geom_pos[:], model.geom_quat[:], model.geom_sameframe[:] = 0.0, (1, 0, 0, 0), 0
    return model
