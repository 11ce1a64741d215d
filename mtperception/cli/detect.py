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

"""`mtperception detect`: find things in pictures, without ROS."""

import argparse
from collections.abc import Callable, Sequence
import json
import os
from pathlib import Path
import sys
from typing import Any, NamedTuple, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mtperception.cli.arguments import check_folder, share
from mtperception.cli.shapes import library_of
from mtperception.grasp.looks import TURNS

if TYPE_CHECKING:
    from mtperception.geometry.camera import PinholeCamera
    from mtperception.grasp.shapes.library import ShapeLibrary
    from mtperception.zoo import Bundle

# The bundled models that are asked by default.
MODELS = {'pin': 'pin', 'grasp': 'grasp', 'pose': 'hammer'}


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser(
        'detect', help='find things in pictures, without ROS',
        description='Find pins, grasps or poses in pictures and print a JSON line for each '
                    'picture: its path and its pins (x, y, diameter in pixels, (0, 0) being the '
                    'centre of the first one; score), its grasps (x, y, opening along and jaw '
                    'across the axis at theta, in pixels and radians counter-clockwise; score; '
                    'the number of the default box), or its poses (rotation and translation, in '
                    'metres, from the mesh to the optical frame; score; box; evidence for the '
                    'score). The diameter is 0 '
                    'from a model that does not tell it.')
    parser.add_argument('system', choices=['pin', 'grasp', 'pose'], metavar='SYSTEM',
                        help='what to look for: pin, grasp or pose')
    parser.add_argument('images', nargs='+', type=Path, metavar='IMAGES', help='picture files')
    parser.add_argument('--draw', type=Path, metavar='DIR',
                        help='write annotated copies, as PNG, into this folder')
    parser.add_argument('--model', metavar='NAME|PATH',
                        help='a bundled model, by default pin, grasp or hammer, an object of '
                             'your own, or a .safetensors file with its card beside it')
    parser.add_argument('--camera', type=Path, metavar='FILE',
                        help='of poses: the camera that took the pictures, camera.json or a '
                             'calibration of ROS; the pictures are without distortion')
    parser.add_argument('--depth', type=Path, metavar='DIR',
                        help='of poses: refine them by depth pictures of the same names, PNG of '
                             '16 bits in millimetres, 0 where nothing was measured')
    parser.add_argument('--shape-model', metavar='NAME|PATH',
                        help='of grasps: what describes shapes, as `teach` has it (shape)')
    parser.add_argument('--library', type=Path, metavar='DIR',
                        help='of grasps: where the taught shapes are, as `teach` has it '
                             '(mtperception/shapes in $XDG_DATA_HOME)')
    parser.add_argument('--looks', type=int, choices=tuple(TURNS),
                        help='of grasps: looks at a picture, turned by halves or quarters: more '
                             'is more often right, and takes as many times as long (1)')
    parser.add_argument('--threshold', type=share, help="least score, 0 to 1 (the model's)")
    parser.add_argument('--json', action='store_true',
                        help='accepted for symmetry: the output is always JSON lines')
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from mtperception import zoo

    if arguments.draw is not None:
        check_folder(arguments.draw)
    camera = _camera(arguments)
    model = arguments.model or MODELS[arguments.system]
    bundle = zoo.load(model)
    zoo.check_task(bundle, arguments.system, model)
    # Told before torch is loaded, which takes seconds.
    images = [path for path in arguments.images if _is_there(path)]
    if not images:
        return 1
    failed = len(images) < len(arguments.images)
    for name, value in (('--shape-model', arguments.shape_model),
                        ('--library', arguments.library), ('--looks', arguments.looks)):
        if value is not None and arguments.system != 'grasp':
            raise ValueError(f'{name} is for grasps')
    if camera is not None:
        system = _poses(model, camera)
    elif arguments.system == 'grasp':
        library = library_of(arguments)
        if arguments.library is not None and not library.folder.exists():
            _complain(f'{library.folder}: no shapes have been taught here')
        system = _grasps(bundle, model, arguments.looks or 1, arguments.shape_model or 'shape',
                         library)
    else:
        system = _pins(bundle, model)
    if arguments.draw is not None:
        arguments.draw.mkdir(parents=True, exist_ok=True)
    drawn: set[Path] = set()
    for path in images:
        try:
            image = read_image(path)
            beside = {} if arguments.depth is None else {
                'depth': read_depth(arguments.depth / f'{path.stem}.png')}
            try:
                found = system.detect(image, arguments.threshold, **beside)
            except ValueError as error:
                raise ValueError(f'{path}: {error}') from None
            line: dict[str, Any] = {
                'image': str(path), 'width': image.shape[1], 'height': image.shape[0],
                system.key: [_plain(vars(one)) for one in found]}
            if arguments.draw is not None:
                copy = _free_name(arguments.draw / f'{path.stem}.png', drawn)
                _write_drawing(copy, system.draw(image, found))
                line['drawn'] = str(copy)
        except (OSError, ValueError) as error:
            _complain(error)
            failed = True
            continue
        print(json.dumps(line), flush=True)
    return 1 if failed else 0


