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

import threading
import time

from lifecycle_msgs.msg import State, Transition, TransitionEvent
from lifecycle_msgs.srv import (
    ChangeState,
    GetAvailableStates,
    GetAvailableTransitions,
    GetState,
)
import pytest
import rclpy
from rclpy._rclpy_pybind11 import RCLError
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import (
    LifecycleNode,
    LifecycleState,
    ManagedEntity,
    SimpleManagedEntity,
    TransitionCallbackReturn,
)
from std_msgs.msg import Int64

SUCCESS, FAILURE, ERROR = TransitionCallbackReturn

# state -> {transition: (state while it lasts, state after success, after failure)}
TABLE = {
    'unconfigured': {
        'configure': ('configuring', 'inactive', 'unconfigured'),
        'shutdown': ('shuttingdown', 'finalized', 'finalized')},
    'inactive': {
        'cleanup': ('cleaningup', 'unconfigured', 'inactive'),
        'activate': ('activating', 'active', 'inactive'),
        'shutdown': ('shuttingdown', 'finalized', 'finalized')},
    'active': {
        'deactivate': ('deactivating', 'inactive', 'active'),
        'shutdown': ('shuttingdown', 'finalized', 'finalized')},
    'finalized': {},
}
WAY_TO = {
    'unconfigured': [], 'inactive': ['configure'], 'active': ['configure', 'activate'],
    'finalized': ['shutdown']}
STEPS = ['configure', 'cleanup', 'activate', 'deactivate', 'shutdown']
STEPS_FROM = [
    (state, step, *goals) for state, steps in TABLE.items() for step, goals in steps.items()]


class Recorder(LifecycleNode):
    """Notes its callbacks and answers as it is told to; an exception is raised."""

    def __init__(self, name='recorder', **options):
        super().__init__(name, **options)
        self.seen = []
        self.answers = {}

    def _answer(self, callback, state):
        self.seen.append((callback, state.label, label(self)))
        answer = self.answers.get(callback, SUCCESS)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def on_configure(self, state):
        super().on_configure(state)
        return self._answer('configure', state)

    def on_cleanup(self, state):
        super().on_cleanup(state)
        return self._answer('cleanup', state)

    def on_activate(self, state):
        super().on_activate(state)
        return self._answer('activate', state)

    def on_deactivate(self, state):
        super().on_deactivate(state)
        return self._answer('deactivate', state)

    def on_shutdown(self, state):
        super().on_shutdown(state)
        return self._answer('shutdown', state)

    def on_error(self, state):
        return self._answer('error', state)


def label(node):
    return node._state_machine.current_state[1]


def trigger(node, step):
    return getattr(node, f'trigger_{step}')()


@pytest.fixture
def recorder(ros):
    node = Recorder(enable_communication_interface=False)
    yield node
    node.destroy_node()


def bring_to(node, state):
    for step in WAY_TO[state]:
        assert trigger(node, step) is SUCCESS
    node.seen.clear()
    assert label(node) == state


@pytest.mark.parametrize(('state', 'step', 'during', 'success', 'failure'), STEPS_FROM)
@pytest.mark.parametrize('answer', [SUCCESS, FAILURE])
def test_transitions(recorder, state, step, during, success, failure, answer):
    bring_to(recorder, state)
    recorder.answers[step] = answer
    assert trigger(recorder, step) is answer
    assert recorder.seen == [(step, state, during)]
    assert label(recorder) == (success if answer is SUCCESS else failure)


@pytest.mark.parametrize(('state', 'step', 'during', 'success', 'failure'), STEPS_FROM)
@pytest.mark.parametrize('fault', [ERROR, ValueError('model is gone'), None])
@pytest.mark.parametrize(('answer', 'then'), [
    (SUCCESS, 'unconfigured'), (FAILURE, 'finalized'), (ERROR, 'finalized'),
    (ValueError('no way back'), 'finalized')])
