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

"""Meshes as OBJ files with normals, and their materials as MTL files."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import trimesh

from mtperception.geometry.camera import Floats
from mtperception.sim.shapes.mesh_triangles import mesh_triangles
from mtperception.sim.shapes.triangles import Triangles


@dataclass(frozen=True)
class Material:
    """
    What a surface is made of.

    `colour` is RGB, 0 to 1; it also holds where there is a `texture` (grey, height x width), which
    makes it darker. `metalness`, `roughness` and `opacity` are from 0 to 1.
    """

    colour: tuple[float, float, float]
    metalness: float = 0.0
    roughness: float = 0.6
    opacity: float = 1.0
    texture: NDArray[np.uint8] | None = None

    def picture(self) -> NDArray[np.uint8]:
        """Return the texture in its colours (RGB); a white one where there is none."""
        grey = np.full((1, 1), 255, np.uint8) if self.texture is None else self.texture
        tint = np.array(self.colour)
        return np.asarray(np.rint(grey[:, :, None] * tint), dtype=np.uint8)


@dataclass(frozen=True)
class Surface:
    """Triangles of one material."""

    triangles: Triangles
    material: Material


def obj_file(surfaces: Sequence[Surface], library: str) -> bytes:
    """Write surfaces as one OBJ file; materials 0, 1, ... are in the MTL file `library`."""
    lines = [f'mtllib {library}']
    written = {'v': 0, 'vt': 0, 'vn': 0}
    for number, surface in enumerate(surfaces):
        triangles = _with_area(surface.triangles)
        corners: list[list[int]] = []
        for word, values in (
                ('v', triangles.points), ('vt', triangles.uv), ('vn', triangles.normals)):
            rows, index = np.unique(
                np.round(values.reshape(-1, values.shape[2]), 7), axis=0, return_inverse=True)
            lines += [f'{word} {" ".join(f"{value:.7g}" for value in row)}' for row in rows]
            corners.append((np.asarray(index).ravel() + 1 + written[word]).tolist())
            written[word] += len(rows)
        lines += [f'o part{number}', f'usemtl {_name(number)}']
        texts = [f'{v}/{vt}/{vn}' for v, vt, vn in zip(*corners, strict=True)]
        lines += [f'f {" ".join(texts[first:first + 3])}' for first in range(0, len(texts), 3)]
    return ('\n'.join(lines) + '\n').encode()


def mtl_file(surfaces: Sequence[Surface], textures: Sequence[str | None]) -> bytes:
    """Write the materials of surfaces; `textures` are the names of their pictures, if any."""
    lines = []
    for number, (surface, texture) in enumerate(zip(surfaces, textures, strict=True)):
        material = surface.material
        # A texture has the colour in itself.
        colour = material.colour if texture is None else (1.0, 1.0, 1.0)
        diffuse = ' '.join(f'{value:.4f}' for value in colour)
        shine = 0.08 + 0.6 * material.metalness
        lines += [
            f'newmtl {_name(number)}', f'Ka {diffuse}', f'Kd {diffuse}',
            f'Ks {shine:.4f} {shine:.4f} {shine:.4f}', f'd {material.opacity:.4f}',
            f'Pm {material.metalness:.4f}', f'Pr {material.roughness:.4f}']
        if texture is not None:
            lines.append(f'map_Kd {texture}')
    return ('\n'.join(lines) + '\n').encode()


def hull_file(corners: Floats) -> bytes:
    """Write the convex hull of points, N x 3, as an OBJ file without materials."""
    hull = mesh_triangles(trimesh.convex.convex_hull(corners))
    text = obj_file([Surface(hull, Material((1.0, 1.0, 1.0)))], '').decode()
    plain = [line for line in text.splitlines() if not line.startswith(('mtllib', 'usemtl'))]
    return ('\n'.join(plain) + '\n').encode()


def _with_area(part: Triangles) -> Triangles:
    """Leave out triangles without an area, and give corners without a normal the triangle's."""
    sides = part.points[:, 1:] - part.points[:, :1]
    flat = np.cross(sides[:, 0], sides[:, 1])
    length = np.linalg.norm(flat, axis=1)
    kept = length > 1e-14
    flat = flat[kept] / length[kept, None]
    normals = part.normals[kept]
    missing = np.linalg.norm(normals, axis=2, keepdims=True) < 0.5
    return Triangles(
        part.points[kept], np.where(missing, flat[:, None], normals), part.uv[kept])


def _name(number: int) -> str:
    return f'material{number}'
