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
The world as SDF 1.9, for Gazebo Garden and later.

Gazebo's cameras look along +X, with +Y to the left and +Z up. It counts pixels from the corner of
the first one: its principal point is half a pixel more than ours, in the world and in the
camera_info that it publishes.
"""

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

import numpy as np

from mtperception.geometry.camera import Floats, PosedCamera
from mtperception.geometry.rotations import quaternion
from mtperception.sim.bench.model import FRICTION
from mtperception.sim.cell import CellCamera
from mtperception.sim.gazebo.models import Box, Mass, Model

Element = ElementTree.Element
WORLD = 'mtperception_cell'
# The columns are the axes of Gazebo's cameras in the optical frame.
_LOOKING = np.array([(0.0, -1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0)])
_NEAR, _FAR = 0.05, 10.0
_SYSTEMS = (
    ('physics', 'Physics'), ('user-commands', 'UserCommands'),
    ('scene-broadcaster', 'SceneBroadcaster'), ('sensors', 'Sensors'))


def mesh_path(model: str) -> str:
    """Return the path of a model's visual mesh in the model's folder."""
    return f'meshes/{model}.obj'


def piece_path(model: str, piece: int) -> str:
    """Return the path of one of a model's convex pieces in the model's folder."""
    return f'meshes/{model}_collision_{piece}.obj'


def world_document(models: Iterable[Model], cameras: Iterable[CellCamera]) -> bytes:
    """Return the file of the world; the models' meshes are in `models/NAME/meshes`."""
    root = _root()
    world = _child(root, 'world', name=WORLD)
    physics = _child(world, 'physics', name='2ms', type='ignored')
    _child(physics, 'max_step_size', 0.002)
    _child(physics, 'real_time_factor', 1.0)
    for system, name in _SYSTEMS:
        plugin = _plugin(world, system, name)
        if system == 'sensors':
            _child(plugin, 'render_engine', 'ogre2')
    scene = _child(world, 'scene')
    _child(scene, 'ambient', (0.45, 0.45, 0.45, 1.0))
    _child(scene, 'background', (0.6, 0.62, 0.65, 1.0))
    _child(scene, 'shadows', 'true')
    _light(world, 'lamp', (0.8, 0.8, 0.78), (-0.35, 0.25, -0.9), shadows=True)
    _light(world, 'window', (0.25, 0.26, 0.3), (0.5, -0.6, -0.6), shadows=False)
    for model in models:
        world.append(_model(model, f'models/{model.name}/'))
    for camera in cameras:
        world.append(_camera(camera))
    return _written(root)


def model_document(model: Model) -> bytes:
    """Return the file of a model alone, to be spawned into any world."""
    root = _root()
    element = _model(model, '')
    pose = element.find('pose')
    assert pose is not None
    element.remove(pose)
    root.append(element)
    return _written(root)


def model_config(name: str) -> bytes:
    """Return the file that names a model's folder to Gazebo."""
    root = Element('model')
    _child(root, 'name', name)
    _child(root, 'version', '1.0')
    _child(root, 'sdf', 'model.sdf', version='1.9')
    _child(root, 'description', f'{name}, made by mtperception export-world')
    return _written(root)


def gazebo_pose(view: PosedCamera) -> tuple[Floats, Floats]:
    """Return the axes (3 x 3) and the position in metres of a camera as Gazebo has them."""
    return view.rotation @ _LOOKING, view.position


def _model(model: Model, folder: str) -> Element:
    element = Element('model', name=model.name)
    _pose(element, model.rotation, model.position)
    if model.mass is None:
        _child(element, 'static', 'true')
    link = _child(element, 'link', name='link')
    if model.mass is not None:
        _inertial(link, model.mass)
    visual = _child(link, 'visual', name='visual')
    _mesh(visual, folder + mesh_path(model.name))
    for number, shape in enumerate(model.collision):
        collision = _child(link, 'collision', name=f'collision_{number}')
        if isinstance(shape, Box):
            _child(_child(_child(collision, 'geometry'), 'box'), 'size', shape.size)
        else:
            _mesh(collision, folder + piece_path(model.name, number))
        friction = _child(_child(collision, 'surface'), 'friction')
        ode = _child(friction, 'ode')
        _child(ode, 'mu', FRICTION[0])
        _child(ode, 'mu2', FRICTION[0])
    if model.label is not None:
        _child(_plugin(element, 'label', 'Label'), 'label', model.label)
    return element


