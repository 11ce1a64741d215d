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

"""The meshes of objects, by name: what poses mean."""

import trimesh

from mtperception import zoo
from mtperception.objects.registry import own_part
from mtperception.sim.shapes.parts import Part, PARTS
from mtperception.zoo.own_models import own_names


def part_of(name: str) -> Part:
    """
    Return the part of an object's name: the package's, or the user's own.

    zoo.ModelError says that there is none, or what is wrong with it.
    """
    if name in PARTS:
        return PARTS[name]()
    own = own_names()
    if name not in own:
        known = ', '.join((*PARTS, *own))
        raise zoo.ModelError(f'no object is called {name!r}; there are: {known}')
    return own_part(name)


def mesh_of(name: str) -> trimesh.Trimesh:
    """Return an object's mesh, in metres and in the frame that its poses are of."""
    return part_of(name).mesh
