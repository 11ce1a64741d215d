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

import threading
import time

from mtperception.nodes.newest_frame import NewestFrameWorker


class Recorder:
    """A worker's process function that waits at a gate."""

    def __init__(self):
        self.items = []
        self.errors = []
        self.busy = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)

    def process(self, item):
        self.busy.release()
        self.gate.acquire()
        if item == 'bad':
            raise RuntimeError(item)
        self.items.append(item)

    def worker(self):
        worker = NewestFrameWorker(self.process, self.errors.append, 'test')
        worker.start()
        return worker


def wait_for(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_what_arrives_meanwhile_is_overwritten_by_the_newest():
    recorder = Recorder()
    worker = recorder.worker()
    assert worker.put(0) is False
    recorder.busy.acquire()
    assert [worker.put(item) for item in (1, 2, 3)] == [False, True, True]
    recorder.gate.release(2)
    wait_for(lambda: recorder.items == [0, 3])
    assert worker.stop(1)


def test_an_error_ends_nothing():
    recorder = Recorder()
    recorder.gate.release(2)
    worker = recorder.worker()
    worker.put('bad')
    wait_for(lambda: recorder.errors)
    worker.put('good')
    wait_for(lambda: recorder.items == ['good'])
    assert [str(error) for error in recorder.errors] == ['bad']
    assert worker.stop(1)


def test_stop_drops_what_waits_and_says_whether_the_thread_has_ended():
    recorder = Recorder()
    worker = recorder.worker()
    worker.put('in work')
    recorder.busy.acquire()
    worker.put('waiting')
    assert worker.stop(0.01) is False
    recorder.gate.release()
    assert worker.stop(1) is True
    assert recorder.items == ['in work']


def test_what_waits_can_be_cleared():
    recorder = Recorder()
    worker = recorder.worker()
    worker.put('in work')
    recorder.busy.acquire()
    assert worker.clear() is False
    worker.put('waiting')
    assert worker.clear() is True
    recorder.gate.release(2)
    worker.put('next')
    wait_for(lambda: recorder.items == ['in work', 'next'])
    assert worker.stop(1)
