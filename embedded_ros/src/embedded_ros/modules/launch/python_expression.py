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

"""The part of Python's expressions that a launch file may compute with."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
import math
import operator
from typing import Any, TYPE_CHECKING

from launch.substitution import (
    normalize_to_list_of_substitutions,
    perform_substitutions,
    SomeSubstitutionsType,
    Substitution,
    SubstitutionFailure,
)

if TYPE_CHECKING:
    from launch.launch_context import LaunchContext

_MATH = {name: value for name, value in vars(math).items() if not name.startswith('_')}
_NAMES: Mapping[str, Any] = {
    **_MATH,
    **{f.__name__: f for f in (abs, bool, float, int, len, max, min, round, str)},
}
_TEXT_METHODS = frozenset(
    ('endswith', 'join', 'lower', 'lstrip', 'replace', 'rstrip', 'split', 'startswith', 'strip',
     'upper')
)
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Not: operator.not_,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Mult: operator.mul,
    ast.Sub: operator.sub,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.NotEq: operator.ne,
    ast.NotIn: lambda left, right: left not in right,
}


class PythonExpression(Substitution):
    """
    The value of a Python expression, as text.

    Literals, comparisons, arithmetic, `and`, `or`, `not`, `a if b else c`, subscripts, the usual
    functions of numbers and text, and those of the module math. Nothing else of Python can be
    reached: it is an expression, not a program.
    """

    def __init__(
        self, expression: SomeSubstitutionsType, python_modules: Iterable[str] = ('math',)
    ) -> None:
        self.expression = normalize_to_list_of_substitutions(expression)
        others = sorted(set(python_modules) - {'math'})
        if others:
            raise SubstitutionFailure(
                f'PythonExpression knows the module math alone, not {", ".join(others)}'
            )

    def describe(self) -> str:
        return f'PythonExpr({" + ".join(piece.describe() for piece in self.expression)})'

    def perform(self, context: LaunchContext) -> str:
        text = perform_substitutions(context, self.expression)
        try:
            return str(_value(ast.parse(text.strip(), mode='eval').body))
        except (ArithmeticError, LookupError, SyntaxError, TypeError, ValueError) as error:
            reason = error.msg if isinstance(error, SyntaxError) else error
            raise SubstitutionFailure(f"expression '{text}': {reason}") from error


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id in _NAMES:
        return _NAMES[node.id]
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_value(element) for element in node.elts]
    if isinstance(node, ast.BoolOp):
        return _bool_operation(node)
    if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        return _UNARY[type(node.op)](_value(node.operand))
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _BINARY[type(node.op)](_value(node.left), _value(node.right))
    if isinstance(node, ast.Compare):
        return _comparison(node)
    if isinstance(node, ast.IfExp):
        return _value(node.body if _value(node.test) else node.orelse)
    if isinstance(node, ast.Subscript):
        return _value(node.value)[_value(node.slice)]
    if isinstance(node, ast.Attribute):
        return _attribute(node)
    if isinstance(node, ast.Call) and not node.keywords:
        return _value(node.func)(*(_value(argument) for argument in node.args))
    raise ValueError(f"'{ast.unparse(node)}' is not possible here")


def _bool_operation(node: ast.BoolOp) -> Any:
    stops_at = isinstance(node.op, ast.Or)
    for operand in node.values:
        value = _value(operand)
        if bool(value) is stops_at:
            break
    return value


def _comparison(node: ast.Compare) -> bool:
    left = _value(node.left)
    for comparison, operand in zip(node.ops, node.comparators, strict=True):
        right = _value(operand)
        if not _COMPARISONS[type(comparison)](left, right):
            return False
        left = right
    return True


def _attribute(node: ast.Attribute) -> Any:
    if isinstance(node.value, ast.Name) and node.value.id == 'math' and node.attr in _MATH:
        return _MATH[node.attr]
    owner = _value(node.value)
    if isinstance(owner, str) and node.attr in _TEXT_METHODS:
        return getattr(owner, node.attr)
    raise ValueError(f"'{ast.unparse(node)}' is not possible here")
