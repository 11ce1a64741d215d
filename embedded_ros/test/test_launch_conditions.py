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

"""Conditions, substitutions that are true or false, and expressions."""

from hypothesis import given, strategies as st
from launch import LaunchContext
from launch.actions import SetLaunchConfiguration
from launch.conditions import (
    IfCondition,
    InvalidConditionExpressionError,
    LaunchConfigurationEquals,
    LaunchConfigurationNotEquals,
    UnlessCondition,
)
from launch.substitutions import (
    AllSubstitution,
    AndSubstitution,
    AnySubstitution,
    EqualsSubstitution,
    IfElseSubstitution,
    LaunchConfiguration,
    NotEqualsSubstitution,
    NotSubstitution,
    OrSubstitution,
    PythonExpression,
    SubstitutionFailure,
)
import pytest


@pytest.fixture
def context():
    context = LaunchContext()
    context.launch_configurations.update(side='left', on='True', off='false', number='3')
    return context


@pytest.mark.parametrize(
    ('text', 'holds'),
    [('true', True), (' TRUE ', True), ('1', True), ('False', False), ('0', False),
     (['tr', 'ue'], True), (LaunchConfiguration('on'), True), (LaunchConfiguration('off'), False)],
)
def test_if_and_unless(context, text, holds):
    assert IfCondition(text).evaluate(context) is holds
    assert UnlessCondition(text).evaluate(context) is not holds


@pytest.mark.parametrize('text', ['', 'yes', '2', LaunchConfiguration('side')])
def test_condition_that_is_neither_true_nor_false(context, text):
    for condition in (IfCondition(text), UnlessCondition(text)):
        with pytest.raises(InvalidConditionExpressionError, match='not one of true, 1, false, 0'):
            condition.evaluate(context)


@pytest.mark.parametrize(
    ('name', 'value', 'equal'),
    [('side', 'left', True), ('side', 'right', False), ('nowhere', None, True),
     ('nowhere', 'left', False), ('side', None, False), ('on', LaunchConfiguration('on'), True)],
)
def test_value_of_a_launch_configuration(context, name, value, equal):
    assert LaunchConfigurationEquals(name, value).evaluate(context) is equal
    assert LaunchConfigurationNotEquals(name, value).evaluate(context) is not equal


def test_actions_are_done_as_their_conditions_are_at_that_time(context):
    for name, condition in {
        'a': IfCondition(LaunchConfiguration('a', default='false')),
        'b': UnlessCondition(LaunchConfiguration('b', default='false')),
    }.items():
        for _ in range(2):
            context.visit(SetLaunchConfiguration(name, 'true', condition=condition))
    assert context.launch_configurations.get('a') is None
    assert context.launch_configurations['b'] == 'true'


@pytest.mark.parametrize(
    ('substitution', 'value'),
    [
        (NotSubstitution('false'), 'true'),
        (NotSubstitution(LaunchConfiguration('on')), 'false'),
        (AndSubstitution('true', 'on'), 'true'),
        (AndSubstitution('true', 'off'), 'false'),
        (OrSubstitution('0', 'yes'), 'true'),
        (OrSubstitution('0', 'no'), 'false'),
        (AllSubstitution('1', 'True', LaunchConfiguration('on')), 'true'),
        (AllSubstitution('1', '0', '1'), 'false'),
        (AnySubstitution('0', '0', '1'), 'true'),
        (AnySubstitution('0', 'FALSE'), 'false'),
        (EqualsSubstitution(LaunchConfiguration('side'), 'left'), 'true'),
        (EqualsSubstitution('left', 'Left'), 'false'),
        (EqualsSubstitution('1', 'True'), 'true'),
        (EqualsSubstitution(LaunchConfiguration('number'), 3), 'true'),
        (EqualsSubstitution('3.0', '3'), 'true'),
        (EqualsSubstitution('', None), 'true'),
        (EqualsSubstitution(LaunchConfiguration('off'), False), 'true'),
        (NotEqualsSubstitution('3', '4'), 'true'),
        (NotEqualsSubstitution('a', 'a'), 'false'),
        (IfElseSubstitution(LaunchConfiguration('on'), 'then', 'else'), 'then'),
        (IfElseSubstitution('0', 'then', LaunchConfiguration('side')), 'left'),
        (IfElseSubstitution('0', 'then'), ''),
    ],
)
def test_boolean_substitutions(context, substitution, value):
    assert substitution.perform(context) == value


@pytest.mark.parametrize(
    'substitution',
    [NotSubstitution('left'), AnySubstitution('1', 'left'), AllSubstitution('0', ''),
     IfElseSubstitution('2', 'a', 'b')],
)
def test_text_that_is_neither_true_nor_false(context, substitution):
    with pytest.raises(SubstitutionFailure, match='neither true nor false'):
        substitution.perform(context)


@pytest.mark.parametrize(
    ('expression', 'value'),
    [
        (["'", LaunchConfiguration('side'), "' == 'left'"], 'True'),
        (["'", LaunchConfiguration('side'), "' in ('right', 'up')"], 'False'),
        (['not ', LaunchConfiguration('on')], 'False'),
        (['0.5 * ', LaunchConfiguration('number')], '1.5'),
        (['1 < ', LaunchConfiguration('number'), ' <= 3 and True'], 'True'),
        ("'a' if 2 > 1 else 1 / 0", 'a'),
        ('False and 1 / 0', 'False'),
        ("None or 'b'", 'b'),
        ("'ON'.lower() == 'on'", 'True'),
        ("','.join(['a', 'b']).split(',')[1]", 'b'),
        ('max(1, int("7")) % 4', '3'),
        ('math.floor(math.pi) + floor(1.5)', '4'),
        ('[1, 2][-1] is not None', 'True'),
    ],
)
def test_expressions(context, expression, value):
    assert PythonExpression(expression).perform(context) == value


_NUMBERS = st.integers(-9, 9).map(lambda number: (f'({number})', number))


def _combined(values):
    def join(first, second, third):
        (a, x), (b, y), (c, z) = first, second, third
        return st.sampled_from([
            (f'({a} + {b})', x + y), (f'({a} - {b})', x - y), (f'({a} * {b})', x * y),
            (f'({a} < {b} <= {c})', x < y <= z), (f'({a} != {b})', x != y),
            (f'({a} and {b} or {c})', (x and y) or z), (f'(not {a})', not x), (f'(-{a})', -x),
            (f'({a} if {b} else {c})', x if y else z),
        ])

    return st.tuples(values, values, values).flatmap(lambda three: join(*three))


@given(st.recursive(_NUMBERS, _combined, max_leaves=12))
def test_expressions_have_the_value_that_python_gives_them(expression):
    text, value = expression
    assert PythonExpression(text).perform(LaunchContext()) == str(value)


@pytest.mark.parametrize(
    'expression',
    ["__import__('os').system('true')", '().__class__', 'open("x")', '[x for x in (1,)]',
     '(lambda: 1)()', "'{0.__class__}'.format(1)", "f'{1}'", 'true', '1 +', '1 / 0', '', '1 + "a"',
     'math.__dict__', 'x := 1', 'max(1, key=abs)'],
)
def test_what_is_no_expression_here_fails(context, expression):
    with pytest.raises(SubstitutionFailure, match='expression'):
        PythonExpression(expression).perform(context)


def test_modules_other_than_math_are_refused():
    with pytest.raises(SubstitutionFailure, match='not os'):
        PythonExpression('os.getpid()', ['os'])
