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

from diagnostic_msgs.msg import DiagnosticStatus
import pytest

from mtperception.nodes import health as health_module
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


def receive(health, count=1):
    for _ in range(count):
        health.frame_received()


def test_silence_is_stale():
    assert Health().verdict() == (DiagnosticStatus.STALE, 'no frames')


def test_a_camera_that_is_too_fast_is_no_fault():
    health = Health()
    receive(health, 2)
    health.frame_dropped('overwritten')
    health.frame_processed(0.01)
    assert health.verdict() == (DiagnosticStatus.OK, '0.2 Hz')


@pytest.mark.parametrize('count', ['frame_dropped', 'frame_warned'])
def test_a_fault_is_a_warning_and_without_results_an_error(count):
    health = Health()
    receive(health, 2)
    getattr(health, count)('step')
    getattr(health, count)('data')
    assert health.verdict() == (DiagnosticStatus.ERROR, 'no results: data, step')
    health.frame_processed(0.01)
    assert health.verdict() == (DiagnosticStatus.WARN, '0.2 Hz, bad frames: data, step')


def test_what_is_long_ago_is_forgotten(monkeypatch):
    health = Health()
    receive(health)
    health.frame_dropped('data')
    health.frame_processed(0.01)
    monkeypatch.setattr(health_module, 'WINDOW', 1e-9)
    assert health.verdict() == (DiagnosticStatus.STALE, 'no frames')
    receive(health)
    values = health.values()
    assert (values['dropped.data'], values['processed'], values['rate']) == ('1', '1', '0.0')


def test_odd_frames_are_told_apart_from_dropped_ones():
    health = Health()
    assert [health.frame_warned('stamp_back') for _ in range(2)] == [1, 2]
    values = health.values()
    assert (values['warned.stamp_back'], values['dropped']) == ('2', '0')
