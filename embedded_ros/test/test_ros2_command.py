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

"""The `ros2` command against a node in a process of its own."""

import os
from pathlib import Path
import re
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from ros2cli.message_text import field_of, message_from_yaml, message_to_yaml, Shortening
from ros2cli.topic_hz import rate_of
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose
import yaml

NODE = """
import array
from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import String
from std_srvs.srv import SetBool

rclpy.init()
node = rclpy.create_node('small', namespace='/cell')
node.declare_parameter('threshold', 0.5, ParameterDescriptor(
    description='Least score.', floating_point_range=[FloatingPointRange(to_value=1.0)]))
node.declare_parameter('camera.name', 'left')
node.declare_parameter('size', [612, 512])
latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
node.create_publisher(String, '~/latched', latched).publish(String(data='kept'))
image = Image(
    height=512, width=612, encoding='mono8', step=612, data=array.array('B', bytes(512 * 612)))
image.header.frame_id = 'camera'
images = node.create_publisher(Image, 'image', 5)
node.create_timer(0.05, lambda: images.publish(image))
heard = node.create_publisher(String, 'heard', 10)
node.create_subscription(String, 'say', heard.publish, 10)

def set_bool(request, response):
    response.success, response.message = request.data, 'as asked'
    return response

node.create_service(SetBool, '~/set', set_bool)
print('ready', flush=True)
try:
    rclpy.spin(node)
except (KeyboardInterrupt, ExternalShutdownException):
    pass
"""
LOOPBACK = (
    '<General><Interfaces><NetworkInterface name="lo"/></Interfaces>'
    '<AllowMulticast>false</AllowMulticast></General><Discovery>'
    '<ParticipantIndex>auto</ParticipantIndex><Peers><Peer address="localhost"/></Peers>'
    '</Discovery>')
COMMAND = [sys.executable, '-c', 'import sys; from ros2cli.cli import main; sys.exit(main())']


