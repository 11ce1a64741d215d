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

"""Managed nodes: what their callbacks' answers lead to, and how that is seen from outside."""

from lifecycle_msgs.msg import State, Transition, TransitionEvent
from lifecycle_msgs.srv import ChangeState, GetAvailableTransitions, GetState
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from std_msgs.msg import Int64

SUCCESS = TransitionCallbackReturn.SUCCESS
FAILURE = TransitionCallbackReturn.FAILURE
ERROR = TransitionCallbackReturn.ERROR


class Managed(LifecycleNode):
    """Answer as told, and note what is asked."""

    def __init__(self):
        super().__init__('managed', namespace='/cell')
        self.asked = []
        self.answers = {}

    def _answer(self, step, state):
        self.asked.append((step, state.label))
        answer = self.answers.get(step, SUCCESS)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def on_configure(self, state):
        return self._answer('configure', state)

    def on_activate(self, state):
        answer = self._answer('activate', state)
        return answer if answer != SUCCESS else super().on_activate(state)

    def on_deactivate(self, state):
        answer = self._answer('deactivate', state)
        return answer if answer != SUCCESS else super().on_deactivate(state)

    def on_cleanup(self, state):
        return self._answer('cleanup', state)

    def on_shutdown(self, state):
        return self._answer('shutdown', state)

    def on_error(self, state):
        return self._answer('error', state)


@pytest.fixture
def managed(ros):
    node = Managed()
    yield node
    node.destroy_node()


@pytest.fixture
def ask(managed, make_node):
    """Return a function that calls one of the managed node's services."""
    caller = make_node('caller')
    executor = SingleThreadedExecutor()
    executor.add_node(managed)
    executor.add_node(caller)

    def call(service, name, **request):
        client = caller.create_client(service, f'/cell/managed/{name}')
        assert client.wait_for_service(5)
        future = client.call_async(service.Request(**request))
        executor.spin_until_future_complete(future, timeout_sec=5)
        assert future.done()
        return future.result()

    yield call
    executor.shutdown()


def state(ask):
    return ask(GetState, 'get_state').current_state


def test_life(managed, ask):
    seen = [state(ask).label]
    for step in ('configure', 'activate', 'deactivate', 'cleanup', 'configure', 'shutdown'):
        assert getattr(managed, f'trigger_{step}')() == SUCCESS
        seen.append(state(ask).label)
    assert seen == [
        'unconfigured', 'inactive', 'active', 'inactive', 'unconfigured', 'inactive', 'finalized']
    assert state(ask).id == State.PRIMARY_STATE_FINALIZED
    assert managed.asked[:2] == [('configure', 'unconfigured'), ('activate', 'inactive')]


@pytest.mark.parametrize(('way', 'step', 'stays'), [
    ((), 'configure', 'unconfigured'), (('configure',), 'activate', 'inactive'),
    (('configure', 'activate'), 'deactivate', 'active'), (('configure',), 'cleanup', 'inactive')])
def test_failure_changes_nothing(managed, ask, way, step, stays):
    for earlier in way:
        getattr(managed, f'trigger_{earlier}')()
    managed.answers[step] = FAILURE
    assert getattr(managed, f'trigger_{step}')() == FAILURE
    assert state(ask).label == stays


@pytest.mark.parametrize('fault', [ERROR, ValueError('on purpose')])
@pytest.mark.parametrize(('answer', 'ends'), [
    (SUCCESS, 'unconfigured'), (FAILURE, 'finalized'), (ERROR, 'finalized')])
def test_errors_are_processed(managed, ask, fault, answer, ends):
    managed.trigger_configure()
    managed.answers.update(activate=fault, error=answer)
    managed.trigger_activate()
    assert managed.asked[-1][0] == 'error'
    assert state(ask).label == ends


def test_impossible_transition(managed, ask):
    with pytest.raises(RuntimeError):
        managed.trigger_activate()
    assert state(ask).label == 'unconfigured'
    assert managed.asked == []


def test_driven_from_outside(managed, ask):
    by_id = Transition(id=Transition.TRANSITION_CONFIGURE)
    by_label = Transition(label='activate')
    assert ask(ChangeState, 'change_state', transition=by_id).success
    assert ask(ChangeState, 'change_state', transition=by_label).success
    assert state(ask).label == 'active'
    assert not ask(
        ChangeState, 'change_state', transition=Transition(label='fly')).success
    offered = ask(GetAvailableTransitions, 'get_available_transitions').available_transitions
    assert {each.transition.label for each in offered} == {'deactivate', 'shutdown'}
    managed.answers['deactivate'] = FAILURE
    assert not ask(
        ChangeState, 'change_state', transition=Transition(label='deactivate')).success


def test_transitions_are_announced(managed, make_node, spin_until):
    listener = make_node('listener')
    events = []
    listener.create_subscription(
        TransitionEvent, '/cell/managed/transition_event', events.append, 10)
    assert spin_until(
        lambda: listener.count_publishers('/cell/managed/transition_event') > 0, listener)
    assert not spin_until(lambda: events, listener, timeout=1.0)  # the publisher knows, too
    managed.trigger_configure()
    assert spin_until(lambda: len(events) == 2, listener)
    assert [(event.start_state.label, event.goal_state.label) for event in events] == [
        ('unconfigured', 'configuring'), ('configuring', 'inactive')]


def test_publisher_is_silent_unless_active(managed, make_node, spin_until):
    listener = make_node('listener')
    received = []
    listener.create_subscription(Int64, 'topic', lambda m: received.append(m.data), 10)
    publisher = managed.create_lifecycle_publisher(Int64, '/topic', 10)
    assert spin_until(lambda: publisher.get_subscription_count() == 1, listener)
    publisher.publish(Int64(data=1))
    managed.trigger_configure()
    managed.trigger_activate()
    assert publisher.is_activated
    publisher.publish(Int64(data=2))
    managed.trigger_deactivate()
    publisher.publish(Int64(data=3))
    assert spin_until(lambda: bool(received), listener)
    assert not spin_until(lambda: len(received) > 1, listener, timeout=0.2)
    assert received == [2]


def test_managed_node_is_a_node(managed):
    assert managed.get_fully_qualified_name() == '/cell/managed'
    assert isinstance(managed, rclpy.node.Node)
