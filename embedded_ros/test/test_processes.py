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

from itertools import pairwise
import signal
import time

import pytest
import rclpy
from rclpy.duration import Duration
from sensor_msgs.msg import Image
from std_msgs.msg import Int64

CAMERA = """
    import array, sys, time
    import rclpy
    from sensor_msgs.msg import Image
    width, height, rate, count, depth = map(int, sys.argv[1:])
    rclpy.init(args=[])
    node = rclpy.create_node('camera')
    publisher = node.create_publisher(Image, 'image', depth)
    pixels = array.array('B', bytes(width * height * 3))
    while publisher.get_subscription_count() == 0:
        time.sleep(0.01)
    sent = 0
    def send():
        global sent
        if sent < count:
            image = Image(
                width=width, height=height, step=width * 3, encoding='bgr8', data=pixels)
            image.header.frame_id = str(sent)
            publisher.publish(image)
            sent += 1
    node.create_timer(1 / rate, send)
    rclpy.spin(node)
"""

SPINNER = """
    import sys, time
    import rclpy
    from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
    from rclpy.executors import SingleThreadedExecutor
    from std_msgs.msg import String
    rclpy.init(args=[])
    node = rclpy.create_node('spinner')
    publisher = node.create_publisher(String, 'text', 10)
    if 'busy' in sys.argv:
        node.create_timer(0.001, lambda: publisher.publish(String(data='x')))
    executor = MultiThreadedExecutor() if 'many' in sys.argv else SingleThreadedExecutor()
    try:
        print('ready', flush=True)
        rclpy.spin(node, executor)
    except KeyboardInterrupt:
        print('interrupted')
    except ExternalShutdownException:
        print('shut down')
    else:  # as in rclpy, where the shutdown came while no callback was waited for
        print('shut down')
    node.destroy_node()
    rclpy.try_shutdown()
"""

# As kernels come: net.core.rmem_max limits a receive buffer to this.
STOCK_BUFFER = (
    '<CycloneDDS><Domain><Internal><SocketReceiveBufferSize max="208kB"/></Internal></Domain>'
    '</CycloneDDS>')


def _receive(start, make_node, width, height, rate, count, depth):
    """Return the numbers of the pictures that came, again if this process was held up."""
    for _ in range(3):
        numbers, held_up = _receive_once(start, make_node, width, height, rate, count, depth)
        # What waits longer than that for a core must miss what it does not keep.
        if numbers == list(range(count)) or held_up < depth / rate:
            break
    return numbers


def _receive_once(start, make_node, width, height, rate, count, depth):
    node = make_node()
    numbers, looks = [], []
    subscription = node.create_subscription(
        Image, 'image', lambda image: numbers.append(int(image.header.frame_id)), depth)
    node.create_timer(0.005, lambda: looks.append(time.monotonic()))
    program = start(CAMERA, *map(str, (width, height, rate, count, depth)))
    end = time.monotonic() + 10 + count / rate
    while (not numbers or numbers[-1] < count - 1) and time.monotonic() < end:
        rclpy.spin_once(node, timeout_sec=0.5)
    program.kill()
    subscription.destroy()
    return numbers, max(after - before for before, after in pairwise(looks))


def test_no_picture_is_lost_at_60_hz(start, make_node):
    numbers = _receive(start, make_node, 612, 512, rate=60, count=240, depth=5)
    assert numbers == list(range(240))


@pytest.mark.parametrize('depth', [1, 5])
@pytest.mark.parametrize(('width', 'height'), [(640, 480), (1920, 1080)])
def test_no_picture_is_lost_with_the_buffer_of_a_stock_kernel(
    domain, monkeypatch, start, request, width, height, depth,
):
    monkeypatch.setenv('CYCLONEDDS_URI', STOCK_BUFFER)
    make_node = request.getfixturevalue('make_node')
    numbers = _receive(start, make_node, width, height, rate=30, count=150, depth=depth)
    assert numbers == list(range(150))


@pytest.mark.parametrize('mode', ['one', 'many', 'one busy', 'many busy'])
@pytest.mark.parametrize(('number', 'ending'), [
    (signal.SIGINT, 'interrupted'), (signal.SIGTERM, 'shut down')])
def test_signals_end_spin(start, mode, number, ending):
    program = start(SPINNER, *mode.split())
    program.wait_for_line('ready')
    sent = time.monotonic()
    program.signal(number)
    code, output, errors = program.finish(timeout=5)
    assert time.monotonic() - sent < 2
    assert (code, output.strip(), errors) == (0, ending, '')


