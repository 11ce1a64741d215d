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

"""The mesh of a new object: what is put right, and what is refused with the way out."""

import numpy as np
import pytest
import trimesh

from mtperception.objects.mesh_check import checked_mesh, size_text, write_mesh
from mtperception.objects.registry import ObjectError
from mtperception.sim.shapes.part_files import mesh_from_file, PartError


@pytest.fixture
def box():
    return trimesh.creation.box((80.0, 50.0, 20.0))


def written(mesh, path):
    mesh.export(path)
    return path


def message(path, units='mm', **more):
    with pytest.raises((ObjectError, PartError)) as caught:
        checked_mesh(path, units, **more)
    text = str(caught.value)
    assert text.startswith(f'{path}: ') and '\n' not in text
    return text


@pytest.mark.parametrize('suffix', ['.stl', '.obj', '.ply', '.glb'])
def test_a_good_mesh_is_taken_as_it_is(tmp_path, box, suffix):
    checked = checked_mesh(written(box, tmp_path / f'box{suffix}'), 'mm')
    assert checked.notes == () and len(checked.sha256) == 64
    assert size_text(checked.mesh) == '80 x 50 x 20 mm'
    assert checked.mesh.is_watertight


def test_what_cannot_be_read_is_named(tmp_path):
    assert 'No such file' in message(tmp_path / 'nowhere.stl')
    (tmp_path / 'step.step').write_text('ISO-10303-21;')
    assert 'give an OBJ, STL, PLY or GLB file' in message(tmp_path / 'step.step')
    (tmp_path / 'text.stl').write_text('a part of mine')
    assert 'no faces' in message(tmp_path / 'text.stl')
    (tmp_path / 'cut.ply').write_bytes(b'ply\nformat binary_little_endian 1.0\n')
    assert 'not readable as PLY' in message(tmp_path / 'cut.ply')
    trimesh.PointCloud(np.eye(3)).export(tmp_path / 'cloud.ply')
    message(tmp_path / 'cloud.ply')


def test_an_open_mesh_is_refused_unless_it_is_allowed(tmp_path, box):
    box = box.subdivide().subdivide()
    box.update_faces(box.face_normals[:, 2] < 0.9)
    path = written(box, tmp_path / 'tray.stl')
    text = message(path)
    assert 'the mesh is open: 16 edges' in text and '--allow-open' in text
    checked = checked_mesh(path, 'mm', allow_open=True)
    assert checked.notes == ('Open at 16 edges: taken as it is',)


def test_small_holes_are_closed_and_it_is_said(tmp_path):
    ball = trimesh.creation.icosphere(5, 40.0)
    far = np.linalg.norm(ball.triangles_center - ball.triangles_center[7], axis=1)
    ball.update_faces((far > 2.0) & (np.arange(len(ball.faces)) % 2000 != 5))
    checked = checked_mesh(written(ball, tmp_path / 'ball.ply'), 'mm')
    assert any(note.startswith('Open: closed with ') for note in checked.notes)
    assert any(note.startswith('Decimated from ') for note in checked.notes)


def test_an_inside_out_mesh_is_turned_and_it_is_said(tmp_path, box):
    box.invert()
    checked = checked_mesh(written(box, tmp_path / 'box.stl'), 'mm')
    assert checked.notes == ('Faces that looked inwards have been turned',)
    assert checked.mesh.volume == pytest.approx(8e-5)


@pytest.mark.parametrize(('units', 'said'), [
    ('m', "80 m long in units 'm', where parts have 0.01 to 1 m; its unit may be "
          'cm (0.8 m) or mm (0.08 m)'),
    ('inch', 'its unit may be')])
def test_a_wrong_unit_is_told_from_the_size(tmp_path, box, units, said):
    assert said in message(written(box, tmp_path / 'box.stl'), units)


def test_what_is_too_small_or_large_in_any_unit_is_told(tmp_path, box):
    box.apply_scale(1e-6)
    assert 'no unit fits' in message(written(box, tmp_path / 'box.ply'))
    assert "unknown unit 'yard'" in message(tmp_path / 'box.ply', 'yard')
    # A grain of 5 mm is a part, but not an object for poses.
    small = written(trimesh.creation.box((5.0, 4.0, 3.0)), tmp_path / 'small.stl')
    assert '0.01 to 1 m' in message(small)
    assert mesh_from_file(small, 'mm')[0].is_watertight


def test_degenerate_meshes_are_refused(tmp_path, box):
    flat = trimesh.Trimesh([(0, 0, 0), (90, 0, 0), (90, 90, 0)], [(0, 1, 2)])
    assert 'flat' in message(written(flat, tmp_path / 'flat.stl'))
    box.vertices[3] = (np.nan, 0.0, 0.0)
    assert 'not finite' in message(written(box, tmp_path / 'nan.ply'))


def test_ten_million_faces_are_refused_without_reading_them(tmp_path):
    path = tmp_path / 'huge.stl'
    with path.open('wb') as file:
        file.write(b'\0' * 80 + (10_000_000).to_bytes(4, 'little'))
        file.truncate(84 + 50 * 10_000_000)
    assert 'MB are too many' in message(path)


def test_a_colour_paints_all_of_it(tmp_path, box):
    path = written(box, tmp_path / 'box.stl')
    checked = checked_mesh(path, 'mm', colour='#C8102E')
    write_mesh(checked.mesh, tmp_path / 'painted.ply')
    mesh, _ = mesh_from_file(tmp_path / 'painted.ply', 'm')
    np.testing.assert_array_equal(mesh.visual.face_colors[:, :3], [(200, 16, 46)] * 12)
    with pytest.raises(ObjectError, match='six hexadecimal digits'):
        checked_mesh(path, 'mm', colour='red')


def test_an_origin_far_away_is_said(tmp_path, box):
    box.apply_translation((200.0, 0.0, 0.0))
    note, = checked_mesh(written(box, tmp_path / 'box.stl'), 'mm').notes
    assert note.startswith('Its origin is 2.5 lengths away from its middle')


def test_what_was_written_is_read_as_it_was(tmp_path):
    path = tmp_path / 'ball.ply'
    write_mesh(trimesh.creation.icosphere(6, 0.05), path)
    first, warnings = mesh_from_file(path, 'm')
    assert len(first.faces) <= 10_000 and warnings == ()
    np.testing.assert_array_equal(first.vertices, mesh_from_file(path, 'm')[0].vertices)
