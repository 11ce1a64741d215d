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

"""A node: the named owner of publishers, subscriptions, timers, services and parameters."""
from __future__ import annotations

from collections.abc import Callable, Iterator
import threading
from types import TracebackType
from typing import Any, TYPE_CHECKING, TypeVar
import weakref

from rcl_interfaces.msg import ParameterEvent
from rclpy._rclpy_pybind11 import RCLError
from rclpy.callback_groups import (
    CallbackGroup,
    MutuallyExclusiveCallbackGroup,
    ReentrantCallbackGroup,
)
from rclpy.client import Client
from rclpy.clock import Clock, ROSClock
from rclpy.context import Context
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.exceptions import NotInitializedException
from rclpy.expand_topic_name import expand_topic_name
from rclpy.guard_condition import GuardCondition
from rclpy.logging import get_logger
from rclpy.parameter import Parameter
from rclpy.parameter_service import ParameterService
from rclpy.publisher import Publisher
from rclpy.qos import (
    qos_profile_parameter_events,
    qos_profile_services_default,
    QoSProfile,
)
from rclpy.qos_overriding_options import declare_qos_parameters, QoSOverridingOptions
from rclpy.service import Service
from rclpy.subscription import Subscription
from rclpy.time_source import TimeSource
from rclpy.timer import Rate, Timer
from rclpy.utilities import get_default_context
from rclpy.validate_full_topic_name import validate_full_topic_name
from rclpy.validate_namespace import validate_namespace
from rclpy.validate_node_name import validate_node_name
from rclpy.validate_topic_name import validate_topic_name

from embedded_ros.arguments import RosArguments
from embedded_ros.graph import GraphNode
from embedded_ros.names import full_node_name
from embedded_ros.node_graph import NodeGraph
from embedded_ros.node_parameters import NodeParameters, overrides_for_node
from embedded_ros.rosout import Rosout

if TYPE_CHECKING:
    from rclpy.executors import Executor
    from rclpy.impl.rcutils_logger import RcutilsLogger

MsgType = TypeVar('MsgType')


