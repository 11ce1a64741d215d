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

"""Parameters of a node: declaration, types, ranges, callbacks, events."""

import time

import pytest
from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    ParameterEvent,
    ParameterType,
    SetParametersResult,
)
from rclpy.exceptions import (
    InvalidParameterException,
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterAlreadyDeclaredException,
    ParameterImmutableException,
    ParameterNotDeclaredException,
    ParameterUninitializedException,
)
from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_parameter_events

UNIT_RANGE = ParameterDescriptor(
    floating_point_range=[FloatingPointRange(from_value=0.0, to_value=1.0, step=0.25)])
ODD_RANGE = ParameterDescriptor(integer_range=[IntegerRange(from_value=1, to_value=10, step=2)])


@pytest.fixture
def node(make_node):
    return make_node('tested', start_parameter_services=False)


def set_one(node, name, value):
    return node.set_parameters([Parameter(name, value=value)])[0]


VALUES = {
    'BOOL': True, 'INTEGER': 3, 'DOUBLE': 0.5, 'STRING': 'text', 'BYTE_ARRAY': [b'a', b'b'],
    'BOOL_ARRAY': [True, False], 'INTEGER_ARRAY': [1, 2], 'DOUBLE_ARRAY': [0.5, 1.0],
    'STRING_ARRAY': ['a', 'b']}


@pytest.mark.parametrize(('kind', 'value'), VALUES.items())
def test_type_comes_from_the_default(node, kind, value):
    parameter = node.declare_parameter('p', value)
    assert parameter.value == node.get_parameter('p').value == value
    assert parameter.type_ == Parameter.Type[kind]
    assert node.describe_parameter('p').type == getattr(ParameterType, f'PARAMETER_{kind}')
    for other, wrong in VALUES.items():
        result = set_one(node, 'p', wrong)
        assert result.successful == (other == kind)
        assert result.successful or result.reason.startswith('Wrong parameter type')
    assert node.get_parameter('p').value == value


@pytest.mark.parametrize(('kind', 'value'), VALUES.items())
def test_value_travels_as_a_message(kind, value):
    message = Parameter('p', value=value).to_parameter_msg()
    assert message.value.type == getattr(ParameterType, f'PARAMETER_{kind}')
    assert list(Parameter.from_parameter_msg(message).value) == list(value) if isinstance(
        value, list) else Parameter.from_parameter_msg(message).value == value


def test_given_type_must_suit_the_value():
    with pytest.raises(ValueError, match='INTEGER'):
        Parameter('p', Parameter.Type.INTEGER, 'text')
    with pytest.raises(TypeError):
        Parameter('p', value={'a': 1})


def test_every_node_has_use_sim_time(node):
    assert node.get_parameter('use_sim_time').value is False


def test_declared_once(node):
    node.declare_parameter('p', 1)
    with pytest.raises(ParameterAlreadyDeclaredException):
        node.declare_parameter('p', 1)


def test_needs_a_name_and_a_type(node):
    with pytest.raises(InvalidParameterException):
        node.declare_parameter('', 1)
    with pytest.raises(ValueError):
        node.declare_parameter('p', None, ParameterDescriptor())
    assert not node.has_parameter('p')


def test_type_alone_may_be_declared(node):
    node.declare_parameter('p', Parameter.Type.INTEGER)
    assert node.has_parameter('p')
    with pytest.raises(ParameterUninitializedException):
        node.get_parameter('p')
    assert node.get_parameter_or('p', Parameter('p', value=7)).value == 7
    assert not set_one(node, 'p', 0.5).successful
    assert set_one(node, 'p', 5).successful
    assert node.get_parameter('p').value == 5


def test_undeclared_names_are_refused(node):
    for access in (
        lambda: node.get_parameter('p'), lambda: node.get_parameters(['p']),
        lambda: node.get_parameter_type('p'), lambda: node.describe_parameter('p'),
        lambda: node.undeclare_parameter('p'), lambda: set_one(node, 'p', 1),
        lambda: node.set_parameters_atomically([Parameter('p', value=1)]),
        lambda: node.set_descriptor('p', ParameterDescriptor()),
    ):
        with pytest.raises(ParameterNotDeclaredException):
            access()
    assert node.get_parameter_or('p').type_ == Parameter.Type.NOT_SET


def test_undeclared_names_may_be_allowed(make_node):
    node = make_node(
        'tested', allow_undeclared_parameters=True, start_parameter_services=False)
    assert node.get_parameter('p').type_ == Parameter.Type.NOT_SET
    assert set_one(node, 'p', 1).successful
    assert set_one(node, 'p', 'dynamic').successful
    assert node.get_parameter('p').value == 'dynamic'


