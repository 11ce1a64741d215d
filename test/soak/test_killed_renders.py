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

"""A render that is killed again and again goes on to the files of one that never was."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.timeout(3600)
SEED = 9
UNFINISHED, CARD = 'unfinished', 'card.json'


def start(kind, out, samples, workers):
    # Killed by its group, whose leader it is.
    return subprocess.Popen(
        [sys.executable, '-m', 'mtperception.cli.main', 'render', kind, '--out', str(out),
         '--count', str(samples), '--seed', str(SEED), '--workers', str(workers), '--json'],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def finish(kind, out, samples, workers):
    job = start(kind, out, samples, workers)
    said = job.communicate()[1].decode()
    assert job.returncode == 0, said


def wait_for(condition, seconds=240.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob('*') if path.is_file()}


def count_files(folder):
    """Count files that may come and go meanwhile."""
    return sum(path.is_file() for path in folder.rglob('*'))


@pytest.mark.parametrize('kind', ['grasp', 'pose'])
def test_a_killed_render_goes_on_to_the_same_files(tmp_path, count, tell, kind, wait_for_group):
    samples, kills = count(6, 60), count(2, 12)
    chance = random.Random(SEED)
    out, whole = tmp_path / 'killed', tmp_path / 'whole'
    finish(kind, whole, samples, 1)
    moments = []
    for number in range(kills):
        before = count_files(out) if out.exists() else 0
        job = start(kind, out, samples, 2)
        # In the middle of a file, if chance has it so.
        wait_for(lambda: job.poll() is not None or (  # noqa: B023
            out.exists() and count_files(out) > before + 1))  # noqa: B023
        time.sleep(chance.uniform(0.0, 0.15))
        if number % 2:
            os.kill(job.pid, signal.SIGKILL)  # its workers must not go on without it
        else:
            os.killpg(job.pid, signal.SIGKILL)
        job.communicate()
        wait_for_group(job.pid)
        moments.append(len(list((out / UNFINISHED).glob('0*.json'))))
    assert not (out / CARD).exists()
    finish(kind, out, samples, 2)
    assert contents(out) == contents(whole)
    tell(f'\n{kind}: killed with {moments} of {samples} samples done')