def test_an_error_is_processed(
    recorder, capsys, state, step, during, success, failure, fault, answer, then,
):
    bring_to(recorder, state)
    recorder.answers = {step: fault, 'error': answer}
    assert trigger(recorder, step) is ERROR
    assert recorder.seen == [(step, state, during), ('error', state, 'errorprocessing')]
    assert label(recorder) == then
    text = capsys.readouterr().err
    assert ('model is gone' in text) == isinstance(fault, ValueError)
    assert ('must return a TransitionCallbackReturn' in text) == (fault is None)
    assert ('no way back' in text) == isinstance(answer, ValueError)


@pytest.mark.parametrize('state', TABLE)
def test_other_transitions_are_not_available(recorder, state):
    bring_to(recorder, state)
    for step in set(STEPS) - set(TABLE[state]):
        with pytest.raises(RCLError, match=f"'{step}' from the state '{state}'"):
            trigger(recorder, step)
    assert (recorder.seen, label(recorder)) == ([], state)


def test_no_transition_within_a_transition(recorder):
    refused = []

    def configure(state):
        with pytest.raises(RCLError):
            recorder.trigger_configure()
        refused.append(state)
        return SUCCESS

    entity = ManagedEntity()
    entity.on_configure = configure
    recorder.add_managed_entity(entity)
    assert recorder.trigger_configure() is SUCCESS
    assert refused == [LifecycleState('unconfigured', 1)]


def test_managed_entities_take_part_until_one_does_not_succeed(ros):
    node = LifecycleNode('plain', enable_communication_interface=False)
    asked = []

    class Part(ManagedEntity):
        def __init__(self, answer):
            self.answer = answer

        def on_activate(self, state):
            asked.append(self.answer)
            return self.answer

    switch = SimpleManagedEntity()
    for part in (switch, Part(SUCCESS), Part(FAILURE), Part(ERROR)):
        node.add_managed_entity(part)
    node.trigger_configure()
    assert not switch.is_activated
    assert node.trigger_activate() is FAILURE
    assert asked == [SUCCESS, FAILURE]
    assert switch.is_activated  # as in rclpy, where nobody undoes the others' part
    with pytest.raises(TypeError):
        node.add_managed_entity(object())
    node.destroy_node()


def test_methods_that_need_an_active_node():
    calls = []

    class Part(SimpleManagedEntity):
        @SimpleManagedEntity.when_enabled
        def work(self, number):
            calls.append(number)

        @SimpleManagedEntity.when_enabled(when_not_enabled=lambda: calls.append('asleep'))
        def talk(self):
            calls.append('awake')

    part = Part()
    part.work(1)
    part.talk()
    part.on_activate(None)
    part.work(2)
    part.talk()
    part.on_deactivate(None)
    part.work(3)
    assert calls == ['asleep', 2, 'awake']


def test_publisher_is_silent_unless_active(make_node, spin_until, recorder):
    listener = make_node('listener')
    numbers = []
    listener.create_subscription(Int64, 'numbers', lambda m: numbers.append(m.data), 10)
    publisher = recorder.create_lifecycle_publisher(Int64, 'numbers', 10)
    assert spin_until(lambda: publisher.get_subscription_count() == 1)
    publisher.publish(Int64(data=1))
    recorder.trigger_configure()
    publisher.publish(Int64(data=2))
    recorder.trigger_activate()
    publisher.publish(Int64(data=3))
    recorder.trigger_deactivate()
    publisher.publish(Int64(data=4))
    recorder.trigger_activate()
    publisher.publish(Int64(data=5))
    assert spin_until(lambda: len(numbers) == 2, listener)
    assert numbers == [3, 5]
    assert recorder.destroy_lifecycle_publisher(publisher)
    assert recorder.trigger_deactivate() is SUCCESS


@pytest.fixture
def served(make_node):
    """Make a managed node and a caller, spun by another thread."""
    node, caller = Recorder('camera', namespace='/cell'), make_node('caller')
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    executor.add_node(caller)
    spinner = threading.Thread(target=executor.spin)
    spinner.start()
    yield node, caller
    executor.shutdown()
    spinner.join()
    node.destroy_node()


def call(caller, service, name, **request):
    client = caller.create_client(service, f'/cell/camera/{name}')
    assert client.wait_for_service(5)
    return client.call(service.Request(**request), timeout_sec=5)


def change(caller, transition_id=0, label=''):
    transition = Transition(id=transition_id, label=label)
    return call(caller, ChangeState, 'change_state', transition=transition).success