def test_wrong_objects_are_refused(node):
    with pytest.raises(TypeError):
        node.set_parameters(['p'])
    with pytest.raises(TypeError):
        node.declare_parameters('', [(1, 2)])


def test_dynamic_type_and_unsetting(node):
    node.declare_parameter('p', 0.5, ParameterDescriptor(dynamic_typing=True))
    assert set_one(node, 'p', 'text').successful
    assert node.get_parameter_type('p') == Parameter.Type.STRING.value
    assert set_one(node, 'p', None).successful
    assert not node.has_parameter('p')


def test_static_type_cannot_be_unset(node):
    node.declare_parameter('p', 0.5)
    assert not set_one(node, 'p', None).successful
    assert node.get_parameter('p').value == 0.5


@pytest.mark.parametrize(('value', 'accepted'), [
    (0.0, True), (1.0, True), (0.25, True), (0.3, False), (-0.1, False), (1.25, False)])
def test_range_of_floats(node, value, accepted):
    node.declare_parameter('p', 0.5, UNIT_RANGE)
    assert set_one(node, 'p', value).successful == accepted
    assert node.get_parameter('p').value == (value if accepted else 0.5)


@pytest.mark.parametrize(('value', 'accepted'), [
    (1, True), (10, True), (7, True), (2, False), (0, False), (11, False)])
def test_range_of_integers(node, value, accepted):
    node.declare_parameter('p', 3, ODD_RANGE)
    assert set_one(node, 'p', value).successful == accepted


def test_default_must_be_in_its_range(node):
    with pytest.raises(InvalidParameterValueException):
        node.declare_parameter('p', 2.0, UNIT_RANGE)
    assert not node.has_parameter('p')


def test_read_only(node):
    node.declare_parameter('p', 1, ParameterDescriptor(read_only=True))
    assert 'read-only' in set_one(node, 'p', 2).reason
    with pytest.raises(ParameterImmutableException):
        node.undeclare_parameter('p')
    with pytest.raises(ParameterImmutableException):
        node.set_descriptor('p', ParameterDescriptor(dynamic_typing=True))
    assert node.get_parameter('p').value == 1


def test_undeclared_name_is_free_again(node):
    node.declare_parameter('p', 1)
    node.undeclare_parameter('p')
    assert not node.has_parameter('p')
    assert node.declare_parameter('p', 'text').value == 'text'


def test_parameters_are_set_one_by_one_until_one_is_unknown(node):
    node.declare_parameters('', [('a', 1), ('b', 1)])
    changes = [Parameter(name, value=2) for name in ('a', 'unknown', 'b')]
    with pytest.raises(ParameterNotDeclaredException):
        node.set_parameters(changes)
    assert [node.get_parameter(name).value for name in ('a', 'b')] == [2, 1]


def test_atomic_change_is_all_or_nothing(node):
    node.declare_parameters('', [('a', 1), ('b', 1)])
    result = node.set_parameters_atomically([Parameter('a', value=2), Parameter('b', value='x')])
    assert not result.successful
    assert node.get_parameter('a').value == 1
    assert node.set_parameters_atomically(
        [Parameter('a', value=2), Parameter('b', value=3)]).successful
    assert [p.value for p in node.get_parameters(['a', 'b'])] == [2, 3]


def test_callbacks_see_the_change_before_and_after(node):
    node.declare_parameter('p', 1)
    seen = []

    def note(when):
        seen.append((when, node.get_parameter('p').value))

    def before(parameters):
        note('pre')
        return parameters

    def decide(parameters):
        note('on')
        return SetParametersResult(successful=parameters[0].value < 10, reason='too large')

    node.add_pre_set_parameters_callback(before)
    node.add_on_set_parameters_callback(decide)
    node.add_post_set_parameters_callback(lambda parameters: note('post'))
    assert set_one(node, 'p', 2).successful
    assert seen == [('pre', 1), ('on', 1), ('post', 2)]
    seen.clear()
    assert set_one(node, 'p', 20).reason == 'too large'
    assert seen == [('pre', 2), ('on', 2)]
    seen.clear()
    assert not set_one(node, 'p', 'text').successful
    assert seen == [('pre', 2)]


def test_newest_callback_is_asked_first(node):
    node.declare_parameter('p', 1)
    asked = []

    def ask(name, accept):
        def decide(parameters):
            asked.append(name)
            return SetParametersResult(successful=accept, reason=name)
        return decide

    older, newer = ask('older', True), ask('newer', False)
    node.add_on_set_parameters_callback(older)
    node.add_on_set_parameters_callback(newer)
    assert set_one(node, 'p', 2).reason == 'newer'
    assert asked == ['newer']
    node.remove_on_set_parameters_callback(newer)
    assert set_one(node, 'p', 2).successful
    with pytest.raises(ValueError, match='x not in list'):
        node.remove_on_set_parameters_callback(newer)