def test_interrupt_ends_spin_where_it_was_inherited_as_ignored(start):
    ignoring = 'import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n'
    program = start(ignoring + '\n'.join(line[4:] for line in SPINNER.splitlines()), 'one')
    program.wait_for_line('ready')
    program.signal(signal.SIGINT)
    code, output, errors = program.finish(timeout=5)
    assert (code, output.strip(), errors) == (0, 'interrupted', '')


def test_own_handler_is_called_as_well(start):
    program = start("""
        import signal
        import rclpy
        signal.signal(signal.SIGTERM, lambda number, frame: print('mine', flush=True))
        rclpy.init(args=[])
        node = rclpy.create_node('own')
        try:
            print('ready', flush=True)
            rclpy.spin(node)
        except rclpy.executors.ExternalShutdownException:
            pass
        print('shut down')
    """)
    program.wait_for_line('ready')
    program.signal(signal.SIGTERM)
    code, output, _ = program.finish(timeout=5)
    assert (code, output.split('\n')[:2]) == (0, ['mine', 'shut down'])


def test_publisher_ends_in_time_beside_a_frozen_subscriber(start, make_node, spin_until):
    viewer = start("""
        import rclpy
        from sensor_msgs.msg import Image
        rclpy.init(args=[])
        node = rclpy.create_node('viewer')
        node.create_subscription(Image, 'image', lambda image: print('seen', flush=True), 5)
        rclpy.spin(node)
    """)
    camera = start(CAMERA, '640', '480', '60', '10000', '5')
    viewer.wait_for_line('seen')
    viewer.signal(signal.SIGSTOP)
    time.sleep(0.5)
    sent = time.monotonic()
    camera.signal(signal.SIGTERM)
    code, _, errors = camera.finish(timeout=5)
    assert time.monotonic() - sent < 2
    assert 'ExternalShutdownException' in errors  # the program does not catch it
    assert 'Failed to publish' not in errors
    assert code == 1


def test_a_frozen_subscriber_hardly_delays_pictures(start, make_node):
    viewer = start("""
        import rclpy
        from sensor_msgs.msg import Image
        rclpy.init(args=[])
        node = rclpy.create_node('viewer')
        node.create_subscription(Image, 'image', lambda image: print('seen', flush=True), 1)
        rclpy.spin(node)
    """)
    publisher = make_node().create_publisher(Image, 'image', 1)
    image = Image(width=640, height=480, step=1920, encoding='bgr8', data=bytes(640 * 480 * 3))
    end = time.monotonic() + 10
    while publisher.get_subscription_count() == 0 and time.monotonic() < end:
        time.sleep(0.01)
    publisher.publish(image)
    viewer.wait_for_line('seen')
    viewer.signal(signal.SIGSTOP)
    time.sleep(0.1)
    started = time.monotonic()
    for _ in range(30):
        publisher.publish(image)
    assert 0.09 < time.monotonic() - started < 0.8  # one wait, not one for each picture


def test_waiting_for_a_frozen_subscriber_takes_its_time(start, make_node, spin_until):
    viewer = start("""
        import rclpy
        from std_msgs.msg import Int64
        rclpy.init(args=[])
        node = rclpy.create_node('viewer')
        node.create_subscription(Int64, 'numbers', lambda number: None, 5)
        print('ready', flush=True)
        rclpy.spin(node)
    """)
    viewer.wait_for_line('ready')
    publisher = make_node().create_publisher(Int64, 'numbers', 5)
    assert spin_until(lambda: publisher.get_subscription_count() == 1)
    viewer.signal(signal.SIGSTOP)
    time.sleep(0.1)
    publisher.publish(Int64())
    assert not publisher.wait_for_all_acked(Duration(seconds=0.1))
    viewer.signal(signal.SIGCONT)
    assert publisher.wait_for_all_acked(Duration(seconds=5))


def test_forked_child_dies_of_its_signal_alone(start):
    program = start("""
        import multiprocessing, time
        import rclpy
        rclpy.init(args=[])
        child = multiprocessing.get_context('fork').Process(target=time.sleep, args=(20,))
        child.start()
        time.sleep(0.1)
        child.terminate()
        child.join(5)
        time.sleep(0.1)
        print(child.exitcode, rclpy.ok())
        child.kill()
    """)
    assert program.finish(timeout=10)[1] == '-15 True\n'


