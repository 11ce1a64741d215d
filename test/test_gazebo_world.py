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

"""The world for Gazebo: read by the real libsdformat, and by nothing of this project."""

import contextlib
import ctypes.util
import json
from pathlib import Path
import subprocess
import sys
from xml.etree import ElementTree

from hypothesis import given, strategies as st
import numpy as np
import pytest
import trimesh
import yaml

from mtperception.cli.main import main
from mtperception.geometry.rotations import matrix, quaternion, random_rotations
from mtperception.sim.cell import BENCH_STATION, cell_cameras, PIN_STATION, TOOL_STATION
from mtperception.sim.shapes.parts import PARTS

SDFORMAT = ctypes.util.find_library('sdformat12')
SCHEMA = Path('/usr/share/sdformat12')
needs_sdformat = pytest.mark.skipif(
    SDFORMAT is None or not SCHEMA.is_dir(),
    reason='libsdformat is not installed: apt-get install libsdformat12-12')
# What gz-sensors reads itself, without a place in the format.
EXTENSIONS = {'gz_frame_id'}


@pytest.fixture(scope='module')
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp('world')
    assert main(['export-world', str(folder)]) == 0
    return folder


def read(path):
    return ElementTree.parse(path).getroot()


def sdformat(verb, path, home):
    """
    Have libsdformat read a file; return what it printed, and the elements it does not know.

    In a process of its own: it prints past Python, and its log is in the home folder.
    """
    arguments = 'path' if verb == 'cmdCheck' else 'path, 0, 0, 0, 0'
    code = (
        f'import ctypes, sys; path = sys.argv[1].encode(); '
        f'sys.exit(ctypes.CDLL({SDFORMAT!r}).{verb}({arguments}) != 0)')
    result = subprocess.run(
        [sys.executable, '-c', code, path], capture_output=True, text=True, check=False,
        env={'HOME': str(home), 'SDF_PATH': str(SCHEMA)})
    assert result.returncode == 0, result.stdout + result.stderr
    log = (home / '.sdformat/sdformat.log').read_text()
    unknown = {
        line.partition('XML Element[')[2].partition(']')[0]
        for line in log.splitlines() if 'not defined in SDF' in line}
    return result.stdout + result.stderr, unknown


@needs_sdformat
def test_libsdformat_finds_the_world_and_each_model_valid(world, tmp_path):
    for path in (world / 'world.sdf', *world.glob('models/*/model.sdf')):
        said, unknown = sdformat('cmdCheck', path, tmp_path)
        assert said.strip() == 'Valid.'
        assert unknown <= EXTENSIONS


@needs_sdformat
def test_libsdformat_understands_all_that_the_world_says(world, tmp_path):
    printed, _ = sdformat('cmdPrint', world / 'world.sdf', tmp_path)
    understood = ElementTree.fromstring(printed)
    assert set(leaves(read(world / 'world.sdf'))) <= set(leaves(understood))


@needs_sdformat
def test_an_unknown_element_would_be_found(world, tmp_path):
    text = (world / 'world.sdf').read_text().replace('max_step_size>', 'maximal_step>')
    (tmp_path / 'wrong.sdf').write_text(text)
    _, unknown = sdformat('cmdCheck', tmp_path / 'wrong.sdf', tmp_path)
    assert 'maximal_step' in unknown


def leaves(element, path=''):
    """Give the path and value of each element with a value; names of siblings tell them apart."""
    path = f'{path}/{element.tag}[{element.get("name", "")}]'
    text = (element.text or '').strip()
    if text:
        with contextlib.suppress(ValueError):
            text = tuple(round(float(number), 6) for number in text.split())
        yield path, text
    for child in element:
        yield from leaves(child, path)


def test_meshes_load_with_normals_and_all_files_are_used(world):
    used = set()
    for path in world.glob('models/*/model.sdf'):
        for uri in read(path).iter('uri'):
            mesh_path = path.parent / uri.text
            used.add(mesh_path)
            text = mesh_path.read_text()
            normals = np.array([
                line.split()[1:] for line in text.splitlines() if line.startswith('vn ')], float)
            assert np.allclose(np.linalg.norm(normals, axis=1), 1.0, atol=1e-5)
            assert all('//' not in line and line.count('/') == 6
                       for line in text.splitlines() if line.startswith('f '))
            mesh = trimesh.load(mesh_path, force='mesh')
            assert len(mesh.faces) and np.isfinite(mesh.vertices).all()
            if '_collision_' in mesh_path.name:
                # Corners are apart where their normals differ.
                solid = trimesh.Trimesh(mesh.vertices, mesh.faces)
                assert solid.is_volume
                assert solid.volume == pytest.approx(solid.convex_hull.volume, rel=1e-3)
    assert used == set(world.glob('models/*/meshes/*.obj'))
    for library in world.glob('models/*/meshes/*.mtl'):
        for line in library.read_text().splitlines():
            if line.startswith('map_Kd'):
                assert (library.parent / line.split()[1]).is_file()


