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
The programs of the nodes: console scripts, and `python -m mtperception.nodes NAME`.

Nothing heavy is imported before the signals are in hand: Ctrl-C ends a node quietly from its
first moments on.
"""

import sys

from mtperception.nodes.process import run_node


def pin_detector() -> None:
    def make() -> object:
        from mtperception.nodes.pin_detector import PinDetectorNode
        return PinDetectorNode()

    run_node(make)


def grasp_detector() -> None:
    def make() -> object:
        from mtperception.nodes.grasp_detector import GraspDetectorNode
        return GraspDetectorNode()

    run_node(make)


def pose_estimator() -> None:
    def make() -> object:
        from mtperception.nodes.pose_estimator import PoseEstimatorNode
        return PoseEstimatorNode()

    run_node(make)


def cell_simulator() -> None:
    def make() -> object:
        from mtperception.nodes.cell_simulator import CellSimulatorNode
        return CellSimulatorNode()

    run_node(make)


def recorder() -> None:
    def make() -> object:
        from mtperception.nodes.recorder import RecorderNode
        return RecorderNode()

    run_node(make)


if __name__ == '__main__':
    programs = {
        'pin_detector': pin_detector, 'grasp_detector': grasp_detector,
        'pose_estimator': pose_estimator, 'cell_simulator': cell_simulator, 'recorder': recorder}
    if len(sys.argv) < 2 or sys.argv[1] not in programs:
        sys.exit(f"give the name of a node: {', '.join(programs)}")
    programs[sys.argv.pop(1)]()