class _System(NamedTuple):
    """How things are found and drawn, and what a line calls them."""

    key: str
    detect: Callable[..., Sequence[Any]]
    draw: Callable[[npt.NDArray[np.uint8], Sequence[Any]], npt.NDArray[np.uint8]]


def _pins(bundle: 'Bundle', model: str) -> _System:
    from mtperception.pin.draw import draw_pins
    from mtperception.pin.predictor import PinDetector

    return _System('pins', PinDetector.from_bundle(bundle, model).detect, draw_pins)


def _grasps(bundle: 'Bundle', model: str, looks: int, shape_model: str,
            library: 'ShapeLibrary') -> _System:
    from mtperception.grasp.descriptor.describer import Describer
    from mtperception.grasp.draw import draw_grasps
    from mtperception.grasp.predictor import GraspDetector
    from mtperception.grasp.shapes.observer import ShapeObserver
    from mtperception.grasp.shapes.taught import TaughtShapes

    detector = GraspDetector.from_bundle(bundle, model, looks=looks)
    observer = ShapeObserver(detector, describer=Describer.load(shape_model))
    try:
        detect = TaughtShapes(observer, library).detect
    except ValueError as error:
        # Grasps are found all the same.
        _complain(f'no shapes are told: {error}')
        detect = detector.detect
    return _System('grasps', detect, draw_grasps)


def _camera(arguments: argparse.Namespace) -> 'PinholeCamera | None':
    """Read the camera that poses are told by; ValueError where there is none, or one in vain."""
    from mtperception.cli.camera_file import read_camera

    if (arguments.system == 'pose') != (arguments.camera is not None):
        raise ValueError('poses need the camera that took the pictures: give --camera FILE'
                         if arguments.system == 'pose' else '--camera is for poses')
    if arguments.depth is not None and arguments.system != 'pose':
        raise ValueError('--depth is for poses')
    return None if arguments.camera is None else read_camera(arguments.camera)


def _poses(model: str, camera: 'PinholeCamera') -> _System:
    from functools import partial

    from mtperception.cli.evaluate_poses import opened
    from mtperception.pose.draw import draw_poses

    estimator = opened(model)
    return _System(
        'poses', lambda image, threshold, **depth: estimator.estimate(
            image, camera, threshold, **depth), partial(draw_poses, camera=camera))


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Turn arrays into lists and named tuples into objects, as JSON has them."""
    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value.tolist()
        return value._asdict() if hasattr(value, '_asdict') else value

    return {name: plain(value) for name, value in values.items()}


def _is_there(path: Path) -> bool:
    """Tell whether there is a file; where not, say so."""
    try:
        path.stat()
    except OSError as error:
        _complain(f'{path}: {error.strerror}')
        return False
    if path.is_dir():
        _complain(f'{path} is a folder: name the pictures in it, such as {path / "*.png"}')
        return False
    return True


def _complain(what: object) -> None:
    print(f'mtperception: {what}', file=sys.stderr)


def read_image(path: Path) -> npt.NDArray[np.uint8]:
    """Read a picture as H x W x 3 (BGR), 8 bits; ValueError names one that cannot be read."""
    import cv2

    image = _decoded(path, cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f'{path}: not a picture that can be read, or damaged')
    return np.asarray(image, dtype=np.uint8)


def read_depth(path: Path) -> npt.NDArray[np.float32]:
    """Read a depth picture, H x W, in metres; ValueError names one that is none."""
    import cv2

    stored = _decoded(path, cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype != np.uint16 or stored.ndim != 2:
        raise ValueError(f'{path}: not a depth picture: one channel of 16 bits, in millimetres')
    return np.asarray(stored.astype(np.float32) / 1000.0)


def _decoded(path: Path, flags: int) -> npt.NDArray[Any] | None:
    """Return what a picture's file holds, None where it is no picture."""
    import cv2

    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise ValueError(f'{path}: {error.strerror}') from None
    return cv2.imdecode(data, flags) if data.size else None


def _free_name(path: Path, taken: set[Path]) -> Path:
    """Find a name for the copy where two pictures of one call are named alike."""
    candidate, number = path, 2
    while candidate in taken:
        candidate = path.with_name(f'{path.stem}-{number}.png')
        number += 1
    taken.add(candidate)
    return candidate


def _write_drawing(path: Path, drawing: npt.NDArray[np.uint8]) -> None:
    import cv2

    _, data = cv2.imencode('.png', drawing)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}')
    try:
        temporary.write_bytes(data.tobytes())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
