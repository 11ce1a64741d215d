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

from mtperception.nodes.health import Health


def test_counts_by_cause():
    health = Health()
    for _ in range(5):
        health.frame_received()
    health.frame_processed(0.010)
    health.frame_processed(0.030)
    assert [health.frame_dropped('data') for _ in range(2)] == [1, 2]
    health.frame_dropped('age')
    values = health.values()
    assert (values['received'], values['processed'], values['dropped']) == ('5', '2', '3')
    assert (values['dropped.data'], values['dropped.age']) == ('2', '1')
    assert values['latency_ms.p50'] == '20.0'
    assert float(values['rate']) == 0.4


def test_without_frames_there_is_no_latency():
    values = Health().values()
    assert values['rate'] == '0.0'
    assert 'latency_ms.p50' not in values
