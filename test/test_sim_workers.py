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

"""Processes that render keep to one core each, and end quietly with whom they work for."""

import os
import subprocess
import sys

import cv2
import pytest

from mtperception.sim.workers import one_thread, worker_pool


def test_opencv_has_its_threads_back_afterwards():
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    try:
        with one_thread():
            assert cv2.getNumThreads() == 1
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)


def test_a_worker_uses_one_thread():
    with worker_pool(1, cv2.useOptimized, ()) as pool:
        assert pool.submit(cv2.getNumThreads).result() == 1


@pytest.mark.parametrize('seconds', [0.05, 0.2, 0.5])
def test_a_worker_that_is_starting_ends_quietly_with_its_parent(tmp_path, seconds):
    script = tmp_path / 'ends_early.py'
    # What it is told is larger than a pipe.
    script.write_text(
        'import os, threading, time\n'
        'from mtperception.sim.workers import worker_pool\n'
        'if __name__ == "__main__":\n'
        '    pool = worker_pool(2, print, (bytes(10_000_000),))\n'
        '    threading.Thread(target=pool.submit, args=(abs, 1), daemon=True).start()\n'
        f'    time.sleep({seconds})\n'
        '    os._exit(3)\n')
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=60,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)})
    assert done.returncode == 3
    assert 'Error' not in done.stderr