class Node(NodeParameters, NodeGraph):
    """
    A node of the ROS graph.

    Its callbacks run while an executor spins it. What it creates, it owns: `destroy_node`
    destroys all of it.
    """

    def __init__(
        self, node_name: str, *, context: Context | None = None,
        cli_args: list[str] | None = None, namespace: str | None = None,
        use_global_arguments: bool = True, enable_rosout: bool = True,
        start_parameter_services: bool = True,
        parameter_overrides: list[Parameter] | None = None,
        allow_undeclared_parameters: bool = False,
        automatically_declare_parameters_from_overrides: bool = False,
    ) -> None:
        self._context: Context = get_default_context() if context is None else context
        if not self._context.ok():
            raise NotInitializedException('cannot create a node')
        self._arguments = RosArguments.combined(
            cli_args, self._context.arguments if use_global_arguments else None)
        self._name = self._arguments.node_name(node_name)
        validate_node_name(self._name)
        self._namespace = self._arguments.namespace(namespace or '/', self._name)
        validate_namespace(self._namespace)
        full_name = full_node_name(self._name, self._namespace)
        self._logger = get_logger(full_name[1:].replace('/', '.'))
        self._clock = ROSClock()
        self._default_callback_group = MutuallyExclusiveCallbackGroup()
        self._rate_group = ReentrantCallbackGroup()
        self._publishers: list[Publisher[Any]] = []
        self._subscriptions: list[Subscription[Any]] = []
        self._clients: list[Client] = []
        self._services: list[Service] = []
        self._timers: list[Timer] = []
        self._guards: list[GuardCondition] = []
        self._owned = threading.RLock()
        self._executor: weakref.ref[Executor] | None = None
        self._graph_node = GraphNode(self._namespace, self._name)
        self._rosout: Rosout | None = None
        with self._context.graph.one_announcement():
            self._context.graph.add_node(self._graph_node)
            try:
                if enable_rosout and self._context.arguments.rosout_logs:
                    self._publish_log()
                self._parameter_events = self.create_publisher(
                    ParameterEvent, '/parameter_events', qos_profile_parameter_events)
                self._init_parameters(
                    overrides_for_node(self._arguments, full_name, parameter_overrides),
                    allow_undeclared=allow_undeclared_parameters,
                    declare_overrides=automatically_declare_parameters_from_overrides)
                self._time_source = TimeSource(node=self)
                self._time_source.attach_clock(self._clock)
                if start_parameter_services:
                    self._parameter_service = ParameterService(self)
            except Exception:
                self.destroy_node()
                raise

    @property
    def context(self) -> Context:
        return self._context

    @property
    def default_callback_group(self) -> CallbackGroup:
        return self._default_callback_group

    @property
    def publishers(self) -> Iterator[Publisher[Any]]:
        yield from self._publishers

    @property
    def subscriptions(self) -> Iterator[Subscription[Any]]:
        yield from self._subscriptions

    @property
    def clients(self) -> Iterator[Client]:
        yield from self._clients

    @property
    def services(self) -> Iterator[Service]:
        yield from self._services

    @property
    def timers(self) -> Iterator[Timer]:
        yield from self._timers

    @property
    def guards(self) -> Iterator[GuardCondition]:
        yield from self._guards

    @property
    def executor(self) -> Executor | None:
        """The executor that the node was added to last."""
        return None if self._executor is None else self._executor()

    @executor.setter
    def executor(self, executor: Executor | None) -> None:
        previous = self.executor
        if previous is executor:
            return
        if previous is not None:
            previous.remove_node(self)
        self._executor = None if executor is None else weakref.ref(executor)
        if executor is not None:
            executor.add_node(self)

    def get_name(self) -> str:
        return self._name

    def get_namespace(self) -> str:
        return self._namespace

    def get_fully_qualified_name(self) -> str:
        return full_node_name(self._name, self._namespace)

    def get_clock(self) -> Clock:
        return self._clock

    def get_logger(self) -> RcutilsLogger:
        return self._logger

    def resolve_topic_name(self, topic: str, *, only_expand: bool = False) -> str:
        """Return the absolute name, after the remappings of the command line unless told so."""
        name = expand_topic_name(topic, self._name, self._namespace)
        if not only_expand:
            name = self._arguments.remap_topic(name, self._name, self._namespace)
        validate_full_topic_name(name)
        return name

    def resolve_service_name(self, service: str, *, only_expand: bool = False) -> str:
        """Return the absolute name, after the remappings of the command line unless told so."""
        validate_topic_name(service, is_service=True)
        name = expand_topic_name(service, self._name, self._namespace)
        if not only_expand:
            name = self._arguments.remap_service(name, self._name, self._namespace)
        validate_full_topic_name(name, is_service=True)
        return name

    def create_publisher(
        self, msg_type: type[MsgType], topic: str, qos_profile: QoSProfile | int, *,
        callback_group: CallbackGroup | None = None,
        event_callbacks: PublisherEventCallbacks | None = None,
        qos_overriding_options: QoSOverridingOptions | None = None,
        publisher_class: type[Publisher[Any]] = Publisher,
    ) -> Publisher[MsgType]:
        """Create a publisher; a number stands for a reliable profile of that depth."""
        name = self.resolve_topic_name(topic)
        profile = self._profile('publisher', name, qos_profile, qos_overriding_options)
        publisher = publisher_class(
            self._context.participant, msg_type, name, profile,
            event_callbacks or PublisherEventCallbacks(), self._group(callback_group),
            self.destroy_publisher)
        self._own(self._publishers, publisher, publisher._writer)
        return publisher

    def create_subscription(
        self, msg_type: type[MsgType], topic: str, callback: Callable[..., Any],
        qos_profile: QoSProfile | int, *, callback_group: CallbackGroup | None = None,
        event_callbacks: SubscriptionEventCallbacks | None = None,
        qos_overriding_options: QoSOverridingOptions | None = None, raw: bool = False,
    ) -> Subscription[MsgType]:
        """Create a subscription; with `raw` the callback gets CDR bytes."""
        name = self.resolve_topic_name(topic)
        profile = self._profile('subscription', name, qos_profile, qos_overriding_options)
        group = self._group(callback_group)
        subscription = Subscription(
            self._context.participant, msg_type, name, callback, group, profile, raw,
            event_callbacks or SubscriptionEventCallbacks(), self._logger.name,
            self.destroy_subscription)
        group.add_entity(subscription)
        self._own(self._subscriptions, subscription, subscription._reader)
        return subscription

    def create_service(
        self, srv_type: Any, srv_name: str, callback: Callable[[Any, Any], Any], *,
        qos_profile: QoSProfile = qos_profile_services_default,
        callback_group: CallbackGroup | None = None,
    ) -> Service:
        """Offer a service; the callback takes request and response, and returns the latter."""
        group = self._group(callback_group)
        service = Service(
            self._context.participant, srv_type, self.resolve_service_name(srv_name), callback,
            group, qos_profile, self._logger.name, self.destroy_service)
        group.add_entity(service)
        self._own(self._services, service, service._reader, service._writer)
        return service

    def create_client(
        self, srv_type: Any, srv_name: str, *,
        qos_profile: QoSProfile = qos_profile_services_default,
        callback_group: CallbackGroup | None = None,
    ) -> Client:
        """Create a client of a service, which need not be there yet."""
        group = self._group(callback_group)
        client = Client(
            self._context, self._context.participant, srv_type,
            self.resolve_service_name(srv_name), qos_profile, group, self._logger.name,
            self.destroy_client)
        group.add_entity(client)
        self._own(self._clients, client, client._reader, client._writer)
        return client

    def create_timer(
        self, timer_period_sec: float, callback: Callable[[], Any] | None,
        callback_group: CallbackGroup | None = None, clock: Clock | None = None,
        autostart: bool = True,
    ) -> Timer:
        """Call back every so many seconds."""
        group = self._group(callback_group)
        timer = Timer(
            callback, group, int(timer_period_sec * 1e9), clock or self._clock,
            autostart=autostart, changed=self._wake_executor, destroy=self.destroy_timer)
        group.add_entity(timer)
        self._own(self._timers, timer)
        return timer

    def create_rate(self, frequency: float, clock: Clock | None = None) -> Rate:
        """Return what sleeps to keep a loop at so many rounds a second."""
        if frequency <= 0:
            raise ValueError('frequency must be > 0')
        timer = self.create_timer(1.0 / frequency, None, self._rate_group, clock)
        return Rate(timer, context=self._context)

    def create_guard_condition(
        self, callback: Callable[[], Any], callback_group: CallbackGroup | None = None,
    ) -> GuardCondition:
        """Have a callback run whenever any thread triggers the condition."""
        group = self._group(callback_group)
        guard = GuardCondition(callback, group, context=self._context)
        group.add_entity(guard)
        self._own(self._guards, guard)
        return guard

    def destroy_publisher(self, publisher: Publisher[Any]) -> bool:
        return self._destroy(self._publishers, publisher, '_writer')

    def destroy_subscription(self, subscription: Subscription[Any]) -> bool:
        return self._destroy(self._subscriptions, subscription, '_reader')

    def destroy_service(self, service: Service) -> bool:
        return self._destroy(self._services, service, '_reader', '_writer')

    def destroy_client(self, client: Client) -> bool:
        return self._destroy(self._clients, client, '_reader', '_writer')

    def destroy_timer(self, timer: Timer) -> bool:
        return self._destroy(self._timers, timer)

    def destroy_rate(self, rate: Rate) -> bool:
        rate.destroy()
        return self.destroy_timer(rate._timer)

    def destroy_guard_condition(self, guard: GuardCondition) -> bool:
        return self._destroy(self._guards, guard)

    def destroy_node(self) -> None:
        """Leave the graph and destroy all that the node created; once is enough."""
        if self.executor is not None:
            self.executor.remove_node(self)
        with self._context.graph.one_announcement():
            self._context.graph.remove_node(self._graph_node)
            if self._rosout is not None:
                self._rosout.close()
            owners: tuple[tuple[Callable[[Any], bool], list[Any]], ...] = (
                (self.destroy_publisher, self._publishers),
                (self.destroy_subscription, self._subscriptions),
                (self.destroy_client, self._clients),
                (self.destroy_service, self._services),
                (self.destroy_timer, self._timers),
                (self.destroy_guard_condition, self._guards),
            )
            for destroy, owned in owners:
                for entity in list(owned):
                    destroy(entity)

    def _publish_log(self) -> None:
        self._rosout = Rosout(
            self._context.participant, self.resolve_topic_name('/rosout'), self._logger.name)
        self._context.graph.add_endpoints(self._graph_node, self._rosout.writer)
        self._context.on_shutdown(self._rosout.close)

    def _publish_parameter_event(self, event: Any) -> None:
        if self._parameter_events.get_subscription_count() == 0:
            return
        event.node = self.get_fully_qualified_name()
        event.stamp = self._clock.now().to_msg()
        try:
            self._parameter_events.publish(event)
        except RCLError:
            if self._context.ok():  # otherwise a shutdown came between
                raise

    def _profile(
        self, entity: str, topic: str, profile: QoSProfile | int,
        options: QoSOverridingOptions | None,
    ) -> QoSProfile:
        if isinstance(profile, int):
            profile = QoSProfile(depth=profile)
        elif not isinstance(profile, QoSProfile):
            raise TypeError(f'Expected QoSProfile or int, but received {type(profile)!r}')
        if options is None:
            return profile
        return declare_qos_parameters(entity, self, topic, profile, options)

    def _group(self, group: CallbackGroup | None) -> CallbackGroup:
        return self._default_callback_group if group is None else group

    def _own(self, owned: list[Any], entity: Any, *endpoints: Any) -> None:
        with self._owned:
            # A new list each time: the executor may be walking through the old one.
            owned[:] = [*owned, entity]
        if endpoints:
            self._context.graph.add_endpoints(self._graph_node, *endpoints)
        self._wake_executor()

    def _destroy(self, owned: list[Any], entity: Any, *endpoints: str) -> bool:
        with self._owned:
            if entity not in owned:
                return False
            owned.remove(entity)
        if endpoints:
            self._context.graph.remove_endpoints(
                self._graph_node, *(getattr(entity, name) for name in endpoints))
        entity._close()
        self._wake_executor()
        return True

    def _entities(self) -> list[Any]:
        """Return what an executor waits for."""
        with self._owned:
            senders: list[Any] = [*self._publishers, *self._subscriptions]
            handlers = [handler for sender in senders for handler in sender.event_handlers]
            return [
                *self._timers, *self._subscriptions, *self._guards, *self._clients,
                *self._services, *handlers]

    def _wake_executor(self) -> None:
        if (executor := self.executor) is not None:
            executor.wake()

    def __enter__(self) -> Node:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.destroy_node()
