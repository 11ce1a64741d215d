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

from hypothesis import given, strategies as st
import pytest
from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
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
from rclpy.parameter import get_parameter_value, Parameter, parameter_value_to_python

from embedded_ros.arguments import parse
from embedded_ros.node_parameters import NodeParameters, overrides_for_node

UNIT_RANGE = ParameterDescriptor(
    floating_point_range=[FloatingPointRange(from_value=0.0, to_value=1.0)]
)
VALUES = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.lists(st.booleans(), min_size=1, max_size=3)
    | st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=3)
    | st.lists(st.floats(allow_nan=False), min_size=1, max_size=3)
    | st.lists(st.text(max_size=5), min_size=1, max_size=3)
    | st.lists(st.binary(min_size=1, max_size=1), max_size=3)
)


def parameters(overrides=None, **options):
    node = NodeParameters()
    given = {name: Parameter(name, value=value) for name, value in (overrides or {}).items()}
    node._init_parameters(given, **options)
    return node


def set_one(node, name, value):
    return node.set_parameters([Parameter(name, value=value)])[0]


@given(VALUES)
def test_a_parameter_survives_as_a_message(value):
    parameter = Parameter('p', value=value)
    again = Parameter.from_parameter_msg(parameter.to_parameter_msg())
    assert again == parameter
    assert type(again.value) is type(value)


def test_types_follow_from_values():
    types = {type_.name: type_ for type_ in Parameter.Type}
    for value, name in (
        (None, 'NOT_SET'), (True, 'BOOL'), (1, 'INTEGER'), (1.0, 'DOUBLE'), ('a', 'STRING'),
        ([b'a'], 'BYTE_ARRAY'), ([True], 'BOOL_ARRAY'), ([1], 'INTEGER_ARRAY'),
        ((1.0,), 'DOUBLE_ARRAY'), (['a'], 'STRING_ARRAY'), ([], 'BYTE_ARRAY'),
    ):
        assert Parameter('p', value=value).type_ is types[name]
    with pytest.raises(TypeError):
        Parameter('p', value=[1, 'a'])
    with pytest.raises(TypeError):
        Parameter('p', value={})
    with pytest.raises(ValueError, match='agree'):
        Parameter('p', Parameter.Type.INTEGER, 'a')


@pytest.mark.parametrize(('text', 'value'), [('0.5', 0.5), ('[1, a]', '[1, a]'), ('on', True)])
def test_values_from_text(text, value):
    assert parameter_value_to_python(get_parameter_value(text)) == value


def test_declare_and_read():
    node = parameters()
    assert node.declare_parameter('a', 0.5).value == 0.5
    assert node.get_parameter('a').value == 0.5
    assert node.has_parameter('a')
    assert not node.has_parameter('b')
    assert node.describe_parameter('a').name == 'a'
    assert node.describe_parameter('a').type == Parameter.Type.DOUBLE
    with pytest.raises(ParameterNotDeclaredException, match='b'):
        node.get_parameter('b')
    with pytest.raises(ParameterAlreadyDeclaredException, match='a'):
        node.declare_parameter('a', 1.0)
    with pytest.raises(InvalidParameterException):
        node.declare_parameter('', 1)
    with pytest.raises(ValueError, match='needs a default'):
        node.declare_parameter('c', None, ParameterDescriptor())


def test_a_namespace_is_joined_to_names():
    node = parameters({'box.size': 7})
    node.declare_parameters('box', [('size', 1), ('color', 'red', ParameterDescriptor())])
    values = {name: p.value for name, p in node.get_parameters_by_prefix('box').items()}
    assert values == {'size': 7, 'color': 'red'}
    assert set(node.get_parameters_by_prefix('')) == {'box.size', 'box.color'}
    assert node.get_parameters_by_prefix('bo') == {}


def test_values_from_outside():
    node = parameters({'a': 0.25, 'b': 'text', 'c': 2.0})
    assert node.declare_parameter('a', 0.5).value == 0.25
    assert node.declare_parameter('c', 1.0, ignore_override=True).value == 1.0
    with pytest.raises(InvalidParameterTypeException, match=r'INTEGER.*: b$'):
        node.declare_parameter('b', 1)
    assert not node.has_parameter('b')


