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

import json

from mtperception.cli.main import main
from mtperception.nodes.dds_benchmark import highest_rate, measure_idle_node


def test_highest_rate_is_met_within_a_tenth():
    for limit in (30.0, 47.0, 59.9, 1234.0):
        tried = []
        rate = highest_rate(lambda hz, limit=limit, tried=tried: tried.append(hz) or hz <= limit)
        assert limit / 1.1 <= rate <= limit
        assert len(tried) < 15
    assert highest_rate(lambda hz: False) == 0


def test_idle_node_rests(ros_domain):
    idle = measure_idle_node(2.0)
    assert idle.cpu_share < 0.01
    assert idle.proportional <= idle.resident < 80e6


def test_dds_figures(ros_domain, capsys):
    assert main(['bench', 'dds', '--seconds', '1', '--json']) == 0
    figures = json.loads(capsys.readouterr().out)
    dds = figures['dds']
    assert dds['image_bytes'] == 640 * 480 * 3
    assert 0 <= dds['lost'] < 15  # a busy machine may lose some
    assert 0 < dds['latency_ms'] <= dds['latency_p95_ms'] < 1000
    assert 0 < dds['socket_ms'] <= dds['socket_p95_ms'] < 1000
    assert dds['latency_ratio'] == dds['latency_ms'] / dds['socket_ms']
    assert figures['copy_gb_s'] > 0