@pytest.fixture(scope='module')
def environment():
    """Return the environment of a domain for this module alone."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith('CYCLONEDDS')}
    return {
        **environment,
        'ROS_DOMAIN_ID': str(55 + os.getpid() % 5),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }


@pytest.fixture(scope='module')
def node(environment):
    process = subprocess.Popen(
        [sys.executable, '-c', NODE], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == 'ready\n'
    yield
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 0


@pytest.fixture
def ros2(environment):
    """Return a function that runs a command and returns exit code, output and errors."""

    def run(*arguments, timeout=20):
        result = subprocess.run(
            [*COMMAND, *arguments], env=environment, capture_output=True, text=True,
            timeout=timeout, check=False)
        return result.returncode, result.stdout, result.stderr

    return run


@pytest.fixture
def background(environment):
    """Return a function that starts a command."""
    started = []

    def start(*arguments):
        started.append(subprocess.Popen(
            [*COMMAND, *arguments], env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_help_is_quick_and_complete(ros2):
    start = time.monotonic()
    code, output, _ = ros2('--help')
    assert code == 0
    assert time.monotonic() - start < 1  # 0.1 s on an idle machine
    for command in re.findall(r'^  (\w+)  ', output, re.MULTILINE):
        code, verbs, _ = ros2(command, '--help')
        assert code == 0
        assert 'usage: ros2 ' + command in verbs


@pytest.mark.parametrize('arguments', [['nonsense'], ['topic', 'nonsense'], ['topic', 'info']])
def test_wrong_usage_is_exit_code_2(ros2, arguments):
    code, output, errors = ros2(*arguments)
    assert (code, output) == (2, '')
    assert 'Traceback' not in errors


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        ('topic info /nowhere --spin-time 0.1', "Unknown topic '/nowhere'"),
        ('topic info a//b --spin-time 0.1', "topic name must not contain repeated '/'"),
        ('topic echo /x no_msgs/msg/No', "the message type 'no_msgs/msg/No' is not known here"),
        ('topic pub /x std_msgs/String hello', 'the message is not given as'),
        ('topic pub /x std_msgs/String "{dat: 1}"', "has no field 'dat'; it has data"),
        ('node info nobody --spin-time 0.1', "Unable to find node '/nobody'"),
        ('param get nobody p --spin-time 0.1', "Unable to find node '/nobody'"),
        ('param get /cell/small no', "Parameter not set: node '/cell/small' has no 'no'"),
        ('param describe /cell/small no', 'Parameter not set'),
        ('param set /cell/small threshold 2.0', 'Setting parameter failed: '),
        ('param set /cell/small threshold high', 'Setting parameter failed: '),
        ('param set /cell/small threshold {a:', 'no value that a parameter can have'),
        ('service type /nowhere --spin-time 0.1', "Unknown service '/nowhere'"),
        ('service call /x no_srvs/srv/No', "the service type 'no_srvs/srv/No' is not known here"),
        ('run no_package x', "package 'no_package' not found"),
        ('run pytest no_program', "executable 'no_program' not found in package 'pytest': it has"),
        ('launch no_package x.launch.py', "package 'no_package' not found"),
        ('launch /nowhere/x.launch.py', "launch file '/nowhere/x.launch.py' does not exist"),
        ('launch no_file', "name a launch file of package 'no_file'"),
    ],
)
def test_failure_is_one_line_and_exit_code_1(ros2, node, arguments, expected):
    words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', arguments)]
    code, output, errors = ros2(*words)
    assert (code, output) == (1, '')
    assert expected in ' '.join(errors.split())
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize(
    ('variable', 'value'),
    [('ROS_DOMAIN_ID', 'left'), ('ROS_AUTOMATIC_DISCOVERY_RANGE', 'GALAXY'),
     ('CYCLONEDDS_URI', '<broken')],
)
def test_wrong_environment_is_one_line(ros2, monkeypatch, environment, variable, value):
    monkeypatch.setitem(environment, variable, value)
    code, output, errors = ros2('node', 'list')
    assert (code, output) == (1, '')
    assert variable in errors.splitlines()[-1]
    assert 'Traceback' not in errors


def test_lists(ros2, node):
    assert ros2('node', 'list') == (0, '/cell/small\n', '')
    assert ros2('topic', 'list', '-t')[1] == textwrap.dedent("""\
        /cell/heard [std_msgs/msg/String]
        /cell/image [sensor_msgs/msg/Image]
        /cell/say [std_msgs/msg/String]
        /cell/small/latched [std_msgs/msg/String]
        """)
    assert '/cell/small/set [std_srvs/srv/SetBool]\n' in ros2('service', 'list', '-t')[1]
    assert ros2('service', 'type', '/cell/small/set')[1] == 'std_srvs/srv/SetBool\n'


def test_node_info(ros2, node):
    code, output, _ = ros2('node', 'info', '/cell/small')
    assert code == 0
    sections = dict(re.findall(r'^  (\w[\w ]+):\n((?:    .+\n)*)', output, re.MULTILINE))
    assert output.startswith('/cell/small\n  Subscribers:\n')
    assert sections['Subscribers'] == '    /cell/say: std_msgs/msg/String\n'
    assert '    /cell/image: sensor_msgs/msg/Image\n' in sections['Publishers']
    assert '    /cell/small/set: std_srvs/srv/SetBool\n' in sections['Service Servers']
    assert sections['Action Servers'] == ''


def test_topic_info(ros2, node):
    assert ros2('topic', 'info', '/cell/image')[1] == (
        'Type: sensor_msgs/msg/Image\nPublisher count: 1\nSubscription count: 0\n')
    code, output, _ = ros2('topic', 'info', '-v', 'cell/small/latched')
    assert code == 0
    assert output.startswith(
        'Type: std_msgs/msg/String\n\nPublisher count: 1\n\n'
        'Node name: small\nNode namespace: /cell\nTopic type: std_msgs/msg/String\n'
        'Topic type hash: RIHS01_')
    assert 'Endpoint type: PUBLISHER\n' in output
    assert '  Reliability: RELIABLE\n' in output
    assert '  Durability: TRANSIENT_LOCAL\n' in output
    assert output.endswith('Subscription count: 0\n\n')


def test_echo_takes_the_quality_of_service_of_the_publishers(ros2, node):
    # A volatile subscription would miss what was published before it.
    assert ros2('topic', 'echo', '--once', '/cell/small/latched')[:2] == (0, 'data: kept\n---\n')


def test_echo_of_an_image(ros2, node):
    code, output, _ = ros2('topic', 'echo', '--once', '/cell/image')
    assert code == 0
    assert output.endswith("- '...'\n---\n")
    message = yaml.safe_load(output.removesuffix('---\n'))
    assert message['data'] == [0] * 128 + ['...']
    assert (message['header']['frame_id'], message['width']) == ('camera', 612)
    assert ros2('topic', 'echo', '--once', '--no-arr', '/cell/image')[1].endswith(
        "data: '<sequence type: uint8, length: 313344>'\n---\n")
    assert ros2('topic', 'echo', '--once', '--field', 'header', '/cell/image')[1] == (
        'stamp:\n  sec: 0\n  nanosec: 0\nframe_id: camera\n---\n')
    assert ros2('topic', 'echo', '--once', '--field', 'width', '/cell/image')[1] == '612\n---\n'
    code, _, errors = ros2('topic', 'echo', '--once', '--field', 'widht', '/cell/image')
    assert (code, errors.startswith("Invalid field 'widht'")) == (1, True)


def test_echo_waits_for_a_topic_that_does_not_exist_yet(background, ros2):
    echo = background('topic', 'echo', '--once', '/later')
    assert 'WARNING: topic [/later] does not appear to be published yet' in echo.stderr.readline()
    code, output, _ = ros2('topic', 'pub', '--once', '/later', 'std_msgs/msg/String', '{data: hi}')
    assert code == 0
    assert "publishing #1: std_msgs.msg.String(data='hi')" in output
    assert echo.communicate(timeout=5)[0] == 'data: hi\n---\n'
    assert echo.returncode == 0


def test_type_that_nobody_knows(environment, ros2):
    stranger = """
        from dataclasses import dataclass
        import os
        import time
        from cyclonedds.domain import DomainParticipant
        from cyclonedds.idl import IdlStruct
        from cyclonedds.pub import DataWriter
        from cyclonedds.topic import Topic

        @dataclass
        class Thing(IdlStruct, typename='strange_msgs::msg::dds_::Thing_'):
            value: int

        participant = DomainParticipant(int(os.environ['ROS_DOMAIN_ID']))
        topic = Topic(participant, 'rt/strange', Thing)
        writer = DataWriter(participant, topic)
        print('ready', flush=True)
        time.sleep(60)
    """
    process = subprocess.Popen(
        [sys.executable, '-c', textwrap.dedent(stranger)], stdout=subprocess.PIPE, text=True,
        env={**environment, 'CYCLONEDDS_URI': LOOPBACK})
    try:
        assert process.stdout.readline() == 'ready\n'
        assert '/strange [strange_msgs/msg/Thing]\n' in ros2('topic', 'list', '-t')[1]
        code, _, errors = ros2('topic', 'echo', '/strange')
        assert code == 1
        assert errors == "the message type 'strange_msgs/msg/Thing' is not known here\n"
    finally:
        process.kill()
        process.communicate()


def test_hz(background, node):
    hz = background('topic', 'hz', '-w', '20', '/cell/image')
    lines = [hz.stdout.readline() for _ in range(5)]
    hz.send_signal(signal.SIGINT)
    errors = hz.communicate(timeout=3)[1]
    rates = [float(rate) for rate in re.findall(r'^average rate: (\S+)$', ''.join(lines), re.M)]
    assert len(rates) == 2
    assert rates[1] == pytest.approx(20, rel=0.2)
    assert re.search(r'^\tmin: \S+s max: \S+s std dev: \S+s window: \d+$', ''.join(lines), re.M)
    assert (hz.returncode, errors) == (2, '')


def test_rate():
    rate = rate_of([0.0, 0.1, 0.3, 0.4])
    assert (rate.rate, rate.count) == (pytest.approx(7.5), 3)
    assert (rate.shortest, rate.longest) == (pytest.approx(0.1), pytest.approx(0.2))
    assert rate_of([1.0]) is None


def test_parameters(ros2, node):
    assert ros2('param', 'list')[1] == (
        '/cell/small:\n  camera.name\n  size\n  threshold\n')
    assert ros2('param', 'list', '/cell/small', '--param-type')[1] == (
        '  camera.name (type: string)\n  size (type: integer array)\n'
        '  threshold (type: double)\n')
    assert ros2('param', 'set', '/cell/small', 'threshold', '0.9') == (
        0, 'Set parameter successful\n', '')
    assert ros2('param', 'get', '/cell/small', 'threshold')[1] == 'Double value is: 0.9\n'
    assert ros2('param', 'get', '/cell/small', 'camera.name', '--hide-type')[1] == 'left\n'
    assert ros2('param', 'describe', '/cell/small', 'threshold')[1] == textwrap.dedent("""\
        Parameter name: threshold
          Type: double
          Description: Least score.
          Constraints:
            Min value: 0.0
            Max value: 1.0
        """)


def test_dumped_parameters_can_be_given_to_a_node(ros2, node, environment, tmp_path):
    dumped = ros2('param', 'dump', '/cell/small')[1]
    values = yaml.safe_load(dumped)['/cell/small']['ros__parameters']
    assert values['camera'] == {'name': 'left'}
    assert values['size'] == [612, 512]
    file = tmp_path / 'dump.yaml'
    file.write_text(dumped.replace('left', 'right'))
    source = (
        'import rclpy; rclpy.init(); node = rclpy.create_node("small", namespace="/cell");'
        'print(node.declare_parameter("camera.name", "").value)')
    result = subprocess.run(
        [sys.executable, '-c', source, '--ros-args', '--params-file', str(file)],
        env={**environment, 'ROS_DOMAIN_ID': '54'}, capture_output=True, text=True, check=True)
    assert result.stdout == 'right\n'


def test_pub_reaches_a_node_and_its_answer_comes_back(background, ros2, node):
    echo = background('topic', 'echo', '--once', '/cell/heard')
    pub = background('topic', 'pub', '-r', '10', '/cell/say', 'std_msgs/String', 'data: hello')
    assert echo.communicate(timeout=8)[0] == 'data: hello\n---\n'
    pub.send_signal(signal.SIGINT)
    assert 'Traceback' not in pub.communicate(timeout=3)[1]


def test_service_call(ros2, node):
    code, output, _ = ros2(
        'service', 'call', '/cell/small/set', 'std_srvs/srv/SetBool', '{data: true}')
    assert code == 0
    assert output == (
        'requester: making request: std_srvs.srv.SetBool_Request(data=True)\n\n'
        "response:\nstd_srvs.srv.SetBool_Response(success=True, message='as asked')\n\n")


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    'arguments',
    ['topic echo /cell/image', 'topic echo /nowhere', 'service call /nowhere std_srvs/srv/Empty'],
)
def test_signal_ends_a_command_without_a_traceback(background, node, arguments, number):
    command = background(*arguments.split())
    time.sleep(1.5)
    command.send_signal(number)
    start = time.monotonic()
    _, errors = command.communicate(timeout=3)
    assert time.monotonic() - start < 2
    assert command.returncode == {signal.SIGINT: 2, signal.SIGTERM: 143}[number]
    assert 'Traceback' not in errors


def test_reader_that_goes_away(environment, node):
    text = subprocess.list2cmdline([*COMMAND, 'topic', 'echo', '/cell/image'])
    result = subprocess.run(
        ['/bin/sh', '-c', f'{text} | head -n 1'], env=environment, capture_output=True, text=True,
        timeout=10, check=True)
    assert result.stdout == 'header:\n'
    assert result.stderr == ''


def test_run_becomes_the_program(ros2, tmp_path, monkeypatch, environment):
    folder = install_package(tmp_path, 'tools')
    program = folder / 'show'
    program.write_text('#!/bin/sh\necho "$@"\nexit 7\n')
    program.chmod(0o755)
    environment = {**environment, 'AMENT_PREFIX_PATH': str(tmp_path)}
    result = subprocess.run(
        [*COMMAND, 'run', 'tools', 'show', '--ros-args', '-p', 'a:=1'], env=environment,
        capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (7, '--ros-args -p a:=1\n')


def test_console_script_of_a_distribution(ros2):
    code, output, _ = ros2('run', 'pytest', 'pytest', '--version')
    assert code == 0
    assert output.startswith('pytest ')


def test_launched_node_gets_names_parameters_and_remappings(tmp_path, environment):
    program = install_package(tmp_path, 'cell') / 'report'
    program.write_text(f"""#!{sys.executable}