def test_the_world_has_the_same_models_as_the_folders(world):
    models = {model.get('name') for model in read(world / 'world.sdf').iter('model')}
    cameras = {camera.name for camera in cell_cameras(0)}
    folders = {path.name for path in (world / 'models').iterdir()}
    assert models == folders | cameras
    assert {'workpiece', 'hammer', 'cylinder', 'l', 'star', 't', 'bench'} <= folders
    for uri in read(world / 'world.sdf').iter('uri'):
        assert (world / uri.text).is_file()


@pytest.mark.parametrize('name', ['cylinder', 'l', 'star', 't', 'hammer'])
def test_a_model_is_its_part(world, name):
    part = PARTS[name]()
    folder = world / 'models' / name
    seen = trimesh.load(folder / f'meshes/{name}.obj', force='mesh')
    assert np.allclose(seen.bounds, part.mesh.bounds, atol=1e-6)
    assert seen.area == pytest.approx(part.mesh.area, rel=1e-4)
    pieces = [trimesh.load(path, force='mesh') for path in folder.glob('meshes/*_collision_*')]
    assert len(pieces) == len(part.collision)
    inertial = read(folder / 'model.sdf').find('.//inertial')
    mass = float(inertial.find('mass').text)
    assert mass == pytest.approx(2700.0 * part.mesh.volume, rel=1e-6)
    get = {tag: float(inertial.find(f'inertia/{tag}').text)
           for tag in ('ixx', 'ixy', 'ixz', 'iyy', 'iyz', 'izz')}
    inertia = np.array([
        (get['ixx'], get['ixy'], get['ixz']), (get['ixy'], get['iyy'], get['iyz']),
        (get['ixz'], get['iyz'], get['izz'])])
    # No body has a larger moment about one axis than about the other two together.
    small, middle, large = np.linalg.eigvalsh(inertia)
    assert 0.0 < small <= middle <= large < (small + middle) * 1.000001


def test_models_rest_above_their_bench_and_do_not_touch_each_other(world):
    boxes = {}
    for model in read(world / 'world.sdf').iter('model'):
        if model.find('static') is not None:
            continue
        x, y, z, *turn = (float(number) for number in model.find('pose').text.split())
        mesh = trimesh.load(
            world / model.find('link/visual/geometry/mesh/uri').text, force='mesh')
        points = mesh.vertices @ matrix(turn).T + (x, y, z)
        assert points[:, 2].min() > 0.0
        boxes[model.get('name')] = points.min(axis=0), points.max(axis=0)
    assert len(boxes) == 5
    names = sorted(boxes)
    for place, one in enumerate(names):
        for other in names[place + 1:]:
            apart = (boxes[one][0] > boxes[other][1]) | (boxes[other][0] > boxes[one][1])
            assert apart.any(), (one, other)


def gazebo_pixels(sensor, pose, points):
    """Project as Gazebo does: along +X, pixels counted from the corner of the first one."""
    x, y, z, *turn = (float(number) for number in pose.text.split())
    ahead, left, up = ((points - (x, y, z)) @ matrix(turn)).T
    get = {tag: float(sensor.find(f'camera/lens/intrinsics/{tag}').text)
           for tag in ('fx', 'fy', 'cx', 'cy')}
    return np.column_stack((
        get['cx'] - get['fx'] * left / ahead, get['cy'] - get['fy'] * up / ahead))


@pytest.mark.parametrize('seed', [0, 3])
def test_cameras_see_in_gazebo_what_they_see_here(tmp_path, seed):
    assert main(['export-world', str(tmp_path), '--seed', str(seed)]) == 0
    models = {model.get('name'): model for model in read(tmp_path / 'world.sdf').iter('model')}
    rng = np.random.default_rng(1)
    stations = {'pin_camera': PIN_STATION, 'bench_camera': BENCH_STATION,
                'tool_camera': TOOL_STATION}
    for camera in cell_cameras(seed):
        middle = np.array((stations[camera.name], 0.0, 0.0))
        points = middle + rng.uniform(-0.05, 0.05, (20, 3))
        expected = camera.view.project(points)
        lens = camera.view.camera
        assert (expected > 0).all() and (expected < (lens.width, lens.height)).all()
        model = models[camera.name]
        for sensor in model.iter('sensor'):
            assert np.allclose(
                gazebo_pixels(sensor, model.find('pose'), points) - 0.5, expected, atol=1e-4)
            size = tuple(int(sensor.find(f'camera/image/{tag}').text)
                         for tag in ('width', 'height'))
            assert size == (lens.width, lens.height)
            assert sensor.find('gz_frame_id').text == camera.frame_id
            assert float(sensor.find('update_rate').text) == camera.rate


def test_each_camera_has_the_sensors_that_tell_the_truth(world):
    kinds = {
        model.get('name'): [sensor.get('type') for sensor in model.iter('sensor')]
        for model in read(world / 'world.sdf').iter('model')
        if model.find('.//sensor') is not None}
    truth = ['segmentation', 'boundingbox_camera']
    assert kinds == {
        'pin_camera': ['camera', *truth], 'bench_camera': ['rgbd_camera', *truth],
        'tool_camera': ['rgbd_camera', *truth]}
    plugins = {plugin.get('filename') for plugin in read(world / 'world.sdf').iter('plugin')}
    assert plugins == {
        f'gz-sim-{name}-system' for name in (
            'physics', 'user-commands', 'scene-broadcaster', 'sensors', 'label')}