def test_a_value_from_outside_must_be_in_range():
    node = parameters({'a': 2.0})
    with pytest.raises(InvalidParameterValueException, match=r'out of range.*: a$'):
        node.declare_parameter('a', 0.5, UNIT_RANGE)


def test_overrides_come_from_arguments_and_program():
    arguments = parse(['--ros-args', '-p', 'a:=1', '-p', 'b:=2'])
    overrides = overrides_for_node(arguments, '/n', [Parameter('b', value=3)])
    assert {name: given.value for name, given in overrides.items()} == {'a': 1, 'b': 3}


def test_all_values_from_outside_declared():
    node = parameters({'a': 1}, declare_overrides=True)
    assert node.get_parameter('a').value == 1
    assert set_one(node, 'a', 'text').successful


def test_a_type_without_a_default():
    node = parameters({'b': 3})
    node.declare_parameter('a', Parameter.Type.INTEGER)
    with pytest.raises(ParameterUninitializedException, match='a'):
        node.get_parameter('a')
    alternative = Parameter('a', value=9)
    assert node.get_parameter_or('a', alternative) is alternative
    assert not set_one(node, 'a', 1.0).successful
    assert set_one(node, 'a', 4).successful
    assert node.get_parameter('a').value == 4
    assert node.declare_parameter('b', Parameter.Type.INTEGER).value == 3


def test_types_stay_unless_dynamic():
    node = parameters()
    node.declare_parameter('a', 0.5)
    node.declare_parameter('d', 0.5, ParameterDescriptor(dynamic_typing=True))
    result = set_one(node, 'a', 1)
    assert not result.successful
    assert "expected 'DOUBLE' got 'INTEGER'" in result.reason
    assert node.get_parameter('a').value == 0.5
    assert not set_one(node, 'a', None).successful
    assert set_one(node, 'd', 'text').successful
    assert node.get_parameter_type('d') is Parameter.Type.STRING
    assert set_one(node, 'd', None).successful
    assert not node.has_parameter('d')


# Edges are met within a tolerance.
@given(st.floats().filter(lambda value: not 1 < value < 1.00001))
def test_ranges_of_floats(value):
    node = parameters()
    node.declare_parameter('a', 0.5, UNIT_RANGE)
    result = set_one(node, 'a', value)
    assert result.successful == (0 <= value <= 1)
    assert result.successful or str(value) in result.reason


@given(st.integers(-5, 15))
def test_ranges_and_steps_of_integers(value):
    node = parameters()
    limits = IntegerRange(from_value=0, to_value=10, step=3)
    node.declare_parameter('a', 0, ParameterDescriptor(integer_range=[limits]))
    assert set_one(node, 'a', value).successful == (value in (0, 3, 6, 9, 10))


def test_steps_of_floats():
    node = parameters()
    limits = FloatingPointRange(from_value=0.0, to_value=1.0, step=0.1)
    node.declare_parameter('a', 0.0, ParameterDescriptor(floating_point_range=[limits]))
    assert set_one(node, 'a', 0.1 * 3).successful
    assert not set_one(node, 'a', 0.35).successful


def test_read_only():
    node = parameters({'a': 2})
    node.declare_parameter('a', 1, ParameterDescriptor(read_only=True))
    assert node.get_parameter('a').value == 2
    assert 'read-only' in set_one(node, 'a', 3).reason
    with pytest.raises(ParameterImmutableException):
        node.undeclare_parameter('a')


def test_undeclare():
    node = parameters()
    node.declare_parameter('a', 1)
    node.undeclare_parameter('a')
    assert not node.has_parameter('a')
    with pytest.raises(ParameterNotDeclaredException):
        node.undeclare_parameter('a')
    node.declare_parameter('a', 'now a text')


def test_undeclared_parameters_are_refused_unless_allowed():
    node = parameters()
    node.declare_parameter('a', 1)
    with pytest.raises(ParameterNotDeclaredException, match='b'):
        node.set_parameters([Parameter('b', value=2), Parameter('a', value=2)])
    assert node.get_parameter('a').value == 1
    tolerant = parameters(allow_undeclared=True)
    assert tolerant.get_parameter('b').type_ is Parameter.Type.NOT_SET
    assert set_one(tolerant, 'b', 2).successful
    assert tolerant.get_parameter('b').value == 2