def test_forked_child_ends_and_leaves_the_domain_to_its_parent(start):
    program = start("""
        import os, sys
        import rclpy
        rclpy.init(args=[])
        node = rclpy.create_node('parent')
        child = os.fork()
        if child == 0:
            sys.exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), node.get_node_names())
    """)
    assert program.finish(timeout=10)[1] == "7 ['parent']\n"


def test_restarted_publisher_is_matched_at_once(start, make_node, spin_until):
    source = """
        import sys, time
        import rclpy
        from std_msgs.msg import Int64
        rclpy.init(args=[])
        node = rclpy.create_node('talker')
        publisher = node.create_publisher(Int64, 'numbers', 10)
        node.create_timer(0.01, lambda: publisher.publish(Int64(data=int(sys.argv[1]))))
        rclpy.spin(node)
    """
    node = make_node()
    received = []
    node.create_subscription(Int64, 'numbers', lambda m: received.append(m.data), 10)
    start(source, '1')
    assert spin_until(lambda: 1 in received, node)
    start(source, '1').kill()
    start(source, '2')
    assert spin_until(lambda: 2 in received, node)


def test_process_without_shutdown_ends_cleanly(start):
    program = start("""
        import rclpy
        from std_msgs.msg import String
        rclpy.init(args=[])
        node = rclpy.create_node('careless')
        node.create_publisher(String, 'text', 10).publish(String())
        rclpy.spin_once(node, timeout_sec=0.01)
    """)
    assert program.finish(timeout=5) == (0, '', '')


@pytest.mark.parametrize(('variable', 'value'), [
    ('ROS_DOMAIN_ID', '999'), ('ROS_AUTOMATIC_DISCOVERY_RANGE', 'GALAXY'),
    ('CYCLONEDDS_URI', '<CycloneDDS><Nonsense/></CycloneDDS>')])
def test_wrong_environment_is_named(domain, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises((ValueError, RuntimeError), match=variable):
        rclpy.init(args=[])
    monkeypatch.undo()
    monkeypatch.setenv('ROS_DOMAIN_ID', str(domain))
    rclpy.init(args=[])  # a failed start does not spoil the next
    rclpy.shutdown()


TALKER = """
    import time
    import rclpy
    from std_msgs.msg import Int64
    rclpy.init(args=[])
    node = rclpy.create_node('talker')
    publisher = node.create_publisher(Int64, 'numbers', 10)
    end = time.monotonic() + 10
    while publisher.get_subscription_count() == 0 and time.monotonic() < end:
        time.sleep(0.02)
    print('matched' if publisher.get_subscription_count() else 'alone')
"""
LISTENER = """
    import rclpy
    from std_msgs.msg import Int64
    rclpy.init(args=[])
    node = rclpy.create_node('listener')
    node.create_subscription(Int64, 'numbers', print, 10)
    rclpy.spin(node)
"""


@pytest.mark.parametrize(('ours', 'theirs'), [
    ({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'},
     {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST', 'ROS_STATIC_PEERS': '127.0.0.1'}),
    ({'ROS_LOCALHOST_ONLY': '1', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'OFF'},
     {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}),
])
def test_processes_meet_by_their_discovery_settings(
    domain, monkeypatch, start, ours, theirs,
):
    monkeypatch.delenv('ROS_AUTOMATIC_DISCOVERY_RANGE')
    with monkeypatch.context() as settings:
        for name, value in theirs.items():
            settings.setenv(name, value)
        start(LISTENER)
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    assert start(TALKER).finish(timeout=20)[1] == 'matched\n'


def test_a_process_without_discovery_stays_alone(domain, monkeypatch, start):
    start(LISTENER)
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'OFF')
    program = start(TALKER.replace('+ 10', '+ 2'))
    assert program.finish(timeout=20)[1] == 'alone\n'


def test_another_middleware_is_warned_about_once(domain, monkeypatch, start):
    monkeypatch.setenv('RMW_IMPLEMENTATION', 'rmw_fastrtps_cpp')
    program = start("""
        import rclpy
        for _ in range(2):
            rclpy.init(args=[])
            rclpy.shutdown()
    """)
    code, _, errors = program.finish(timeout=10)
    assert code == 0
    assert errors.count('[WARN]') == errors.count("RMW_IMPLEMENTATION is 'rmw_fastrtps_cpp'") == 1
