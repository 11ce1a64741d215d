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

"""The maths of transforms, and lookups in trees of frames."""

from builtin_interfaces.msg import Time as TimeMessage
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
import numpy as np
import pytest
from rclpy.duration import Duration
from rclpy.time import Time
from std_msgs.msg import Header
from tf2_py import (
    BufferCore,
    ConnectivityException,
    ExtrapolationException,
    InvalidArgumentException,
    LookupException,
    TransformException,
)
from tf2_py.rigid_transform import (
    apply,
    compose,
    IDENTITY,
    interpolate,
    invert,
    RigidTransform,
    slerp,
)
import yaml

LATEST = Time()
COORDINATES = st.floats(-10, 10)
RATIOS = st.floats(0, 1)


def unit(array):
    return array / np.linalg.norm(array, axis=-1, keepdims=True)


QUATERNIONS = arrays(np.float64, 4, elements=st.floats(-1, 1)).filter(
    lambda q: np.linalg.norm(q) > 0.1).map(unit)
VECTORS = arrays(np.float64, 3, elements=COORDINATES)
TRANSFORMS = st.builds(RigidTransform, QUATERNIONS, VECTORS)


def matrix(transform):
    """Return the 4 x 4 matrix, by the textbook's formula for quaternions."""
    x, y, z, w = transform.rotation
    result = np.eye(4)
    result[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    result[:3, 3] = transform.translation
    return result


def assert_same(first, second):
    np.testing.assert_allclose(first, second, atol=1e-9)


@given(TRANSFORMS, TRANSFORMS, VECTORS)
def test_transforms_are_matrices(first, second, point):
    assert_same(matrix(compose(first, second)), matrix(first) @ matrix(second))
    assert_same(matrix(invert(first)), np.linalg.inv(matrix(first)))
    assert_same(matrix(compose(first, invert(first))), np.eye(4))
    assert_same(apply(first, point), (matrix(first) @ [*point, 1.0])[:3])


@given(TRANSFORMS, TRANSFORMS, RATIOS)
def test_interpolation_stays_between_its_ends(first, second, ratio):
    assert_same(matrix(interpolate(first, second, 0.0)), matrix(first))
    assert_same(matrix(interpolate(first, second, 1.0)), matrix(second))
    between = interpolate(first, second, ratio)
    assert np.linalg.norm(between.rotation) == pytest.approx(1.0)
    # The angle to the first end is that share of the whole angle, on the shorter way.
    whole, part = (
        2 * np.arccos(np.clip(abs(np.dot(first.rotation, q)), 0, 1))
        for q in (second.rotation, between.rotation))
    assert part == pytest.approx(ratio * whole, abs=1e-5)


def test_slerp_of_a_quarter_turn():
    none, quarter = np.array([0, 0, 0, 1.0]), np.array([0, 0, np.sqrt(0.5), np.sqrt(0.5)])
    third = slerp(none, quarter, 1 / 3)
    assert_same(third, [0, 0, np.sin(np.pi / 12), np.cos(np.pi / 12)])
    assert_same(slerp(none, -quarter, 1 / 3), third)


@given(st.lists(TRANSFORMS, min_size=1, max_size=5), TRANSFORMS)
def test_many_transforms_at_once(transforms, outer):
    many = RigidTransform(*map(np.stack, zip(*transforms, strict=True)))
    composed, inverted = compose(outer, many), invert(many)
    for index, one in enumerate(transforms):
        for array, expected in zip(composed, compose(outer, one), strict=True):
            assert_same(array[index], expected)
        for array, expected in zip(inverted, invert(one), strict=True):
            assert_same(array[index], expected)


def stamped(parent, child, transform=IDENTITY, seconds=0.0):
    sec, nanosec = divmod(round(seconds * 1e9), 10**9)
    x, y, z, w = map(float, transform.rotation)
    a, b, c = map(float, transform.translation)
    return TransformStamped(
        header=Header(frame_id=parent, stamp=TimeMessage(sec=sec, nanosec=nanosec)),
        child_frame_id=child,
        transform=Transform(
            rotation=Quaternion(x=x, y=y, z=z, w=w), translation=Vector3(x=a, y=b, z=c)))


def at(seconds):
    return Time(nanoseconds=round(seconds * 1e9))


def rigid(message):
    r, t = message.transform.rotation, message.transform.translation
    return RigidTransform(np.array([r.x, r.y, r.z, r.w]), np.array([t.x, t.y, t.z]))


def moved(x):
    return RigidTransform(IDENTITY.rotation, np.array([x, 0.0, 0.0]))


def x_of(message):
    return message.transform.translation.x


@given(st.data())
def test_a_lookup_in_a_tree_is_the_product_of_its_matrices(data):
    parents = [data.draw(st.integers(0, child)) for child in range(data.draw(st.integers(1, 8)))]
    to_root = [np.eye(4)]
    buffer = BufferCore()
    for child, parent in enumerate(parents, start=1):
        transform = data.draw(TRANSFORMS)
        message = stamped(f'f{parent}', f'f{child}', transform, 5.0)
        if data.draw(st.booleans()):
            buffer.set_transform(message, 'test')
        else:
            buffer.set_transform_static(message, 'test')
        to_root.append(to_root[parent] @ matrix(transform))
    target, source = (data.draw(st.integers(0, len(parents))) for _ in range(2))
    for time in (LATEST, at(5.0), TimeMessage(sec=5)):
        found = buffer.lookup_transform_core(f'f{target}', f'f{source}', time)
        assert (found.header.frame_id, found.child_frame_id) == (f'f{target}', f'f{source}')
        assert_same(matrix(rigid(found)), np.linalg.inv(to_root[target]) @ to_root[source])
        assert buffer.can_transform_core(f'f{target}', f'f{source}', time) == (True, '')


@given(TRANSFORMS, TRANSFORMS, RATIOS)
def test_times_between_are_interpolated(first, second, ratio):
    buffer = BufferCore()
    buffer.set_transform(stamped('world', 'arm', first, 1.0), 'test')
    buffer.set_transform(stamped('world', 'arm', second, 3.0), 'test')
    time = at(1.0 + 2.0 * ratio)
    found = buffer.lookup_transform_core('world', 'arm', time)
    exact = (time.nanoseconds - 10**9) / (2 * 10**9)
    assert_same(matrix(rigid(found)), matrix(interpolate(first, second, exact)))
    assert Time.from_msg(found.header.stamp).nanoseconds == time.nanoseconds


@pytest.fixture
def buffer():
    return BufferCore()


def test_latest_is_the_latest_time_that_all_frames_know(buffer):
    buffer.set_transform_static(stamped('world', 'base', moved(100)), 'test')
    for seconds in (1, 2, 3):
        buffer.set_transform(stamped('base', 'arm', moved(seconds), seconds), 'test')
    for seconds in (1, 2):
        buffer.set_transform(stamped('arm', 'hand', moved(10 * seconds), seconds), 'test')
    found = buffer.lookup_transform_core('world', 'hand', LATEST)
    assert (found.header.stamp, x_of(found)) == (TimeMessage(sec=2), 122)
    assert buffer.get_latest_common_time('world', 'hand') == at(2)
    assert buffer.get_latest_common_time('arm', 'world') == at(3)
    # Static transforms alone have no time of their own, and hold at any.
    assert buffer.lookup_transform_core('base', 'world', LATEST).header.stamp == TimeMessage()
    assert x_of(buffer.lookup_transform_core('world', 'base', at(1e6))) == 100


def test_frames_need_no_data_above_where_they_meet(buffer):
    buffer.set_transform(stamped('world', 'base', moved(100), 1), 'test')
    for frame in ('left', 'right'):
        buffer.set_transform(stamped('base', frame, moved(len(frame)), 5), 'test')
    assert x_of(buffer.lookup_transform_core('left', 'right', at(5))) == 1
    with pytest.raises(ExtrapolationException):
        buffer.lookup_transform_core('left', 'world', at(5))


def test_a_frame_changes_its_parent(buffer):
    buffer.set_transform(stamped('table', 'part', moved(1), 1), 'test')
    buffer.set_transform(stamped('hand', 'part', moved(2), 2), 'test')
    buffer.set_transform_static(stamped('table', 'hand', moved(10)), 'test')
    assert x_of(buffer.lookup_transform_core('table', 'part', at(1))) == 1
    assert x_of(buffer.lookup_transform_core('table', 'part', at(1.9))) == 1
    assert x_of(buffer.lookup_transform_core('table', 'part', at(2))) == 12
    assert x_of(buffer.lookup_transform_core('hand', 'part', LATEST)) == 2


def test_between_two_times(buffer):
    for seconds in (1, 2):
        buffer.set_transform(stamped('world', 'belt', moved(seconds), seconds), 'test')
    buffer.set_transform_static(stamped('belt', 'part', moved(0.5)), 'test')
    found = buffer.lookup_transform_full_core('part', at(2), 'part', at(1), 'world')
    assert (x_of(found), found.header.stamp) == (-1, TimeMessage(sec=2))
    assert buffer.can_transform_full_core('part', at(2), 'part', at(1), 'world')[0]
    assert not buffer.can_transform_full_core('part', at(3), 'part', at(1), 'world')[0]


def test_old_transforms_are_forgotten_and_older_ones_refused():
    buffer = BufferCore(Duration(seconds=2))
    for seconds in range(1, 7):
        buffer.set_transform(stamped('world', 'arm', moved(seconds), seconds), 'test')
    assert not buffer.can_transform_core('world', 'arm', at(2))[0]
    buffer.set_transform(stamped('world', 'arm', moved(4.25), 4.5), 'test')  # late, not too late
    assert x_of(buffer.lookup_transform_core('world', 'arm', at(4.5))) == 4.25
    buffer.set_transform(stamped('world', 'arm', moved(3), 3), 'test')
    assert not buffer.can_transform_core('world', 'arm', at(3))[0]
    # The last word on a time counts.
    buffer.set_transform(stamped('world', 'arm', moved(7), 6), 'test')
    assert x_of(buffer.lookup_transform_core('world', 'arm', LATEST)) == 7


def test_clearing_keeps_what_does_not_move(buffer):
    buffer.set_transform_static(stamped('world', 'base', moved(1)), 'test')
    buffer.set_transform(stamped('base', 'arm', moved(1), 100), 'test')
    buffer.clear()
    assert buffer.can_transform_core('world', 'base', LATEST)[0]
    with pytest.raises(ConnectivityException):
        buffer.lookup_transform_core('world', 'arm', LATEST)
    buffer.set_transform(stamped('base', 'arm', moved(2), 1), 'test')  # time began anew
    assert x_of(buffer.lookup_transform_core('world', 'arm', at(1))) == 3


def test_a_moving_frame_is_mounted(buffer):
    buffer.set_transform(stamped('world', 'camera', moved(1), 1), 'test')
    buffer.set_transform_static(stamped('world', 'camera', moved(2)), 'test')
    assert x_of(buffer.lookup_transform_core('world', 'camera', at(50))) == 2
    buffer.set_transform(stamped('world', 'camera', moved(3), 60), 'test')
    assert not buffer.can_transform_core('world', 'camera', at(50))[0]


@pytest.mark.parametrize(
    ('target', 'source', 'time', 'error', 'words'),
    [
        ('world', 'nowhere', LATEST, LookupException, ["'nowhere'", 'does not exist']),
        ('', 'arm', LATEST, InvalidArgumentException, ['empty']),
        ('/world', 'arm', LATEST, InvalidArgumentException, ["'/world'", 'slash']),
        ('world', 'island', LATEST, ConnectivityException, ["'world'", "'island'"]),
        ('world', 'arm', at(2.5), ExtrapolationException,
         ['future', '2.500000', '2.000000', "'arm'", "'world'"]),
        ('world', 'arm', at(0.5), ExtrapolationException, ['past', '0.500000', '1.000000']),
        ('sea', 'island', at(5), ExtrapolationException, ['5.000000', '4.000000']),
    ],
)
def test_failures_name_frames_and_times(buffer, target, source, time, error, words):
    for seconds in (1, 2):
        buffer.set_transform(stamped('world', 'arm', moved(seconds), seconds), 'test')
    buffer.set_transform(stamped('sea', 'island', moved(1), 4), 'test')
    with pytest.raises(error) as raised:
        buffer.lookup_transform_core(target, source, time)
    assert isinstance(raised.value, TransformException)
    assert all(word in str(raised.value) for word in words)
    assert '\n' not in str(raised.value)
    assert buffer.can_transform_core(target, source, time) == (False, str(raised.value))


def test_frames_in_a_circle_are_an_error(buffer):
    buffer.set_transform_static(stamped('a', 'b'), 'test')
    buffer.set_transform_static(stamped('b', 'a'), 'test')
    buffer.set_transform_static(stamped('x', 'y'), 'test')
    for target, source in (('x', 'a'), ('a', 'x')):
        with pytest.raises(LookupException, match='loop'):
            buffer.lookup_transform_core(target, source, LATEST)


def test_any_frame_is_itself(buffer):
    found = buffer.lookup_transform_core('unheard_of', 'unheard_of', at(3))
    assert (rigid(found).rotation.tolist(), found.header.stamp.sec) == ([0, 0, 0, 1], 3)


@pytest.mark.parametrize(
    ('message', 'reason'),
    [
        (stamped('world', 'world'), 'its own parent'),
        (stamped('', 'arm'), 'empty'),
        (stamped('world', ''), 'empty'),
        (stamped('world', 'arm', moved(float('nan'))), 'finite'),
        (stamped('world', 'arm', RigidTransform(np.zeros(4), np.zeros(3))), 'quaternion'),
    ],
)
def test_impossible_transforms_are_refused_with_a_reason(buffer, capfd, message, reason):
    buffer.set_transform(message, 'somebody')
    assert buffer.all_frames_as_yaml() == '[]'
    logged = capfd.readouterr().err
    assert 'somebody' in logged
    assert reason in logged


def test_nearly_unit_quaternions_are_taken_and_made_unit(buffer):
    rotation = 1.004 * unit(np.array([1.0, 2.0, 3.0, 4.0]))
    buffer.set_transform_static(
        stamped('world', 'arm', RigidTransform(rotation, np.ones(3))), 'test')
    for target, source in (('world', 'arm'), ('arm', 'world')):
        found = matrix(rigid(buffer.lookup_transform_core(target, source, LATEST)))
        assert_same(found[:3, :3] @ found[:3, :3].T, np.eye(3))


def test_names_from_ros1_lose_their_slash(buffer):
    buffer.set_transform_static(stamped('/world', '/arm'), 'test')
    assert buffer.can_transform_core('world', 'arm', LATEST)[0]


def test_all_frames_as_text(buffer):
    for step in range(11):
        buffer.set_transform(stamped('world', 'arm', moved(1), 1 + step / 10), 'the_arm')
    buffer.set_transform_static(stamped('arm', 'camera'), 'test')
    frames = yaml.safe_load(buffer.all_frames_as_yaml())
    assert frames['arm'] == {
        'parent': 'world', 'broadcaster': 'the_arm', 'rate': 11.0,
        'most_recent_transform': 2.0, 'oldest_transform': 1.0, 'buffer_length': 1.0}
    assert frames['camera']['parent'] == 'arm'
    assert buffer.all_frames_as_string().splitlines() == [
        'Frame arm exists with parent world.', 'Frame camera exists with parent arm.']
