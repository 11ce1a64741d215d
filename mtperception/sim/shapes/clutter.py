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

"""Things that lie about on a bench and are none of its parts, each made of convex pieces."""

from collections.abc import Callable

import numpy as np
import trimesh

from mtperception.sim.shapes.parts import Part

_Mesh = trimesh.Trimesh


def clutter(scale: float = 1.0) -> tuple[Part, ...]:
    """Return one of each thing, so many times as large as among parts of about 80 mm."""
    things = []
    for name, make in _THINGS.items():
        pieces = make()
        for piece in pieces:
            piece.apply_scale(scale)
        things.append(Part(
            name, _joined(pieces),
            tuple(np.asarray(piece.vertices, dtype=np.float64) for piece in pieces),
            'steel' if name in _STEEL else 'plastic', None))
    return tuple(things)


def _joined(pieces: list[_Mesh]) -> _Mesh:
    whole = trimesh.util.concatenate(pieces)
    assert isinstance(whole, trimesh.Trimesh)
    return whole


def _box(x: float, y: float, z: float, at: tuple[float, float, float] = (0, 0, 0)) -> _Mesh:
    box: _Mesh = trimesh.creation.box((x, y, z))
    box.apply_translation(at)
    return box


def _rod(radius: float, length: float, middle: float, sides: int = 40) -> _Mesh:
    rod: _Mesh = trimesh.creation.cylinder(radius, length, sections=sides)
    rod.apply_translation((0.0, 0.0, middle))
    return rod


def _ball(radius: float, middle: float = 0.0) -> _Mesh:
    ball: _Mesh = trimesh.creation.icosphere(3, radius)
    ball.apply_translation((0.0, 0.0, middle))
    return ball


def _block() -> list[_Mesh]:
    return [_box(0.026, 0.018, 0.038)]


def _tile() -> list[_Mesh]:
    return [_box(0.05, 0.034, 0.006)]


def _dice() -> list[_Mesh]:
    return [_box(0.016, 0.016, 0.016)]


def _pen() -> list[_Mesh]:
    return [_rod(0.0042, 0.11, 0.0), trimesh.creation.revolve(
        ((0.0, 0.067), (0.0042, 0.055), (0.0, 0.055)), sections=40)]


def _marble() -> list[_Mesh]:
    return [_ball(0.0105)]


def _bolt() -> list[_Mesh]:
    return [_rod(0.0095, 0.007, 0.0, 6), _rod(0.005, 0.036, 0.0215)]


def _nut() -> list[_Mesh]:
    return [_rod(0.0115, 0.009, 0.0, 6)]


def _channel() -> list[_Mesh]:
    return [
        _box(0.044, 0.026, 0.003), _box(0.003, 0.026, 0.018, (0.0205, 0.0, 0.0075)),
        _box(0.003, 0.026, 0.018, (-0.0205, 0.0, 0.0075))]


def _wedge() -> list[_Mesh]:
    x, y, z = 0.021, 0.012, 0.018
    corners = [(a * x, b * y, 0.0) for a in (-1, 1) for b in (-1, 1)]
    return [trimesh.convex.convex_hull(np.array([*corners, (-x, -y, z), (-x, y, z)]))]


def _cone() -> list[_Mesh]:
    return [trimesh.creation.cone(0.014, 0.03, sections=40)]


def _dumbbell() -> list[_Mesh]:
    return [_ball(0.009, -0.02), _rod(0.0035, 0.04, 0.0), _ball(0.009, 0.02)]


def _knob() -> list[_Mesh]:
    return [_rod(0.016, 0.01, 0.0, 10), _rod(0.008, 0.014, 0.012)]


def _plug() -> list[_Mesh]:
    return [_box(0.03, 0.022, 0.012), _box(0.004, 0.003, 0.016, (0.007, 0.0, 0.014)),
            _box(0.004, 0.003, 0.016, (-0.007, 0.0, 0.014))]


_THINGS: dict[str, Callable[[], list[_Mesh]]] = {
    'block': _block, 'tile': _tile, 'dice': _dice, 'pen': _pen, 'marble': _marble, 'bolt': _bolt,
    'nut': _nut, 'channel': _channel, 'wedge': _wedge, 'cone': _cone, 'dumbbell': _dumbbell,
    'knob': _knob, 'plug': _plug,
}
_STEEL = ('bolt', 'nut', 'marble', 'dumbbell')