def test_pre_set_callback_alters_the_change(node):
    node.declare_parameters('', [('p', 1), ('q', 1)])
    node.add_pre_set_parameters_callback(
        lambda parameters: [*parameters, Parameter('q', value=parameters[0].value)])
    assert set_one(node, 'p', 5).successful
    assert node.get_parameter('q').value == 5


def test_pre_set_callbacks_are_given_the_same_list(node):
    node.declare_parameters('', [('p', 1), ('q', 1), ('r', 1)])
    for name in ('q', 'r'):
        node.add_pre_set_parameters_callback(
            lambda parameters, name=name: [Parameter(name, value=len(parameters) + 10)])
    assert set_one(node, 'p', 5).successful
    assert [p.value for p in node.get_parameters(['p', 'q', 'r'])] == [1, 11, 11]


def test_empty_list_of_a_pre_set_callback_is_no_success(node):
    node.declare_parameter('p', 1)
    node.add_pre_set_parameters_callback(lambda parameters: [])
    assert not set_one(node, 'p', 2).successful
    assert node.get_parameter('p').value == 1


def test_declaring_asks_the_callbacks_too(node):
    node.add_on_set_parameters_callback(
        lambda parameters: SetParametersResult(successful=False, reason='never'))
    with pytest.raises(InvalidParameterValueException, match='never'):
        node.declare_parameter('p', 1)
    assert not node.has_parameter('p')


def test_exception_of_a_callback_reaches_the_caller(node):
    node.declare_parameter('p', 1)

    def fail(parameters):
        raise RuntimeError('on purpose')

    node.add_on_set_parameters_callback(fail)
    with pytest.raises(RuntimeError, match='on purpose'):
        set_one(node, 'p', 2)
    assert node.get_parameter('p').value == 1


def test_new_descriptor_keeps_or_replaces_the_value(node):
    node.declare_parameter('p', 5.0)
    unit = ParameterDescriptor(
        type=ParameterType.PARAMETER_DOUBLE,
        floating_point_range=[FloatingPointRange(from_value=0.0, to_value=1.0)])
    with pytest.raises(InvalidParameterValueException):
        node.set_descriptor('p', unit)
    value = node.set_descriptor('p', unit, Parameter('', value=0.5).get_parameter_value())
    assert value.double_value == node.get_parameter('p').value == 0.5
    assert not set_one(node, 'p', 2.0).successful


def test_values_given_to_the_constructor(make_node):
    node = make_node('tested', parameter_overrides=[
        Parameter('p', value=2), Parameter('q', value='text'), Parameter('undeclared', value=1)])
    assert node.declare_parameter('p', 1).value == 2
    with pytest.raises(InvalidParameterTypeException):
        node.declare_parameter('q', 1)
    assert node.declare_parameter('r', 1).value == 1
    assert not node.has_parameter('undeclared')


def test_values_given_may_declare_themselves(make_node):
    node = make_node(
        'tested', parameter_overrides=[Parameter('p', value=2)],
        automatically_declare_parameters_from_overrides=True)
    assert node.get_parameter('p').value == 2


def test_prefixes(node):
    node.declare_parameters('box', [('size', 1), ('color.red', 2)])
    assert {name: p.value for name, p in node.get_parameters_by_prefix('box').items()} == {
        'size': 1, 'color.red': 2}
    result = node.list_parameters(['box'], 1)
    assert list(result.names) == ['box.size']
    assert list(result.prefixes) == ['box']


def test_changes_are_told_on_parameter_events(make_node, spin_until):
    listener, node = make_node('listener'), make_node('tested', namespace='/cell')
    events = []
    listener.create_subscription(
        ParameterEvent, '/parameter_events',
        lambda event: event.node == '/cell/tested' and events.append(event),
        qos_profile_parameter_events)
    assert spin_until(
        lambda: any(
            info.node_name == 'listener'
            for info in node.get_subscriptions_info_by_topic('/parameter_events')), listener)
    time.sleep(0.3)
    node.declare_parameter('p', 1, ParameterDescriptor(dynamic_typing=True))
    set_one(node, 'p', 2)
    set_one(node, 'p', None)
    assert spin_until(lambda: len(events) >= 3, listener)
    told = [
        [[(p.name, p.value.integer_value) for p in parameters] for parameters in (
            event.new_parameters, event.changed_parameters, event.deleted_parameters)]
        for event in events[-3:]]
    assert told == [[[('p', 1)], [], []], [[], [('p', 2)], []], [[], [], [('p', 0)]]]
    assert events[-1].stamp.sec > 0
