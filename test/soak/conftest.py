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

from pathlib import Path

import pytest

MOST_GROWTH = 8  # megabytes: what the C library keeps varies by about that


@pytest.fixture
def count(request):
    """Give the number for the quick suite, or with --soak the one for hours of work."""
    return lambda quick, soak: soak if request.config.getoption('--soak') else quick


@pytest.fixture
def tell(capsys):
    """Give a function that prints beside pytest's own output."""
    def say(*words):
        with capsys.disabled():
            print(*words)

    return say


@pytest.fixture(scope='session')
def usage():
    """Give megabytes, threads and open files of a process; pages of libraries are not counted."""
    def used(process):
        folder = Path(f'/proc/{process.pid}')
        fields = dict(
            line.split(':', 1) for line in (folder / 'status').read_text().splitlines())
        memory = int(fields['RssAnon'].split()[0]) / 1024
        return memory, int(fields['Threads']), len(list((folder / 'fd').iterdir()))

    return used


@pytest.fixture
def assert_flat(tell):
    """Compare the last third of some samples with the second, and print a table of ten."""
    def check(samples):
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

    return check


@pytest.fixture
def cycled(usage):
    """Configure, detect and clean up so many times; give what is used after each."""
    def cycle(station, message, cycles, detect=None):
        samples = []
        for _ in range(cycles):
            for label in ('configure', 'activate'):
                assert station.change_state(label)
            station.wait(lambda: station.images.get_subscription_count() == 1)
            (detect or station.detect)(message)
            for label in ('deactivate', 'cleanup'):
                assert station.change_state(label)
            station.wait(lambda: station.images.get_subscription_count() == 0)
            samples.append(usage(station.process))
        return samples

    return cycle
