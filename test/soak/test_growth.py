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

"""Memory, threads and file handles of a detector that lives long."""

import pytest
from std_msgs.msg import Header

from mtperception.nodes.conversions import image_message

pytestmark = pytest.mark.timeout(3600)

def test_cycles_leave_nothing_behind(station, pin_frames, count, cycled, assert_flat):
    station.start(autostart=False)
    message = image_message(pin_frames[0], 'mono8', Header())
    assert_flat(cycled(station, message, count(9, 50)))
    assert station.end()[0] == 0


def test_frames_leave_nothing_behind(station, pin_frames, count, usage, assert_flat):
    station.start_active()
    messages = [image_message(image, 'mono8', Header()) for image in pin_frames]
    samples = []
    for index in range(count(300, 10_000)):
        station.detect(messages[index % len(messages)])
        station.received.clear()
        if index % count(10, 100) == 0:
            samples.append(usage(station.process))
    assert_flat(samples)
    assert station.end()[0] == 0
