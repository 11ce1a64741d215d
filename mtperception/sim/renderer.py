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
A lean renderer over MuJoCo's classic one.

It renders a model as seen by a calibrated camera: the frustum is set from K, so that pixels are
exact. Meshes can be rewritten between pictures without compiling the model again.
"""

from contextlib import suppress
import ctypes
from functools import cache
from importlib.util import find_spec
import logging
import os
from pathlib import Path
import time
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mtperception.geometry.camera import Floats, PosedCamera
from mtperception.sim.shapes.triangles import Triangles

_LOG = logging.getLogger(__name__)
PACKAGES = 'libegl1 libegl-mesa0 libgl1-mesa-dri libosmesa6'


class RenderError(RuntimeError):
    """There is no way to draw on this machine."""


def import_mujoco() -> Any:
    """
    Import MuJoCo, drawing off screen unless the user chose otherwise.

    Raise RenderError in one line where its OpenGL does not load.
    """
    os.environ.setdefault('MUJOCO_GL', 'egl')
    # One process renders a core. No thread of Mesa's own: handing work over costs more than the
    # work where pictures are small.
    os.environ.setdefault('LP_NUM_THREADS', '0')
    _load_triton()
    try:
        import mujoco
        mujoco.GLContext  # noqa: B018  the attribute is missing where OpenGL did not load
    except (AttributeError, ImportError, OSError, RuntimeError) as error:
        raise RenderError(_advice(error)) from error
    # By itself it would write them to a file in the folder that the user is in.
    mujoco.set_mju_user_warning(_LOG.warning)
    return mujoco


@cache
def _load_triton() -> None:
    """
    Load the compiler that PyTorch imports with the first optimiser, where it is installed.

    It has an LLVM of its own, which crashes the process if it comes after that of Mesa.
    """
    triton = find_spec('triton')
    if triton is not None and triton.origin is not None:
        for library in Path(triton.origin).parent.glob('_C/libtriton*.so'):
            with suppress(OSError):
                ctypes.CDLL(str(library))


def _advice(error: Exception) -> str:
    reason = ' '.join(str(error).split())[:120]
    platform = os.environ.get('MUJOCO_GL', 'egl')
    return (
        f'cannot render with MUJOCO_GL={platform} ({reason}): install the renderer with '
        f'"apt-get install {PACKAGES}", or set MUJOCO_GL=osmesa'
    )


def mesh_placeholder(capacity: int) -> dict[str, Any]:
    """Return the arguments of MjSpec.add_mesh for a mesh to be rewritten, of so many triangles."""
    # Separate tetrahedra: the compiler refuses flat meshes, and must not merge any corner.
    corner = np.array([(0, 0, 0), (0, 1, 0), (1, 0, 0), (0, 0, 1)], dtype=np.float64) * 1e-2
    faces = corner[[[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]]].reshape(-1, 3)
    repeats = -(-capacity // 4)
    points = np.tile(faces, (repeats, 1)) + 0.02 * np.repeat(np.arange(repeats), 12)[:, None]
    return {
        'uservert': points.ravel(),
        'userface': np.arange(len(points)),
        'usernormal': np.tile((0.0, 0.0, 1.0), (len(points), 1)).ravel(),
        'usertexcoord': np.zeros(2 * len(points)),
    }


class Renderer:
    """
    Draws a compiled model, off screen.

    `width` and `height` are those of the largest picture, in pixels. Colour pictures are drawn
    `oversampling` times as large, up to twice, and shrunk.
    """

    # What all renderers of the process have spent on drawing and reading back, for benchmarks.
    drawing_seconds = 0.0

    def __init__(self, model: Any, width: int, height: int, oversampling: float = 1.5) -> None:
        self._mujoco = mujoco = import_mujoco()
        self.model = model
        self.width, self.height, self._oversampling = width, height, oversampling
        wide, high = round(width * oversampling), round(height * oversampling)
        model.vis.global_.offwidth, model.vis.global_.offheight = wide, high
        # Identities must not be blended at edges, so one context without multisampling does both.
        model.vis.quality.offsamples = 0
        self._gl: Any = None
        try:
            self._gl = mujoco.GLContext(wide, high)
            self._gl.make_current()
            self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
        except Exception as error:
            self.close()
            raise RenderError(_advice(error)) from error
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self.data = mujoco.MjData(model)
        self._scene = mujoco.MjvScene(model, maxgeom=model.ngeom + 16)
        self._free_camera = mujoco.MjvCamera()
        self._options = mujoco.MjvOption()

    def close(self) -> None:
        """Free the graphics context; harmless when done twice."""
        if self._gl is not None:
            if getattr(self, '_context', None) is not None:
                self._gl.make_current()
                self._context.free()
                self._context = None
            self._gl.free()
            self._gl = None

    def set_mesh(self, mesh: int, triangles: Triangles) -> None:
        """Rewrite a mesh that was compiled from a placeholder."""
        model, count = self.model, len(triangles)
        start = model.mesh_vertadr[mesh]
        if 3 * count > model.mesh_vertnum[mesh]:
            raise ValueError(f'{count} triangles do not fit into mesh {mesh}')
        stop = start + 3 * count
        model.mesh_vert[start:stop] = triangles.points.reshape(-1, 3)
        normal = model.mesh_normaladr[mesh]
        model.mesh_normal[normal:normal + 3 * count] = triangles.normals.reshape(-1, 3)
        texture = model.mesh_texcoordadr[mesh]
        model.mesh_texcoord[texture:texture + 3 * count] = triangles.uv.reshape(-1, 2)
        model.mesh_facenum[mesh] = count
        self._gl.make_current()
        self._mujoco.mjr_uploadMesh(model, self._context, mesh)

    def set_texcoords(self, mesh: int, uv: Floats) -> None:
        """Lay the texture over a mesh anew: uv is T x 3 x 2, as in Triangles."""
        start = self.model.mesh_texcoordadr[mesh]
        self.model.mesh_texcoord[start:start + 3 * len(uv)] = uv.reshape(-1, 2)
        self._gl.make_current()
        self._mujoco.mjr_uploadMesh(self.model, self._context, mesh)

    def set_texture(self, texture: int, picture: NDArray[np.uint8]) -> None:
        """Repaint a texture; the picture is RGB and of the texture's own size."""
        model = self.model
        shape = (model.tex_height[texture], model.tex_width[texture], 3)
        if picture.shape != shape:
            raise ValueError(f'a picture of {picture.shape} is not of texture {texture}: {shape}')
        start = model.tex_adr[texture]
        model.tex_data[start:start + picture.size] = picture.ravel()
        self._gl.make_current()
        self._mujoco.mjr_uploadTexture(model, self._context, texture)

    def dress(self, material: int, texture: int, repeat: tuple[float, float] = (1.0, 1.0)) -> None:
        """Give a material another texture, repeated so many times along u and v."""
        role = int(self._mujoco.mjtTextureRole.mjTEXROLE_RGB)
        roles = int(self._mujoco.mjtTextureRole.mjNTEXROLE)
        # Older releases of MuJoCo look these up in the context, newer ones in the model.
        self.model.mat_texid[material, role] = texture
        self._context.mat_texid[material * roles + role] = texture
        self.model.mat_texrepeat[material] = repeat
        self._context.mat_texrepeat[2 * material:2 * material + 2] = repeat

    def grey(self, view: PosedCamera, shadows: bool = True) -> NDArray[np.uint8]:
        """Return the grey picture, height x width; the headlight stays where the scene has it."""
        self._update(view, 0.0, 0.0, view.camera.width, view.camera.height)
        grey = cv2.cvtColor(self._lit(view, shadows), cv2.COLOR_RGB2GRAY)
        return self._shrunk(view, grey)

    def colour(
        self, view: PosedCamera, shadows: bool = True, groups: tuple[int, ...] = (0, 1, 2),
    ) -> NDArray[np.uint8]:
        """
        Return the picture in RGB, height x width x 3, black where there is nothing.

        Only geoms of the given groups are drawn, and cast shadows. The headlight is at the
        camera.
        """
        self._update(view, 0.0, 0.0, view.camera.width, view.camera.height, groups)
        for light in self._scene.lights[:self._scene.nlight]:
            if light.headlight:
                light.pos, light.dir = view.position, view.rotation[:, 2]
        return self._shrunk(view, self._lit(view, shadows))

    def _lit(self, view: PosedCamera, shadows: bool) -> NDArray[np.uint8]:
        """Draw with light, oversampled and upside down."""
        flags = self._scene.flags
        flags[:] = 0
        flags[self._mujoco.mjtRndFlag.mjRND_SHADOW] = shadows
        flags[self._mujoco.mjtRndFlag.mjRND_CULL_FACE] = 1
        wide = round(view.camera.width * self._oversampling)
        high = round(view.camera.height * self._oversampling)
        pixels = np.empty((high, wide, 3), dtype=np.uint8)
        self._draw(wide, high, pixels, None)
        return pixels

    @staticmethod
    def _shrunk(view: PosedCamera, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        # Up to twice as many pixels all count in this.
        size = (view.camera.width, view.camera.height)
        return np.asarray(cv2.flip(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), 0))

    def identities(
        self, view: PosedCamera, groups: tuple[int, ...] = (0, 1, 2),
        window: tuple[int, int, int, int] | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """
        Return which geom each pixel shows (-1: none), and its depth along z in metres.

        Only geoms of the given groups are drawn. The window (x0, y0, width, height) in whole
        pixels may reach beyond the picture, and is the whole picture by default. Depth is
        infinite where there is nothing.
        """
        _, _, wide, high = window or (0, 0, view.camera.width, view.camera.height)
        inverse = np.empty((high, wide), dtype=np.float32)
        shown = self._shown(view, groups, window, inverse)
        depth = self._metres(inverse)
        depth[shown < 0] = np.inf
        return shown, depth

    def geoms(
        self, view: PosedCamera, groups: tuple[int, ...] = (0, 1, 2),
        window: tuple[int, int, int, int] | None = None,
    ) -> NDArray[np.int32]:
        """Return what `identities` does of geoms alone, in less time."""
        return self._shown(view, groups, window, None)

    def _shown(
        self, view: PosedCamera, groups: tuple[int, ...],
        window: tuple[int, int, int, int] | None, inverse: NDArray[np.float32] | None,
    ) -> NDArray[np.int32]:
        x0, y0, wide, high = window or (0, 0, view.camera.width, view.camera.height)
        self._update(view, x0, y0, wide, high, groups)
        self._flag_identities()
        pixels = np.empty((high, wide, 3), dtype=np.uint8)
        self._draw(wide, high, pixels, inverse)
        table = np.full(max(self._scene.ngeom + 1, 256), -1, dtype=np.int32)
        for geom in self._scene.geoms[:self._scene.ngeom]:
            table[geom.segid + 1] = geom.objid
        low = cv2.flip(cv2.extractChannel(pixels, 0), 0)
        if len(table) == 256:
            return np.asarray(cv2.LUT(low, table))
        return np.asarray(table[low + 256 * pixels[::-1, :, 1].astype(np.int32)])

    def depth(self, view: PosedCamera) -> NDArray[np.float32]:
        """Return what `identities` does of depth alone, in half the time."""
        wide, high = view.camera.width, view.camera.height
        self._update(view, 0.0, 0.0, wide, high)
        self._flag_identities()
        inverse = np.empty((high, wide), dtype=np.float32)
        self._draw(wide, high, None, inverse)
        depth = self._metres(inverse)
        # Nothing is drawn at the far plane itself, which is what the picture is cleared with.
        depth[inverse[::-1] == 0.0] = np.inf
        return depth

    def _flag_identities(self) -> None:
        flag, flags = self._mujoco.mjtRndFlag, self._scene.flags
        flags[:] = 0
        flags[[int(flag.mjRND_SEGMENT), int(flag.mjRND_IDCOLOR), int(flag.mjRND_CULL_FACE)]] = 1

    def _metres(self, inverse: NDArray[np.float32]) -> NDArray[np.float32]:
        near, far = self._planes()
        depth = cv2.flip(inverse, 0)
        depth *= np.float32(far - near)
        depth += np.float32(near)
        return np.asarray(np.divide(np.float32(near * far), depth, out=depth))

    def _planes(self) -> tuple[float, float]:
        camera = self._scene.camera[0]
        return float(camera.frustum_near), float(camera.frustum_far)

    def _update(
        self, view: PosedCamera, x0: float, y0: float, wide: int, high: int,
        groups: tuple[int, ...] = (0, 1, 2),
    ) -> None:
        mujoco = self._mujoco
        self._options.geomgroup[:] = 0
        self._options.geomgroup[list(groups)] = 1
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)
        mujoco.mjv_updateScene(
            self.model, self.data, self._options, None, self._free_camera,
            mujoco.mjtCatBit.mjCAT_ALL, self._scene,
        )
        camera = view.camera
        near, _ = self._planes()
        # The frustum is made of pixel edges, half a pixel outside the outermost centres.
        left = (x0 - 0.5 - camera.cx) / camera.fx * near
        right = left + wide / camera.fx * near
        top = -(y0 - 0.5 - camera.cy) / camera.fy * near
        bottom = top - high / camera.fy * near
        for eye in self._scene.camera:
            eye.pos = view.position
            eye.forward = view.rotation[:, 2]
            eye.up = -view.rotation[:, 1]
            eye.orthographic = 0
            eye.frustum_center = (left + right) / 2.0
            eye.frustum_width = (right - left) / 2.0
            eye.frustum_top = top
            eye.frustum_bottom = bottom

    def _draw(
        self, wide: int, high: int, pixels: NDArray[np.uint8] | None,
        depth: NDArray[np.float32] | None,
    ) -> None:
        mujoco, start = self._mujoco, time.perf_counter()
        self._gl.make_current()
        area = mujoco.MjrRect(0, 0, wide, high)
        mujoco.mjr_render(area, self._scene, self._context)
        mujoco.mjr_readPixels(pixels, depth, area, self._context)
        Renderer.drawing_seconds += time.perf_counter() - start
