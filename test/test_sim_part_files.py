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

import os
from pathlib import Path
import pickle

import numpy as np
import pytest
import trimesh

from mtperception.sim.shapes.convex_pieces import convex_pieces, MAX_PIECES
from mtperception.sim.shapes.part_files import MAX_FACES, part_from_file, PartError, UNITS
from mtperception.sim.shapes.parts import PARTS

# Meshes of other makers may be put here, in folders; their units are guessed from their size.
MESHES = os.environ.get('MTPERCEPTION_MESHES', '')


@pytest.fixture
def box():
    return trimesh.creation.box((0.08, 0.05, 0.02))


def written(mesh, path):
    mesh.export(path)
    return path


def message(path, units='m'):
    with pytest.raises(PartError) as caught:
        part_from_file(path, units)
    text = str(caught.value)
    assert text.startswith(f'{path}: ')
    assert '\n' not in text
    assert len(text) < 400
    return text


@pytest.mark.parametrize('suffix', ['.obj', '.stl', '.ply', '.STL', '.glb'])
@pytest.mark.parametrize('units', sorted(UNITS))
def test_a_mesh_comes_back_in_metres_where_the_file_has_it(tmp_path, box, suffix, units):
    box.apply_translation((0.3, -0.1, 0.05))
    box.apply_scale(1.0 / UNITS[units])
    path = tmp_path / f'a box {suffix}'
    box.export(path, file_type=suffix[1:].lower())
    part = part_from_file(path, units)
    np.testing.assert_allclose(
        part.mesh.bounds, [(0.26, -0.125, 0.04), (0.34, -0.075, 0.06)], atol=1e-6)
    assert part.mesh.is_watertight
    assert part.mesh.volume == pytest.approx(8e-5, rel=1e-5)
    assert part.warnings == ()
    assert len(part.collision) == 1
    assert part.name == 'a_box_'
    assert part.grasp_width is None


def test_a_name_can_be_given(tmp_path, box):
    assert part_from_file(written(box, tmp_path / 'b.stl'), 'm', 'my part').name == 'my_part'


def test_faces_keep_their_colours_even_when_decimated(tmp_path):
    ball = trimesh.creation.icosphere(5, 0.04)
    left = ball.vertices[:, 0] < 0.0
    ball.visual.vertex_colors = np.where(left[:, None], (255, 0, 0, 255), (0, 0, 255, 255))
    part = part_from_file(written(ball, tmp_path / 'ball.ply'), 'm')
    assert len(part.mesh.faces) <= MAX_FACES
    assert part.warnings == (f'decimated from 20,480 to {len(part.mesh.faces):,} faces',)
    assert part.mesh.volume == pytest.approx(ball.volume, rel=2e-3)
    colours = part.mesh.visual.face_colors
    x = part.mesh.triangles_center[:, 0]
    np.testing.assert_array_equal(colours[x < -0.005][:, :3], [(255, 0, 0)] * (x < -0.005).sum())
    np.testing.assert_array_equal(colours[x > 0.005][:, :3], [(0, 0, 255)] * (x > 0.005).sum())


def test_faces_take_their_colours_from_a_texture(tmp_path, box):
    from PIL import Image
    upper = box.vertices[:, 2] > 0.0
    uv = np.column_stack((np.where(upper, 0.75, 0.25), np.full(8, 0.5)))
    picture = Image.fromarray(np.uint8([[(250, 10, 10), (10, 250, 10)]]))
    box.visual = trimesh.visual.TextureVisuals(uv=uv, image=picture)
    part = part_from_file(written(box, tmp_path / 'box.obj'), 'm')
    normals = part.mesh.face_normals
    np.testing.assert_array_equal(
        part.mesh.visual.face_colors[normals[:, 2] > 0.9][:, :3], [(10, 250, 10)] * 2)
    np.testing.assert_array_equal(
        part.mesh.visual.face_colors[normals[:, 2] < -0.9][:, :3], [(250, 10, 10)] * 2)
    # Texture seams do not open the mesh.
    assert part.mesh.is_watertight


def test_the_colour_of_a_material_is_kept(tmp_path, box):
    red = trimesh.visual.material.PBRMaterial(baseColorFactor=(250, 10, 10, 255))
    box.visual = trimesh.visual.TextureVisuals(material=red)
    part = part_from_file(written(trimesh.Scene([box]), tmp_path / 'box.glb'), 'm')
    np.testing.assert_array_equal(
        part.mesh.visual.face_colors[:, :3], [(250, 10, 10)] * len(part.mesh.faces))


def test_an_inside_out_mesh_is_turned(tmp_path, box):
    box.invert()
    part = part_from_file(written(box, tmp_path / 'box.stl'), 'm')
    assert part.mesh.volume == pytest.approx(8e-5, rel=1e-5)
    assert part.warnings == ('faces that looked inwards have been turned',)


def test_single_faces_that_look_inwards_are_turned(tmp_path, box):
    box.faces[3] = box.faces[3][::-1]
    part = part_from_file(written(box, tmp_path / 'box.stl'), 'm')
    assert part.mesh.is_winding_consistent
    assert part.mesh.volume == pytest.approx(8e-5, rel=1e-5)
    assert len(part.warnings) == 1


