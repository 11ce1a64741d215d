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

"""The parameters of a node."""

from collections.abc import Callable, Iterable, Sequence
import copy
from typing import Any, TypeAlias

from rcl_interfaces.msg import (
    ListParametersResult,
    ParameterDescriptor,
    ParameterEvent,
    SetParametersResult,
)
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterAlreadyDeclaredException,
    ParameterImmutableException,
    ParameterNotDeclaredException,
    ParameterUninitializedException,
)
from rclpy.parameter import (
    Parameter,
    PARAMETER_SEPARATOR_STRING,
    parameter_value_to_python,
)

from embedded_ros.arguments import RosArguments
from embedded_ros.parameter_descriptors import (
    check_against_descriptor,
    declaration,
    rejected,
    TYPE_MISMATCH,
)

# Called with the parameters that are about to change.
PreSetCallback: TypeAlias = Callable[[list[Parameter]], list[Parameter]]
OnSetCallback: TypeAlias = Callable[[list[Parameter]], Any]
PostSetCallback: TypeAlias = Callable[[list[Parameter]], None]
Descriptors: TypeAlias = dict[str, Any]


class NodeParameters:
    """
    The parameter methods of a node, with rclpy's names, rules and exceptions.

    A parameter is declared once, keeps its type unless its descriptor allows other types, and
    changes through `set_parameters` alone, whoever asks for it. Callbacks see a change before it
    (and may alter the list), decide about it, and hear of it afterwards.
    """

    def _init_parameters(
        self,
        overrides: dict[str, Parameter],
        *,
        allow_undeclared: bool = False,
        declare_overrides: bool = False,
    ) -> None:
        """Start without parameters; `overrides` hold the values given from outside."""
        self._parameters: dict[str, Parameter] = {}
        self._descriptors: Descriptors = {}
        self._parameter_overrides = overrides
        self._allow_undeclared_parameters = allow_undeclared
        self._pre_set_parameters_callbacks: list[PreSetCallback] = []
        self._on_set_parameters_callbacks: list[OnSetCallback] = []
        self._post_set_parameters_callbacks: list[PostSetCallback] = []
        if declare_overrides:
            dynamic = ParameterDescriptor(dynamic_typing=True)
            self.declare_parameters(
                '', [(name, given.value, dynamic) for name, given in overrides.items()]
            )

    # Declaring

    def declare_parameter(
        self, name: str, value: Any = None, descriptor: Any = None, ignore_override: bool = False
    ) -> Parameter:
        """
        Declare a parameter and return it with the value it has now.

        `value` is the default, or a Parameter.Type when there is none and the value must come
        from outside. A value given from outside takes precedence unless `ignore_override`.
        """
        parts = (name,) if value is None and descriptor is None else (name, value, descriptor)
        return self.declare_parameters('', [parts], ignore_override)[0]

    def declare_parameters(
        self,
        namespace: str,
        parameters: Iterable[tuple[Any, ...]],
        ignore_override: bool = False,
    ) -> list[Parameter]:
        """
        Declare parameters, each a tuple of name, default value and descriptor.

        The latter two may be missing. A namespace is joined to the names with a dot.
        """
        initial: list[Parameter] = []
        descriptors: Descriptors = {}
        for parts in parameters:
            name, default, descriptor = declaration(namespace, *parts)
            value = default
            if not ignore_override and name in self._parameter_overrides:
                value = self._parameter_overrides[name].value
            initial.append(Parameter(name, value=value))
            descriptors[name] = descriptor
        if declared := [given.name for given in initial if given.name in self._parameters]:
            raise ParameterAlreadyDeclaredException(declared)
        for parameter in initial:
            self._declare(parameter, descriptors[parameter.name])
        return [self._parameters[parameter.name] for parameter in initial]

    def _declare(self, parameter: Parameter, descriptor: Any) -> None:
        result = self._change([parameter], {parameter.name: descriptor})
        if result.successful:
            return
        if result.reason.startswith(TYPE_MISMATCH):
            expected = Parameter.Type(descriptor.type).name
            raise InvalidParameterTypeException(parameter, expected)
        raise InvalidParameterValueException(parameter.name, parameter.value, result.reason)

    def undeclare_parameter(self, name: str) -> None:
        """Forget a parameter, unless it is read-only."""
        if self.describe_parameter(name).read_only:
            raise ParameterImmutableException(name)
        self._parameters.pop(name, None)
        self._descriptors.pop(name, None)

    def has_parameter(self, name: str) -> bool:
        """Return whether the parameter is declared."""
        return name in self._parameters

    # Reading

    def get_parameter(self, name: str) -> Parameter:
        """
        Return a parameter.

        ParameterNotDeclaredException, and ParameterUninitializedException when it was declared
        with a type alone and no value has come since.
        """
        parameter = self._parameters.get(name)
        if parameter is None:
            if not self._allow_undeclared_parameters:
                raise ParameterNotDeclaredException(name)
            return Parameter(name)
        if (
            parameter.type_ is Parameter.Type.NOT_SET
            and not self._descriptors[name].dynamic_typing
        ):
            raise ParameterUninitializedException(name)
        return parameter

    def get_parameters(self, names: Iterable[str]) -> list[Parameter]:
        """Return several parameters, as `get_parameter` does."""
        return [self.get_parameter(name) for name in names]

    def get_parameter_or(
        self, name: str, alternative_value: Parameter | None = None
    ) -> Parameter:
        """Return a parameter, or the alternative where it is not declared or has no value."""
        parameter = self._parameters.get(name)
        if parameter is None or parameter.type_ is Parameter.Type.NOT_SET:
            return Parameter(name) if alternative_value is None else alternative_value
        return parameter

    def get_parameters_by_prefix(self, prefix: str) -> dict[str, Parameter]:
        """Return the parameters below a prefix, by their names without it."""
        if prefix:
            prefix += PARAMETER_SEPARATOR_STRING
        return {
            name[len(prefix):]: parameter
            for name, parameter in self._parameters.copy().items()
            if name.startswith(prefix)
        }

    def get_parameter_type(self, name: str) -> Parameter.Type:
        """Return the type of a parameter's value."""
        if name in self._parameters:
            return self._parameters[name].type_
        if self._allow_undeclared_parameters:
            return Parameter.Type.NOT_SET
        raise ParameterNotDeclaredException(name)

    def get_parameter_types(self, names: Iterable[str]) -> list[Parameter.Type]:
        """Return the types of several parameters' values."""
        return [self.get_parameter_type(name) for name in names]

    def list_parameters(self, prefixes: Sequence[str], depth: int) -> Any:
        """
        Return an rcl_interfaces/ListParametersResult of the names below any of the prefixes.

        Without prefixes of all; `depth` limits the number of parts of a name, 0 for any number.
        """
        result = ListParametersResult()
        found_prefixes: dict[str, None] = {}
        for name in list(self._parameters):  # another thread may declare one meanwhile
            if _is_listed(name, prefixes, depth):
                result.names.append(name)
                if PARAMETER_SEPARATOR_STRING in name:
                    found_prefixes[name.rpartition(PARAMETER_SEPARATOR_STRING)[0]] = None
        result.prefixes = list(found_prefixes)
        return result

    # Descriptors

    def describe_parameter(self, name: str) -> Any:
        """Return the rcl_interfaces/ParameterDescriptor of a parameter."""
        if name in self._descriptors:
            return self._descriptors[name]
        if self._allow_undeclared_parameters:
            return ParameterDescriptor()
        raise ParameterNotDeclaredException(name)

    def describe_parameters(self, names: Iterable[str]) -> list[Any]:
        """Return the descriptors of several parameters."""
        return [self.describe_parameter(name) for name in names]

    def set_descriptor(
        self, name: str, descriptor: Any, alternative_value: Any = None
    ) -> Any:
        """
        Give a parameter another descriptor and return the parameter's value.

        A value against the new ranges is replaced by the alternative, an
        rcl_interfaces/ParameterValue, if there is one.
        """
        parameter = self.get_parameter(name)
        if self._descriptors[name].read_only:
            raise ParameterImmutableException(name)
        descriptor = copy.deepcopy(descriptor)
        descriptor.name = name
        descriptor.type = int(parameter.type_)
        try:
            self._declare(parameter, descriptor)
        except InvalidParameterValueException:
            if alternative_value is None:
                raise
            alternative = parameter_value_to_python(alternative_value)
            self._declare(Parameter(name, value=alternative), descriptor)
        return self._parameters[name].get_parameter_value()

    # Changing

    def set_parameters(self, parameter_list: list[Parameter]) -> list[Any]:
        """
        Change parameters one by one; return an rcl_interfaces/SetParametersResult for each.

        ParameterNotDeclaredException names one that is not declared; those before it are set.
        """
        return [self._set([parameter]) for parameter in parameter_list]

    def set_parameters_atomically(self, parameter_list: list[Parameter]) -> Any:
        """Change all of the parameters or none; return one SetParametersResult."""
        return self._set(parameter_list)

    def _check_declared(self, parameter_list: list[Parameter]) -> None:
        for parameter in parameter_list:
            if not isinstance(parameter, Parameter):
                raise TypeError(
                    f"parameter must be instance of type 'rclpy.parameter.Parameter': {parameter}"
                )
        unknown = [given.name for given in parameter_list if given.name not in self._parameters]
        if unknown and not self._allow_undeclared_parameters:
            raise ParameterNotDeclaredException(unknown)

    def _set(self, parameters: list[Parameter]) -> Any:
        if self._pre_set_parameters_callbacks:
            # Each is given the same list; what they return is joined.
            parameters = [
                parameter for adapt in self._pre_set_parameters_callbacks
                for parameter in adapt(parameters)]
            if not parameters:
                return rejected('a pre-set callback left no parameter to set')
        self._check_declared(parameters)
        return self._change(parameters, None)

    def _change(self, parameters: list[Parameter], declared: Descriptors | None) -> Any:
        """Check, ask, store, tell; `declared` holds the descriptors of new parameters."""
        for parameter in parameters:
            result = self._check(parameter, declared)
            if not result.successful:
                return result
        for decide in self._on_set_parameters_callbacks:
            result = decide(parameters)
            if not result.successful:
                return result
        event = _event(parameters, self._parameters, declaring=declared is not None)
        for parameter in parameters:
            self._store(parameter, declared)
        self._publish_parameter_event(event)
        for tell in self._post_set_parameters_callbacks:
            tell(parameters)
        return SetParametersResult(successful=True)

    def _check(self, parameter: Parameter, declared: Descriptors | None) -> Any:
        descriptor = (declared or self._descriptors).get(parameter.name)
        if descriptor is None:
            return SetParametersResult(successful=True)
        if declared is None and descriptor.read_only:
            return rejected(f'Trying to set a read-only parameter: {parameter.name}.')
        return check_against_descriptor(parameter, descriptor, is_new=declared is not None)

    def _publish_parameter_event(self, event: Any) -> None:
        """Tell other nodes of a change, where there is a way to."""

    def _store(self, parameter: Parameter, declared: Descriptors | None) -> None:
        name = parameter.name
        if declared is None and parameter.type_ is Parameter.Type.NOT_SET:
            # Only dynamically typed parameters get here: to unset one is to forget it.
            self._parameters.pop(name, None)
            self._descriptors.pop(name, None)
            return
        if declared is not None:
            self._descriptors[name] = declared[name]
        elif name not in self._descriptors:
            self._descriptors[name] = ParameterDescriptor(name=name, dynamic_typing=True)
        if self._descriptors[name].dynamic_typing:
            self._descriptors[name].type = int(parameter.type_)
        self._parameters[name] = parameter

    # Callbacks

    def add_pre_set_parameters_callback(self, callback: PreSetCallback) -> None:
        """Let `callback` alter the list of parameters before it is looked at."""
        self._pre_set_parameters_callbacks.insert(0, callback)

    def add_on_set_parameters_callback(self, callback: OnSetCallback) -> None:
        """Let `callback` accept or reject changes: it returns a SetParametersResult."""
        self._on_set_parameters_callbacks.insert(0, callback)

    def add_post_set_parameters_callback(self, callback: PostSetCallback) -> None:
        """Tell `callback` of changes that were made."""
        self._post_set_parameters_callbacks.insert(0, callback)

    def remove_pre_set_parameters_callback(self, callback: PreSetCallback) -> None:
        """Remove a callback; ValueError when it is not there."""
        self._pre_set_parameters_callbacks.remove(callback)

    def remove_on_set_parameters_callback(self, callback: OnSetCallback) -> None:
        """Remove a callback; ValueError when it is not there."""
        self._on_set_parameters_callbacks.remove(callback)

    def remove_post_set_parameters_callback(self, callback: PostSetCallback) -> None:
        """Remove a callback; ValueError when it is not there."""
        self._post_set_parameters_callbacks.remove(callback)


