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

"""Pose data sets on disk: what is written is read again, and fields are as BOP has them."""

import json
import shutil

import cv2
import numpy as np
import pytest
import trimesh

from mtperception.datasets.bop import read_bop, read_model_numbers
from mtperception.datasets.errors import DatasetError
from mtperception.sim.pose.bop import diameter, scene_files, SCENE_SIZE
from mtperception.sim.pose.data import PoseData
from mtperception.sim.pose.labels import windowed
from mtperception.sim.pose.scene import PoseScene
from mtperception.sim.render import render
from mtperception.sim.shapes.part_files import part_from_file
from mtperception.sim.shapes.parts import PARTS
from mtperception.sim.shapes.user_files import UserFiles

COUNT, SEED = 3, 11


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp('pose')
    assert render(PoseData(), root, COUNT, SEED).missing == 0
    return root


@pytest.fixture(scope='module')
def samples():
    with PoseScene(PARTS['hammer']()) as scene:
        return [scene.sample(SEED, index) for index in range(COUNT)]


@pytest.fixture
def copied(folder, tmp_path):
    """A data set that a test may damage."""
    shutil.copytree(folder, tmp_path / 'data')
    return tmp_path / 'data'


def test_what_is_read_is_what_was_rendered(folder, samples):
    pictures = read_bop(folder)
    assert len(pictures) == COUNT
    for picture, sample in zip(pictures, samples, strict=True):
        assert picture.camera == sample.camera
        image = cv2.imread(str(picture.path))[:, :, ::-1]
        difference = image.astype(int) - sample.image
        assert image.shape == sample.image.shape and np.abs(difference).mean() < 4
        depth = picture.measured_depth()
        seen = np.isfinite(sample.depth)
        assert np.abs(depth[seen] - sample.depth[seen]).max() <= 0.00051
        for found, thing in zip(picture.objects, sample.objects, strict=True):
            assert found.number == 1 and found.visible == thing.visible
            np.testing.assert_allclose(found.rotation, thing.rotation, atol=1e-12)
            np.testing.assert_allclose(found.translation, thing.translation, atol=1e-12)
            assert found.visible_box == thing.visible_box
            np.testing.assert_allclose(found.box, thing.box, atol=1.6)
            for path, expected in (
                    (found.mask, thing.mask), (found.visible_mask, thing.visible_mask)):
                np.testing.assert_array_equal(cv2.imread(str(path), 0), 255 * expected)
            alone = cv2.imread(str(found.alone))[:, :, ::-1]
            np.testing.assert_array_equal(alone, thing.alone)


def test_fields_are_those_of_the_format(folder, samples):
    scene = folder / 'train' / '000000'
    cameras, poses, infos = (
        json.loads((scene / f'scene_{name}.json').read_text())
        for name in ('camera', 'gt', 'gt_info'))
    assert list(cameras) == list(poses) == list(infos) == [str(i) for i in range(COUNT)]
    for number, sample in enumerate(samples):
        camera, pose, info = (file[str(number)] for file in (cameras, poses, infos))
        thing, = sample.objects
        assert camera['cam_K'] == [443.0, 0.0, 255.5, 0.0, 443.0, 255.5, 0.0, 0.0, 1.0]
        assert camera['depth_scale'] == 1.0
        # World to camera: the bench's points are where the depth picture shows them.
        turn, move = np.reshape(camera['cam_R_w2c'], (3, 3)), np.array(camera['cam_t_w2c'])
        np.testing.assert_allclose(
            turn @ (1000.0 * sample.view.position) + move, 0.0, atol=1e-9)
        assert pose[0]['obj_id'] == 1
        np.testing.assert_allclose(pose[0]['cam_t_m2c'], 1000.0 * thing.translation)
        rows, columns = np.nonzero(thing.mask)
        assert info[0]['bbox_obj'] == [
            columns.min(), rows.min(), np.ptp(columns), np.ptp(rows)]
        assert info[0]['px_count_all'] == info[0]['px_count_valid'] == thing.mask.sum()
        assert info[0]['px_count_visib'] == thing.visible_mask.sum()
        assert info[0]['visib_fract'] == pytest.approx(
            info[0]['px_count_visib'] / info[0]['px_count_all'])
        assert (scene / 'rgb' / f'{number:06d}.jpg').exists()
        assert (scene / 'mask_visib' / f'{number:06d}_000000.png').exists()


def test_models_are_in_millimetres_with_normals_and_colours(folder):
    part = PARTS['hammer']()
    path = folder / 'models' / 'obj_000001.ply'
    header = path.read_text().split('end_header')[0]
    assert 'format ascii 1.0' in header
    assert all(f'property float {name}\n' in header for name in ('x', 'y', 'z', 'nx', 'ny', 'nz'))
    model = trimesh.load_mesh(path)
    np.testing.assert_allclose(model.bounds, 1000.0 * part.mesh.bounds, atol=1e-4)
    again = part_from_file(path, 'mm')
    np.testing.assert_allclose(again.mesh.bounds, part.mesh.bounds, atol=1e-7)
    assert len(np.unique(again.mesh.visual.face_colors, axis=0)) == 2
    info = read_model_numbers(folder)[1]
    assert info['name'] == 'hammer' and info['size_z'] == pytest.approx(300.0)
    assert info['min_z'] == pytest.approx(-150.0)
    corners = np.asarray(model.vertices)
    farthest = max(np.linalg.norm(corners - corner, axis=1).max() for corner in corners)
    assert info['diameter'] == pytest.approx(farthest, rel=1e-6)
    assert diameter(part.mesh) == pytest.approx(farthest / 1000.0, rel=1e-6)


