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

"""Processes that render keep to one core each."""

import cv2

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