def test_callbacks_decide_and_hear():
    node = parameters()
    node.declare_parameter('a', 1)
    seen = []

    def decide(changes):
        seen.append(('on', [p.value for p in changes], node.get_parameter('a').value))
        odd = changes[0].value % 2 == 1
        return SetParametersResult(successful=odd, reason='' if odd else 'must be odd')

    def tell(changes):
        seen.append(('post', [p.value for p in changes], node.get_parameter('a').value))

    node.add_on_set_parameters_callback(decide)
    node.add_post_set_parameters_callback(tell)
    assert set_one(node, 'a', 3).successful
    assert set_one(node, 'a', 4).reason == 'must be odd'
    assert seen == [('on', [3], 1), ('post', [3], 3), ('on', [4], 3)]
    with pytest.raises(InvalidParameterValueException, match='must be odd'):
        node.declare_parameter('b', 2)
    node.remove_on_set_parameters_callback(decide)
    assert set_one(node, 'a', 4).successful
    with pytest.raises(ValueError, match='not in list'):
        node.remove_on_set_parameters_callback(decide)


def test_pre_set_callbacks_alter_the_list():
    node = parameters()
    node.declare_parameters('', [('a', 1), ('b', 1)])
    node.add_pre_set_parameters_callback(
        lambda changes: [*changes, *(Parameter('b', value=p.value) for p in changes)]
    )
    assert set_one(node, 'a', 5).successful
    assert node.get_parameter('b').value == 5
    emptied = parameters()
    emptied.declare_parameter('a', 1)
    emptied.add_pre_set_parameters_callback(lambda changes: [])
    assert not set_one(emptied, 'a', 6).successful


def test_all_or_none():
    node = parameters()
    node.declare_parameters('', [('a', 0.1, UNIT_RANGE), ('b', 0.1, UNIT_RANGE)])
    changes = [Parameter('a', value=0.2), Parameter('b', value=2.0)]
    assert not node.set_parameters_atomically(changes).successful
    assert node.get_parameter('a').value == 0.1
    assert [result.successful for result in node.set_parameters(changes)] == [True, False]
    assert node.get_parameter('a').value == 0.2


def test_descriptors_belong_to_the_node():
    node = parameters()
    descriptor = ParameterDescriptor(description='what it is for')
    node.declare_parameter('a', 1, descriptor)
    node.declare_parameter('b', 1.0, descriptor)
    assert [d.type for d in node.describe_parameters(['a', 'b'])] == [2, 3]
    assert node.describe_parameter('a').description == 'what it is for'
    assert descriptor.type == 0
    node.set_descriptor('b', UNIT_RANGE)
    assert not set_one(node, 'b', 2.0).successful


def test_a_new_descriptor_must_suit_the_value_or_the_alternative():
    node = parameters()
    node.declare_parameter('a', 5.0)
    with pytest.raises(InvalidParameterValueException, match='out of range'):
        node.set_descriptor('a', UNIT_RANGE)
    assert set_one(node, 'a', 7.0).successful
    value = node.set_descriptor('a', UNIT_RANGE, Parameter('', value=0.5).get_parameter_value())
    assert value.double_value == node.get_parameter('a').value == 0.5


@pytest.mark.parametrize(
    ('prefixes', 'depth', 'expected'),
    [
        ([], 0, {'a', 'b.c', 'b.d.e'}), ([], 1, {'a'}), ([], 2, {'a', 'b.c'}),
        (['b'], 0, {'b.c', 'b.d.e'}), (['b'], 1, {'b.c'}), (['b.d', 'a'], 0, {'a', 'b.d.e'}),
        (['x'], 0, set()),
    ],
)
def test_listing(prefixes, depth, expected):
    node = parameters()
    node.declare_parameters('', [('a', 1), ('b.c', 1), ('b.d.e', 1)])
    result = node.list_parameters(prefixes, depth)
    assert set(result.names) == expected
    assert set(result.prefixes) == {n.rpartition('.')[0] for n in expected if '.' in n}


def test_a_name_alone_is_deprecated():
    node = parameters()
    with pytest.warns(UserWarning, match="'a'"):
        node.declare_parameter('a')
    assert set_one(node, 'a', 3).successful
