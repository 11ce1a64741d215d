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

"""`ros2 service` against a node in a process of its own."""

import signal


def test_service_call(ros2, small_node):
    code, output, _ = ros2(
        'service', 'call', '/cell/small/set', 'std_srvs/srv/SetBool', '{data: true}')
    assert code == 0
    assert output == (
        'requester: making request: std_srvs.srv.SetBool_Request(data=True)\n\n'
        "response:\nstd_srvs.srv.SetBool_Response(success=True, message='as asked')\n\n")


def test_repeated_call(background, small_node):
    call = background(
        'service', 'call', '-r', '20', '/cell/small/set', 'std_srvs/srv/SetBool', '{data: true}')
    for _ in range(3):
        assert call.stdout.readline().startswith('requester: making request: ')
        assert [call.stdout.readline() for _ in range(2)] == ['\n', 'response:\n']
        assert 'success=True' in call.stdout.readline()
        assert call.stdout.readline() == '\n'
    call.send_signal(signal.SIGINT)
    assert 'Traceback' not in call.communicate(timeout=3)[1]
    assert call.returncode == 2


def test_find_and_info(ros2, small_node):
    assert ros2('service', 'find', 'std_srvs/srv/SetBool') == (0, '/cell/small/set\n', '')
    assert ros2('service', 'find', '-c', 'std_srvs/srv/Trigger') == (0, '0\n', '')
    assert ros2('service', 'info', '/cell/small/set') == (
        0, 'Type: std_srvs/srv/SetBool\nClients count: 0\nServices count: 1\n', '')
    assert ros2('service', 'info', '/nowhere', '--spin-time', '0.1') == (
        1, '', "Unknown service '/nowhere'\n")