def test_the_picture_alone_is_seen_through_the_window(folder, samples):
    picture, = read_bop(folder)[:1]
    thing, = samples[0].objects
    close = windowed(picture.camera, thing.alone_window, 128)
    x0, y0, side = thing.alone_window
    point = np.array([[0.02, -0.03, 0.9]])
    (u, v), = picture.camera.project(point)
    expected = ((u + 0.5 - (x0 + 0.5)) / side * 128 - 0.5, (v - y0) / side * 128 - 0.5)
    np.testing.assert_allclose(close.project(point)[0], expected, atol=1e-9)


def test_scenes_hold_a_thousand_pictures_each():
    record = {
        'scene_camera.json': {}, 'scene_gt.json': [{'obj_id': 'a'}], 'scene_gt_info.json': []}
    files = dict(scene_files((record for _ in range(2 * SCENE_SIZE + 1)), {'a': 5}))
    assert len(files) == 9
    sizes = [len(json.loads(files[f'train/{i:06d}/scene_gt.json'])) for i in range(3)]
    assert sizes == [SCENE_SIZE, SCENE_SIZE, 1]
    assert json.loads(files['train/000002/scene_gt.json']) == {'0': [{'obj_id': 5}]}
    assert list(json.loads(files['train/000001/scene_gt.json']))[:2] == ['0', '1']


def test_a_scene_a_split_and_the_whole_are_read_alike(folder):
    whole = [picture.path for picture in read_bop(folder)]
    assert [picture.path for picture in read_bop(folder / 'train')] == whole
    assert [picture.path for picture in read_bop(folder / 'train' / '000000')] == whole


def damage(file, change):
    def apply(root):
        path = root / 'train' / '000000' / file
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))
    return apply


DAMAGES = {
    'no poses': (lambda root: shutil.rmtree(root / 'train'), 'scene_gt.json'),
    'no camera file': (
        lambda root: (root / 'train' / '000000' / 'scene_camera.json').unlink(),
        'scene_camera.json: not found'),
    'half a file': (
        lambda root: (root / 'train' / '000000' / 'scene_gt.json').write_text('{"0": ['),
        'scene_gt.json: not readable as JSON'),
    'no picture': (
        lambda root: (root / 'train' / '000000' / 'rgb' / '000001.jpg').unlink(),
        '000001: the picture is missing'),
    'no picture at all': (
        lambda root: (root / 'train' / '000000' / 'rgb' / '000000.jpg').write_bytes(b''),
        '000000.jpg: not a picture'),
    'no camera': (
        damage('scene_camera.json', lambda document: document.pop('2')),
        "scene_camera.json: nothing under the key '2'"),
    'a short K': (
        damage('scene_camera.json', lambda document: document['0']['cam_K'].pop()),
        "scene_camera.json: '0': cam_K must be 9 numbers"),
    'no scale': (
        damage('scene_camera.json', lambda document: document['1'].pop('depth_scale')),
        "scene_camera.json: '1': no depth_scale"),
    'no rotation': (
        damage('scene_gt.json', lambda document: document['0'][0].pop('cam_R_m2c')),
        "scene_gt.json: '0'[0]: no cam_R_m2c"),
    'a mirror': (
        damage('scene_gt.json', lambda document: document['0'][0].update(
            cam_R_m2c=[1, 0, 0, 0, 1, 0, 0, 0, -1])), 'cam_R_m2c is not a rotation'),
    'not numbers': (
        damage('scene_gt.json', lambda document: document['0'][0].update(
            cam_t_m2c=['here', 0, 0])), "scene_gt.json: '0'[0]: no cam_t_m2c"),
    'not finite': (
        damage('scene_gt.json', lambda document: document['0'][0].update(
            cam_t_m2c=[float('nan'), 0, 0])), 'cam_t_m2c must be 3 numbers'),
    'not a list': (
        damage('scene_gt.json', lambda document: document.update({'0': {'obj_id': 1}})),
        "scene_gt.json: '0' is not a list"),
    'not objects': (
        damage('scene_gt.json', lambda document: document.update({'0': [7]})),
        "scene_gt.json: '0'[0]: no cam_R_m2c"),
    'another count': (
        damage('scene_gt_info.json', lambda document: document['1'].append({})),
        "scene_gt_info.json: '1' has 2 objects"),
    'no box': (
        damage('scene_gt_info.json', lambda document: document['1'][0].pop('bbox_obj')),
        "scene_gt_info.json: '1'[0]: no bbox_obj"),
    'other keys': (
        damage('scene_gt.json', lambda document: document.update(info={})),
        'scene_gt.json: not keyed by numbers'),
}


@pytest.mark.parametrize('name', DAMAGES)
def test_damages_are_named_in_one_line(copied, name):
    apply, message = DAMAGES[name]
    apply(copied)
    with pytest.raises(DatasetError) as caught:
        read_bop(copied)
    assert message in str(caught.value) and '\n' not in str(caught.value)


def test_depth_that_is_not_there(copied):
    (copied / 'train' / '000000' / 'depth' / '000000.png').unlink()
    picture = read_bop(copied)[0]
    assert picture.depth is None
    with pytest.raises(DatasetError, match='no readable depth'):
        picture.measured_depth()


def test_parameters_are_hashes_of_the_users_meshes(tmp_path):
    PARTS['star']().mesh.export(tmp_path / 'star.ply')
    data = PoseData(UserFiles(tmp_path, 'm'))
    assert [part.name for part in data.parts()] == ['star']
    assert data.arguments == ('--meshes', str(tmp_path), '--units', 'm')
    before = data.parameters()['meshes']
    PARTS['ring']().mesh.export(tmp_path / 'star.ply')
    assert data.parameters()['meshes'] != before
    assert PoseData().parameters() == {}