def _event(
    parameters: Iterable[Parameter], before: dict[str, Parameter], *, declaring: bool
) -> Any:
    """Return what others shall know of a change; what had no value yet counts as new."""
    event = ParameterEvent()
    for parameter in parameters:
        previous = before.get(parameter.name)
        if parameter.type_ is Parameter.Type.NOT_SET and not declaring:
            changes = event.deleted_parameters
        elif previous is None or previous.type_ is Parameter.Type.NOT_SET:
            changes = event.new_parameters
        else:
            changes = event.changed_parameters
        changes.append(parameter.to_parameter_msg())
    return event


def overrides_for_node(
    arguments: RosArguments, full_node_name: str, given: Iterable[Parameter] | None
) -> dict[str, Parameter]:
    """Return the values for a node's parameters from the arguments and, above them, its code."""
    values = arguments.parameter_overrides(full_node_name)
    overrides = {name: Parameter(name, value=value) for name, value in values.items()}
    overrides.update({parameter.name: parameter for parameter in given or ()})
    return overrides


def _is_listed(name: str, prefixes: Sequence[str], depth: int) -> bool:
    separators = name.count(PARAMETER_SEPARATOR_STRING)
    if not prefixes:
        return depth == 0 or separators < depth
    for prefix in prefixes:
        if name == prefix:
            return True
        if name.startswith(prefix + PARAMETER_SEPARATOR_STRING):
            below = separators - prefix.count(PARAMETER_SEPARATOR_STRING)
            if depth == 0 or below <= depth:
                return True
    return False
