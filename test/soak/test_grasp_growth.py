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

"""Memory, threads and file handles of a grasp detector that lives long."""

import pytest
from std_msgs.msg import Header

from mtperception.nodes.conversions import image_message

pytestmark = pytest.mark.timeout(3600)


def test_cycles_of_the_grasp_detector_leave_nothing_behind(
        grasp_station, grasp_model, lit_picture, tmp_path, count, cycled, assert_flat):
    grasp_station.start(
        autostart=False, model=str(grasp_model), bench_frame='bench', use_depth=True,
        **{'shapes.library': str(tmp_path)})
    message = image_message(lit_picture('bar', 1), 'bgr8', Header())
    assert_flat(cycled(grasp_station, message, count(9, 50)))
    assert grasp_station.end()[0] == 0