def _inertial(link: Element, mass: Mass) -> None:
    inertial = _child(link, 'inertial')
    _child(inertial, 'pose', (*mass.centre, 0.0, 0.0, 0.0))
    _child(inertial, 'mass', mass.mass)
    inertia = _child(inertial, 'inertia')
    for name, (row, column) in {
            'ixx': (0, 0), 'ixy': (0, 1), 'ixz': (0, 2), 'iyy': (1, 1), 'iyz': (1, 2),
            'izz': (2, 2)}.items():
        _child(inertia, name, mass.inertia[row, column])


def _camera(camera: CellCamera) -> Element:
    """Return a camera on a stand of its own, with the sensors that tell the truth beside it."""
    element = Element('model', name=camera.name)
    _pose(element, *gazebo_pose(camera.view))
    _child(element, 'static', 'true')
    link = _child(element, 'link', name='link')
    # Below `truth`, so that these do not publish a camera_info beside the camera's.
    kinds = (
        ('rgbd_camera', camera.name) if camera.depth else ('camera', f'{camera.name}/image'),
        ('segmentation', f'{camera.name}/truth/segmentation'),
        ('boundingbox_camera', f'{camera.name}/truth/boxes'))
    for kind, topic in kinds:
        sensor = _child(link, 'sensor', name=topic.replace('/', '_'), type=kind)
        _child(sensor, 'always_on', 'true')
        _child(sensor, 'update_rate', camera.rate)
        _child(sensor, 'topic', topic)
        _child(sensor, 'gz_frame_id', camera.frame_id)
        _lens(sensor, camera, kind)
    return element


def _lens(sensor: Element, camera: CellCamera, kind: str) -> None:
    lens = camera.view.camera
    element = _child(sensor, 'camera')
    _child(element, 'horizontal_fov', 2.0 * np.arctan(lens.width / 2.0 / lens.fx))
    image = _child(element, 'image')
    _child(image, 'width', lens.width)
    _child(image, 'height', lens.height)
    _child(image, 'format', 'L8' if kind == 'camera' else 'R8G8B8')
    clip = _child(element, 'clip')
    _child(clip, 'near', _NEAR)
    _child(clip, 'far', _FAR)
    if kind == 'segmentation':
        _child(element, 'segmentation_type', 'instance')
    elif kind == 'boundingbox_camera':
        _child(element, 'box_type', '3d')
    intrinsics = _child(_child(element, 'lens'), 'intrinsics')
    for name, value in {
            'fx': lens.fx, 'fy': lens.fy, 'cx': lens.cx + 0.5, 'cy': lens.cy + 0.5,
            's': 0.0}.items():
        _child(intrinsics, name, value)


def _light(
    world: Element, name: str, colour: Sequence[float], direction: Sequence[float],
    shadows: bool,
) -> None:
    light = _child(world, 'light', name=name, type='directional')
    _child(light, 'cast_shadows', str(shadows).lower())
    _child(light, 'diffuse', (*colour, 1.0))
    _child(light, 'specular', (*(0.5 * value for value in colour), 1.0))
    _child(light, 'direction', direction)


def _mesh(parent: Element, uri: str) -> None:
    _child(_child(_child(parent, 'geometry'), 'mesh'), 'uri', uri)


def _pose(parent: Element, rotation: Floats, position: Floats) -> None:
    _child(
        parent, 'pose', (*position, *quaternion(rotation)), rotation_format='quat_xyzw')


def _plugin(parent: Element, system: str, name: str) -> Element:
    return _child(
        parent, 'plugin', filename=f'gz-sim-{system}-system', name=f'gz::sim::systems::{name}')


_Value = str | float | Iterable[float]


def _child(parent: Element, tag: str, value: _Value | None = None, **attributes: str) -> Element:
    element = ElementTree.SubElement(parent, tag, attributes)
    if isinstance(value, str):
        element.text = value
    elif value is not None:
        numbers = value if isinstance(value, Iterable) else (value,)
        element.text = ' '.join(f'{float(number):.10g}' for number in numbers)
    return element


def _root() -> Element:
    return Element('sdf', version='1.9')


def _written(root: Element) -> bytes:
    ElementTree.indent(root)
    text: str = ElementTree.tostring(root, encoding='unicode')
    return f'<?xml version="1.0"?>\n{text}\n'.encode()