def test_labels_are_named(world):
    names = json.loads((world / 'labels.json').read_text())
    for model in read(world / 'world.sdf').iter('model'):
        label = model.find('plugin/label')
        if label is not None:
            assert model.get('name').startswith(names[label.text])
    assert set(names.values()) == {'pin', 'hammer', 'cylinder', 'l', 'star', 't'}


def test_the_bridge_has_the_keys_and_types_of_ros_gz(world):
    entries = yaml.safe_load((world / 'bridge.yaml').read_text())
    keys = {'ros_topic_name', 'gz_topic_name', 'ros_type_name', 'gz_type_name', 'direction',
            'lazy'}
    assert all(set(entry) == keys for entry in entries)
    assert {entry['direction'] for entry in entries} == {'GZ_TO_ROS'}
    assert {(entry['ros_type_name'], entry['gz_type_name']) for entry in entries} == {
        ('rosgraph_msgs/msg/Clock', 'gz.msgs.Clock'), ('sensor_msgs/msg/Image', 'gz.msgs.Image'),
        ('sensor_msgs/msg/CameraInfo', 'gz.msgs.CameraInfo'),
        ('vision_msgs/msg/Detection3DArray', 'gz.msgs.AnnotatedOriented3DBox_V')}
    topics = {entry['ros_topic_name']: entry['gz_topic_name'] for entry in entries}
    assert len(topics) == len(entries) == 1 + 4 + 5 + 5
    assert topics['/clock'] == '/clock'
    # What a sensor's topic becomes, from the sources of gz-sensors.
    made = {'/clock'}
    for sensor in read(world / 'world.sdf').iter('sensor'):
        topic = '/' + sensor.find('topic').text
        made |= {
            'camera': {topic, topic.rpartition('/')[0] + '/camera_info'},
            'rgbd_camera': {f'{topic}/image', f'{topic}/depth_image', f'{topic}/camera_info'},
            'segmentation': {f'{topic}/labels_map'},
            'boundingbox_camera': {topic}}[sensor.get('type')]
    assert set(topics.values()) == made


def test_the_bridge_s_topics_are_those_of_the_embedded_simulator(world, ros):
    from mtperception.nodes.cell_simulator import CellSimulatorNode

    entries = yaml.safe_load((world / 'bridge.yaml').read_text())
    bridged = {'/' + entry['ros_topic_name'].lstrip('/'): entry['ros_type_name']
               for entry in entries}
    node = CellSimulatorNode()
    try:
        published = {
            name: kinds[0] for name, kinds in node.get_topic_names_and_types()
            if '_camera/' in name}
    finally:
        node.destroy_node()
    assert published and published.items() <= bridged.items()


def test_the_user_s_meshes_lie_on_the_bench(tmp_path):
    meshes = tmp_path / 'meshes'
    meshes.mkdir()
    trimesh.creation.box((40.0, 30.0, 20.0)).export(meshes / 'my <part> & more.stl')
    trimesh.creation.cylinder(15.0, 50.0).export(meshes / 'bolt.ply')
    out = tmp_path / 'out'
    assert main(['export-world', str(out), '--meshes', str(meshes), '--units', 'mm']) == 0
    models = [model.get('name') for model in read(out / 'world.sdf').iter('model')]
    assert 'bolt' in models and 'my_part_more' in models and 'star' not in models
    names = set(json.loads((out / 'labels.json').read_text()).values())
    assert names == {'pin', 'hammer', 'bolt', 'my_part_more'}


def test_the_same_seed_gives_the_same_files(world, tmp_path):
    assert main(['export-world', str(tmp_path)]) == 0
    files = [path.relative_to(world) for path in world.rglob('*') if path.is_file()]
    assert all((world / path).read_bytes() == (tmp_path / path).read_bytes() for path in files)


@pytest.mark.parametrize('content, reason', [
    ({'notes.txt': 'x'}, 'holds other files'), (None, 'is a file')])
def test_a_folder_with_other_things_is_left_alone(tmp_path, capsys, content, reason):
    out = tmp_path / 'out'
    if content is None:
        out.write_text('x')
    else:
        out.mkdir()
        for name, text in content.items():
            (out / name).write_text(text)
    assert main(['export-world', str(out)]) == 1
    said = capsys.readouterr().err
    assert reason in said and said.count('\n') == 1
    assert out.is_file() or [path.name for path in out.iterdir()] == ['notes.txt']


@given(st.integers(0, 2**32 - 1))
def test_quaternions_and_matrices_are_the_same_rotations(seed):
    rotation = random_rotations(np.random.default_rng(seed), 1)[0]
    assert np.allclose(matrix(quaternion(rotation)), rotation, atol=1e-12)


@pytest.mark.parametrize('turn', [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)])
def test_half_turns_have_quaternions(turn):
    assert np.allclose(quaternion(matrix(turn)), turn)
