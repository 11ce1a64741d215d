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

from pathlib import Path

import pytest
from std_msgs.msg import Header

from mtperception.nodes.conversions import image_message

pytestmark = pytest.mark.timeout(3600)
MOST_GROWTH = 8  # megabytes: what the C library keeps varies by about that


def usage(process):
    """Give megabytes, threads and open files of a process; pages of libraries are not counted."""
    folder = Path(f'/proc/{process.pid}')
    fields = dict(line.split(':', 1) for line in (folder / 'status').read_text().splitlines())
    memory = int(fields['RssAnon'].split()[0]) / 1024
    return memory, int(fields['Threads']), len(list((folder / 'fd').iterdir()))


def assert_flat(samples, tell):
    """Compare the last third of the samples with the second, print a table of ten."""
    tell(f'\n{"":8} {"MB":>8} {"threads":>8} {"files":>8}')
    for index in sorted({round(n * (len(samples) - 1) / 9) for n in range(10)}):
        tell('{:8} {:8.1f} {:8} {:8}'.format(index, *samples[index]))
    third = len(samples) // 3
    before, after = samples[third:2 * third], samples[-third:]
    grown = [max(late) - max(early) for early, late in zip(
        zip(*before, strict=True), zip(*after, strict=True), strict=True)]
    assert grown[0] < MOST_GROWTH, f'{grown[0]:.1f} MB more'
    assert grown[1] <= 0, f'{grown[1]} threads more'
    assert grown[2] <= 0, f'{grown[2]} open files more'


def cycled(station, message, cycles):
    """Configure, detect and clean up so many times; give what is used after each."""
    samples = []
    for _ in range(cycles):
        for label in ('configure', 'activate'):
            assert station.change_state(label)
        station.wait(lambda: station.images.get_subscription_count() == 1)
        station.detect(message)
        for label in ('deactivate', 'cleanup'):
            assert station.change_state(label)
        station.wait(lambda: station.images.get_subscription_count() == 0)
        samples.append(usage(station.process))
    return samples


def test_cycles_leave_nothing_behind(station, pin_frames, count, tell):
    station.start(autostart=False)
    message = image_message(pin_frames[0], 'mono8', Header())
    assert_flat(cycled(station, message, count(9, 50)), tell)
    assert station.end()[0] == 0


def test_cycles_of_the_grasp_detector_leave_nothing_behind(
        grasp_station, grasp_model, lit_picture, tmp_path, count, tell):
    grasp_station.start(
        autostart=False, model=str(grasp_model), bench_frame='bench', use_depth=True,
        **{'shapes.library': str(tmp_path)})
    message = image_message(lit_picture('bar', 1), 'bgr8', Header())
    assert_flat(cycled(grasp_station, message, count(9, 50)), tell)
    assert grasp_station.end()[0] == 0


def test_frames_leave_nothing_behind(station, pin_frames, count, tell):
    station.start_active()
    messages = [image_message(image, 'mono8', Header()) for image in pin_frames]
    samples = []
    for index in range(count(300, 10_000)):
        station.detect(messages[index % len(messages)])
        station.received.clear()
        if index % count(10, 100) == 0:
            samples.append(usage(station.process))
    assert_flat(samples, tell)
    assert station.end()[0] == 0