def state_of(caller):
    state = call(caller, GetState, 'get_state').current_state
    return state.id, state.label


def test_services_change_and_tell_the_state(served):
    node, caller = served
    assert state_of(caller) == (State.PRIMARY_STATE_UNCONFIGURED, 'unconfigured')
    assert change(caller, Transition.TRANSITION_CONFIGURE)
    assert state_of(caller) == (State.PRIMARY_STATE_INACTIVE, 'inactive')
    assert change(caller, label='activate')
    assert state_of(caller) == (State.PRIMARY_STATE_ACTIVE, 'active')
    assert not change(caller, Transition.TRANSITION_CLEANUP)  # not from here
    assert not change(caller, 200)
    assert not change(caller, label='fly')
    # Outcomes are transitions, too, but not from a state that one can stay in.
    assert not change(caller, Transition.TRANSITION_ON_ACTIVATE_SUCCESS)
    node.answers['deactivate'] = FAILURE
    assert not change(caller, Transition.TRANSITION_DEACTIVATE)
    assert state_of(caller) == (State.PRIMARY_STATE_ACTIVE, 'active')
    node.answers['deactivate'] = ValueError('stuck')
    assert not change(caller, Transition.TRANSITION_DEACTIVATE)
    assert state_of(caller) == (State.PRIMARY_STATE_UNCONFIGURED, 'unconfigured')
    assert change(caller, Transition.TRANSITION_UNCONFIGURED_SHUTDOWN)
    assert state_of(caller) == (State.PRIMARY_STATE_FINALIZED, 'finalized')


def test_services_tell_what_there_is(served):
    _, caller = served
    states = call(caller, GetAvailableStates, 'get_available_states').available_states
    constants = {
        value: name.removeprefix('PRIMARY_STATE_').removeprefix('TRANSITION_STATE_').lower()
        for name, value in _constants(State)}
    assert {state.id: state.label for state in states} == constants
    service = GetAvailableTransitions
    now = call(caller, service, 'get_available_transitions').available_transitions
    assert [(t.transition.id, t.transition.label, t.goal_state.label) for t in now] == [
        (1, 'configure', 'configuring'), (5, 'shutdown', 'shuttingdown')]
    graph = call(caller, service, 'get_transition_graph').available_transitions
    known = {value for name, value in _constants(Transition) if '_CALLBACK_' not in name}
    assert {t.transition.id for t in graph} == known - {0, 8}  # create and destroy are no steps
    for state, steps in TABLE.items():
        found = {
            t.transition.label: t.goal_state.label for t in graph
            if t.start_state.label == state}
        assert found == {step: goals[0] for step, goals in steps.items()}


def _constants(cls):
    return {(name, getattr(cls, name)) for name in dir(cls) if name.isupper()}


def test_transitions_are_announced(served):
    node, caller = served
    events = []
    caller.create_subscription(
        TransitionEvent, '/cell/camera/transition_event', events.append, 10)
    node.answers['activate'] = ERROR
    deadline = time.monotonic() + 5
    while node._transition_events.get_subscription_count() == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert change(caller, label='configure')
    assert not change(caller, label='activate')
    while len(events) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [(e.start_state.label, e.goal_state.label) for e in events] == [
        ('unconfigured', 'configuring'), ('configuring', 'inactive'),
        ('inactive', 'activating'), ('activating', 'errorprocessing'),
        ('errorprocessing', 'unconfigured')]


def test_a_shutdown_during_a_transition_is_no_error_of_it(ros, capsys):
    class Leaving(LifecycleNode):
        def on_configure(self, state):
            rclpy.shutdown()
            return SUCCESS

        def on_activate(self, state):
            self.create_publisher(Int64, 'numbers', 10)
            return SUCCESS

    node = Leaving('leaving')
    assert node.trigger_configure() is SUCCESS
    assert label(node) == 'inactive'
    assert node.trigger_activate() is ERROR
    assert capsys.readouterr().err == ''


def test_without_the_interface_nobody_outside_sees_the_states(recorder):
    assert not [name for name, _ in recorder.get_service_names_and_types() if 'state' in name]
    assert recorder.count_publishers('/recorder/transition_event') == 0
