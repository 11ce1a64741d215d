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

"""Ctrl-C: neither lost in an import, nor seen by workers, nor a traceback."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from mtperception.cli.train import left
from mtperception.sim.workers import worker_pool
from mtperception.training.checkpoint import Checkpoint, write_checkpoint

# As modules do that try whether another one is there.
TRYING = """
    import time
    print('importing', flush=True)
    try:
        time.sleep(1)
    except BaseException:
        whole = False
    else:
        whole = True
"""
IMPORTING = """
    from mtperception.cli.interrupts import take_interrupts
    take_interrupts()
    try:
        import trying
        import time
        time.sleep(20)
    except KeyboardInterrupt:
        print('interrupted', trying.whole)
"""


def test_an_interrupt_waits_for_the_end_of_an_import(tmp_path):
    (tmp_path / 'trying.py').write_text(textwrap.dedent(TRYING))
    process = subprocess.Popen(
        [sys.executable, '-c', textwrap.dedent(IMPORTING)], text=True, cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == 'importing\n'
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (0, 'interrupted True\n', '')


def test_workers_do_not_see_an_interrupt_from_their_first_moment_on():
    with worker_pool(1) as pool:
        first = pool.submit(os.getpid)
        for _ in range(20):
            for worker in list(pool._processes):
                os.kill(worker, signal.SIGINT)
            time.sleep(0.02)
        assert first.result() == pool.submit(os.getpid).result()


@pytest.mark.parametrize(('words', 'what'), [
    (['evaluate', 'pin', '--count', '200'], 'stopped'),
    (['render', 'pin', '--count', '200', '--out', '.'], 'the same command goes on')])
def test_a_verb_ends_in_one_line(tmp_path, words, what):
    process = subprocess.Popen(
        [sys.executable, '-m', 'mtperception.cli.main', *words], text=True, cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    end = time.monotonic() + 4
    while time.monotonic() < end and not (tmp_path / 'unfinished').exists():
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert 'Traceback' not in errors and 'leaked' not in errors
    assert what in errors.splitlines()[-1]


def test_what_is_left_of_a_training_is_said(tmp_path):
    checkpoint = tmp_path / 'checkpoint.safetensors'
    assert 'nothing is kept' in left(checkpoint)
    write_checkpoint(checkpoint, Checkpoint({}, 3, {}))
    assert 'of epoch 3' in left(checkpoint) and '--resume' in left(checkpoint)