def test_a_hole_is_closed(tmp_path, box):
    box.update_faces(np.arange(12) != 4)
    part = part_from_file(written(box, tmp_path / 'box.ply'), 'm')
    assert part.mesh.is_watertight
    assert part.warnings == ('open: closed with 1 faces',)


def test_a_mesh_that_stays_open_is_a_part_with_a_warning(tmp_path):
    tube = trimesh.creation.cylinder(0.02, 0.08)
    tube.update_faces(np.abs(tube.face_normals[:, 2]) < 0.5)
    part = part_from_file(written(tube, tmp_path / 'tube.stl'), 'm')
    assert len(part.warnings) == 1
    assert part.warnings[0].startswith('open: ')


def test_a_wrong_unit_is_said_with_those_that_fit(tmp_path, box):
    box.apply_scale(1000.0)
    text = message(written(box, tmp_path / 'box.stl'))
    assert "80 m long in units 'm'" in text
    assert 'cm (0.8 m) or mm (0.08 m)' in text
    box.apply_scale(1e-5)
    text = message(written(box, tmp_path / 'box.stl'), 'inch')
    assert "units 'inch'" in text
    assert 'no unit fits: m (' in text
    assert 'choose one of m, cm, mm, inch' in message(tmp_path / 'box.stl', 'yard')


def test_flat_meshes_are_refused(tmp_path):
    square = trimesh.Trimesh([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], [(0, 1, 2), (0, 2, 3)])
    assert 'flat' in message(written(square, tmp_path / 'square.stl'))
    twice = square + trimesh.Trimesh(square.vertices, square.faces[:, ::-1])
    twice.apply_transform(trimesh.transformations.rotation_matrix(0.7, (1, 2, 3)))
    assert 'flat' in message(written(twice, tmp_path / 'twice.ply'))


def test_vertices_that_are_no_numbers_are_refused(tmp_path, box):
    box.vertices[3] = (np.nan, 0.0, 0.0)
    assert 'not finite' in message(written(box, tmp_path / 'box.ply'))


def pickled(path):
    path.write_bytes(pickle.dumps({'vertices': [1, 2, 3]}))


def cut_short(path):
    trimesh.creation.box((0.1, 0.1, 0.1)).export(path, file_type=path.suffix[1:])
    path.write_bytes(path.read_bytes()[:200])


@pytest.mark.parametrize('suffix', ['.obj', '.stl', '.ply', '.glb'])
@pytest.mark.parametrize('make', [
    pickled, cut_short, lambda path: path.write_bytes(b''),
    lambda path: path.write_text('a part of mine\n'),
    lambda path: path.write_bytes(bytes(range(256)) * 40), lambda path: None,
    Path.mkdir,
])
def test_what_is_no_mesh_is_refused_in_one_line(tmp_path, suffix, make):
    path = tmp_path / f'part{suffix}'
    make(path)
    message(path)


@pytest.mark.parametrize('name', ['part.pkl', 'part.step', 'part', 'part.gltf'])
def test_other_formats_are_refused_by_name(tmp_path, name):
    pickled(tmp_path / name)
    assert 'OBJ, STL, PLY or GLB' in message(tmp_path / name)


def test_ten_million_faces_are_refused_without_reading_them(tmp_path):
    path = tmp_path / 'huge.stl'
    with path.open('wb') as file:
        file.write(b'\0' * 80 + (10_000_000).to_bytes(4, 'little'))
        file.truncate(84 + 50 * 10_000_000)
    assert 'MB are too many' in message(path)


def test_convex_pieces_follow_a_mesh_with_a_corner():
    mesh = PARTS['l']().mesh
    pieces = convex_pieces(mesh)
    assert 2 <= len(pieces) <= MAX_PIECES
    hulls = [trimesh.convex.convex_hull(piece) for piece in pieces]
    assert sum(hull.volume for hull in hulls) == pytest.approx(mesh.volume, rel=0.1)
    # Together they are as large as the mesh, so that it neither floats nor sinks in.
    whole = trimesh.convex.convex_hull(np.concatenate(pieces))
    assert whole.volume == pytest.approx(mesh.convex_hull.volume, rel=1e-9)
    for one, other in zip(pieces, convex_pieces(mesh), strict=True):
        np.testing.assert_array_equal(one, other)
    # Between the legs there is nothing.
    inside = (mesh.bounds[0] + (0.05, 0.04, 0.012))[None]
    for hull in hulls:
        away = inside @ hull.face_normals.T
        away -= np.einsum('ij,ij->i', hull.face_normals, hull.triangles[:, 0])
        assert away.max() > 0.0


@pytest.mark.skipif(not MESHES, reason='MTPERCEPTION_MESHES names no folder of meshes')
def test_meshes_of_other_makers_become_parts():
    paths = [
        path for path in sorted(Path(MESHES).rglob('*'))
        if path.suffix.lower() in ('.obj', '.stl', '.ply')]
    assert paths
    for path in paths:
        longest = trimesh.load_mesh(path).extents.max()
        units = 'm' if longest < 0.5 else 'inch' if longest < 10.0 else 'mm'
        part = part_from_file(path, units)
        assert len(part.mesh.faces) <= 2 * MAX_FACES
        assert part.mesh.volume > 0.0
        assert 1 <= len(part.collision) <= MAX_PIECES
        np.testing.assert_allclose(
            np.concatenate(part.collision).max(axis=0), part.mesh.bounds[1], atol=1e-6)
