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

"""SIGINT and SIGTERM in every state of the detector: exit code 0, at once, without a word."""

from array import array
from pathlib import Path
import random
import signal
import time

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import pytest
from sensor_msgs.msg import Image

pytestmark = pytest.mark.timeout(3600)
SEED = 3
LIMIT = 2.0  # seconds
random_source = random.Random(SEED)


def wait_for_status(station, condition):
    folder = Path(f'/proc/{station.process.pid}')
    station.wait(lambda: condition(folder))


def handles_signals(folder):
    """Tell whether a process has a handler of its own for SIGTERM."""
    for line in (folder / 'status').read_text().splitlines():
        if line.startswith('SigCgt:'):
            return bool(int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1)
    return False


def starting(station):
    """Signal somewhere between the first instructions and the node's being there."""
    station.start()
    wait_for_status(station, handles_signals)
    time.sleep(random_source.uniform(0, 0.7))


def importing_torch(station):
    station.start()
    wait_for_status(station, lambda folder: 'libtorch' in (folder / 'maps').read_text())
    time.sleep(random_source.uniform(0, 1.5))


def unconfigured(station):
    station.start(autostart=False)
    station.wait(lambda: station.values.get('state') == 'unconfigured')


def configuring(station):
    unconfigured(station)
    client = station.node.create_client(ChangeState, '/pin_detector/change_state')
    assert client.wait_for_service(station.timeout)
    client.call_async(ChangeState.Request(transition=Transition(label='configure')))
    time.sleep(random_source.uniform(0, 2))
    station.node.destroy_client(client)


def inactive(station):
    unconfigured(station)
    assert station.change_state('configure')


def active(station):
    station.start_active()


def in_inference(station):
    """Signal while the network is at work on a picture that takes it seconds."""
    station.start_active()
    message = Image(width=5000, height=4000, step=5000, encoding='mono8')
    message.data = array('B', bytes(message.step * message.height))
    station.images.publish(message)
    before = processor_time(station)
    station.wait(lambda: processor_time(station) > before + 0.5)


def processor_time(station):
    fields = Path(f'/proc/{station.process.pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


STATES = (starting, importing_torch, unconfigured, configuring, inactive, active, in_inference)


@pytest.mark.parametrize('state', STATES, ids=lambda state: state.__name__)
def test_a_signal_ends_the_node_quietly(station, state, count, tell):
    seconds = []
    for number in count([random_source.choice((signal.SIGINT, signal.SIGTERM))],
                        [signal.SIGINT, signal.SIGTERM] * 10):
        station.values = {}
        station.log.write_bytes(b'')
        state(station)
        status, duration = station.end(number)
        log = station.log.read_text()
        assert status == 0, log
        assert duration < LIMIT, log
        assert 'Traceback' not in log
        assert 'Error' not in log
        seconds.append(duration)
    tell(f'\n{state.__name__:>16}: {len(seconds)} signals, the slowest end {max(seconds):.2f} s')