import rclpy
rclpy.init()
node = rclpy.create_node('report', allow_undeclared_parameters=True,
                         automatically_declare_parameters_from_overrides=True)
print(node.get_fully_qualified_name(), node.resolve_topic_name('image'))
for name, parameter in sorted(node.get_parameters_by_prefix('').items()):
    if name != 'use_sim_time':
        print(name, repr(parameter.value))
""")
    program.chmod(0o755)
    share = tmp_path / 'share/cell'
    (share / 'config.yaml').write_text('/**:\n  ros__parameters:\n    a: 1\n    b: 1\n    d: 1\n')
    (share / 'cell.launch.py').write_text("""
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

def generate_launch_description():
    threshold = LaunchConfiguration('threshold')
    return LaunchDescription([
        DeclareLaunchArgument('threshold', default_value='0.5'),
        Node(package='cell', executable='report', name='told', namespace='left',
             parameters=[
                 {'a': 0, 'e': True},
                 PathJoinSubstitution([FindPackageShare('cell'), 'config.yaml']),
                 {'b': threshold, 'c': {'text': ParameterValue(threshold, value_type=str)},
                  'd': [1, 2.5]}],
             remappings=[('image', 'camera/image_raw')], output='screen')])
""")
    result = subprocess.run(
        [*COMMAND, 'launch', 'cell', 'cell.launch.py', 'threshold:=0.25'], check=False,
        capture_output=True, text=True, env={
            **environment, 'AMENT_PREFIX_PATH': str(tmp_path), 'TMPDIR': str(tmp_path),
            'ROS_LOG_DIR': str(tmp_path / 'log')})
    assert result.returncode == 0, result.stdout + result.stderr
    told = [line.removeprefix('[report-1] ') for line in result.stdout.splitlines()
            if line.startswith('[report-1] ')]
    assert told == [
        '/left/told /left/camera/image_raw',
        'a 0', 'b 0.25', "c.text '0.25'", 'd [1.0, 2.5]', 'e True']
    assert not list(tmp_path.glob('**/launch_params_*'))


def install_package(prefix: Path, name: str) -> Path:
    index = prefix / 'share/ament_index/resource_index/packages'
    for folder in (index, prefix / 'share' / name, prefix / 'lib' / name):
        folder.mkdir(parents=True)
    (index / name).write_text('')
    return prefix / 'lib' / name


def test_yaml_of_messages():
    detections = Detection2DArray(header=Header(frame_id='camera'))
    detection = Detection2D(results=[ObjectHypothesisWithPose()])
    detection.results[0].hypothesis.class_id = 'p' * 200
    detections.detections = [detection]
    plain = yaml.safe_load(message_to_yaml(detections, Shortening()))
    shown = plain['detections'][0]['results'][0]
    assert shown['hypothesis']['class_id'] == 'p' * 128 + '...'
    assert shown['pose']['covariance'] == [0.0] * 36
    full = yaml.safe_load(message_to_yaml(detections, Shortening(length=None)))
    assert full['detections'][0]['results'][0]['hypothesis']['class_id'] == 'p' * 200
    hidden = yaml.safe_load(message_to_yaml(CameraInfo(), Shortening(arrays=False, strings=False)))
    assert hidden['d'] == '<sequence type: double, length: 0>'
    assert hidden['k'] == '<array type: double[9]>'
    assert hidden['distortion_model'] == '<string length: <0>>'
    assert field_of(detections, 'detections[0].results[0].hypothesis.score') == 0.0


def test_messages_from_yaml_and_back():
    text = """
        header: {stamp: {sec: 3}, frame_id: camera}
        detections:
        - results: [{hypothesis: {class_id: pin, score: 1}}]
          bbox: {center: {position: {x: 1.5, y: 2}}, size_x: 3}
    """
    message = message_from_yaml(Detection2DArray, text)
    assert message.header.stamp.sec == 3
    assert message.detections[0].results[0].hypothesis.score == 1.0
    again = message_from_yaml(
        Detection2DArray, message_to_yaml(message, Shortening(length=None)))
    assert again == message
    image = message_from_yaml(Image, '{data: [1, 2], width: 2}')
    assert list(image.data) == [1, 2]
    camera = message_from_yaml(CameraInfo, '{d: [0, 1], k: [1, 0, 0, 0, 1, 0, 0, 0, 1]}')
    assert camera.d.tolist() == [0.0, 1.0]
    assert camera.k.tolist() == [1.0, 0, 0, 0, 1, 0, 0, 0, 1]
