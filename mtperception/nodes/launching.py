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

"""What the launch files share: no argument misspelt in silence, each node its own parameters."""

from collections.abc import Collection, Iterable
import difflib
from pathlib import Path
from typing import Any

from launch import LaunchContext
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.logging import get_logger
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare
import yaml

RESPAWN_DELAY = 2.0  # seconds
# Those that may have a section in a parameter file.
NODES = ('cell_simulator', 'grasp_detector', 'pin_detector', 'pose_estimator', 'recorder')


def misspelt(argv: Iterable[str], declared: Iterable[str]) -> list[tuple[str, str]]:
    """
    Pair each `name:=value` of argv that nearly names a declared argument with that name.

    Names far from all declared ones pass: they may belong to a file that includes this one.
    """
    names = set(declared)
    given = [argument.partition(':=')[0] for argument in argv if ':=' in argument]
    return [(name, meant) for name in given if (meant := _meant(name, names))]


def _meant(name: str, known: Collection[str]) -> str | None:
    """Give the known name that another one nearly is; None where it is one, or like none."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.75)
    return near[0] if near and name not in known else None


def refuse_misspelt(arguments: Iterable[DeclareLaunchArgument]) -> OpaqueFunction:
    """Make the action that ends the launch where the command line misspells an argument."""
    names = [argument.name for argument in arguments]

    def check(context: LaunchContext) -> None:
        for given, meant in misspelt(context.argv, names):
            raise ValueError(f"unknown launch argument '{given}': did you mean '{meant}'?")

    return OpaqueFunction(function=check)


def node_arguments(params_file: str) -> list[DeclareLaunchArgument]:
    """Declare what every launch file takes; `params_file` is the default's name in config/."""
    return [
        DeclareLaunchArgument(
            'namespace', default_value='', description='Namespace of all nodes.'),
        DeclareLaunchArgument(
            'params_file',
            default_value=PathJoinSubstitution(
                [FindPackageShare('mtperception'), 'config', params_file]),
            description='Parameters, in sections by node name.'),
        DeclareLaunchArgument(
            'log_level', default_value='info',
            choices=['debug', 'info', 'warn', 'error', 'fatal'],
            description='Lowest level that the nodes log.'),
        DeclareLaunchArgument(
            'use_sim_time', default_value='false',
            description='Take the time from /clock instead of the system.'),
        DeclareLaunchArgument(
            'autostart', default_value='true',
            description='Configure and activate the detectors at the start.'),
        DeclareLaunchArgument(
            'use_respawn', default_value='false',
            description='Start a node again two seconds after it has ended by itself.'),
    ]


def camera_arguments(
    pin_image: str, grasp_image: str, grasp_depth: str, pose_image: str, pose_depth: str,
    reliability: str,
) -> list[DeclareLaunchArgument]:
    """Declare where the detectors' pictures come from, with these defaults."""
    return [
        DeclareLaunchArgument(
            'pin_image', default_value=pin_image,
            description='Image topic in which pins are detected.'),
        DeclareLaunchArgument(
            'grasp_image', default_value=grasp_image,
            description='Image topic in which grasps are detected; camera_info is beside it.'),
        DeclareLaunchArgument(
            'grasp_depth', default_value=grasp_depth,
            description='Depth topic registered to grasp_image; empty: none is used.'),
        DeclareLaunchArgument(
            'pose_image', default_value=pose_image,
            description='Image topic in which poses are estimated; camera_info is beside it.'),
        DeclareLaunchArgument(
            'pose_depth', default_value=pose_depth,
            description='Depth topic registered to pose_image; empty: none is used.'),
        DeclareLaunchArgument(
            'image_reliability', default_value=reliability,
            choices=['best_effort', 'reliable'],
            description='Asked of the cameras; best_effort matches every one, reliable loses no '
                        'large image where the kernel has small buffers.'),
    ]


def is_true(context: LaunchContext, name: str) -> bool:
    """Read an argument as true or false, in any case of letters; ValueError for other words."""
    text = LaunchConfiguration(name).perform(context)
    if text.lower() not in ('true', 'false'):
        raise ValueError(f"launch argument '{name}' is true or false, not '{text}'")
    return text.lower() == 'true'


def resolved(name: str, namespace: str) -> str:
    """Give the full name of a topic or node in a namespace ('' or '/' is the root)."""
    if name.startswith('/'):
        return name
    return '/'.join(['', *filter(None, namespace.strip('/').split('/')), name])


def sibling(topic: str, name: str) -> str:
    """Give the name of what is published beside a topic: camera/image_raw, camera/camera_info."""
    return '/'.join([*topic.split('/')[:-1], name])


def parameters_from_file(path: str, node: str, namespace: str) -> dict[str, Any]:
    """
    Read a node's part of a parameter file: the sections `/**`, the node's name, its full name.

    rclpy itself knows only the first and the last, and `launch` would hand one file to nodes of
    any namespace: under its bare name a node is found in all of them. A section that nearly has
    the node's name is warned of; others are for other nodes. Raise ValueError for a file that is
    no parameter file.
    """
    try:
        sections = yaml.safe_load(Path(path).read_text(encoding='utf-8')) or {}
    except OSError as error:
        raise ValueError(f"parameter file '{path}': {error.strerror}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        reason = ' '.join(str(error).split())
        raise ValueError(f"parameter file '{path}' is not YAML: {reason}") from None
    parameters: dict[str, Any] = {}
    for section in ('/**', node, f'/{node}', resolved(node, namespace)):
        if not isinstance(sections, dict):
            raise ValueError(f"parameter file '{path}' has no sections of nodes")
        content = sections.get(section, {'ros__parameters': {}})
        values = content.get('ros__parameters') if isinstance(content, dict) else None
        if not isinstance(values, dict):
            raise ValueError(
                f"parameter file '{path}': section '{section}' has no 'ros__parameters'")
        parameters |= values
    for section in sections:
        if _meant(str(section).rpartition('/')[2], NODES) == node:
            get_logger('mtperception').warning(
                f"parameter file '{path}': nobody reads section '{section}': "
                f"did you mean '{node}'?")
    return parameters
