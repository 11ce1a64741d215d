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

"""A process started by a launch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import os
from typing import TYPE_CHECKING

from launch.action import Action, Condition
from launch.child_process import ChildProcess
from launch.errors import LaunchError
from launch.event_handlers import OnProcessExit, OnShutdown
from launch.events.process import ProcessExited
from launch.substitution import perform_substitutions, SomeSubstitutionsType

if TYPE_CHECKING:
    from launch.event import Event
    from launch.event_handler import Answer
    from launch.launch_context import LaunchContext

_Environment = Mapping[SomeSubstitutionsType, SomeSubstitutionsType]


class ExecuteProcess(Action):
    """
    Starts a process and stops it when the launch ends.

    `env` replaces the environment, `additional_env` adds to it. `output` is "screen", "log" or
    "both". After SIGINT the process has `sigterm_timeout` seconds, then, after SIGTERM,
    `sigkill_timeout` seconds. `on_exit` answers its end.
    """

    is_ros_node = False

    def __init__(
        self,
        *,
        cmd: Iterable[SomeSubstitutionsType],
        name: SomeSubstitutionsType | None = None,
        cwd: SomeSubstitutionsType | None = None,
        env: _Environment | None = None,
        additional_env: _Environment | None = None,
        shell: bool = False,
        output: SomeSubstitutionsType = 'log',
        emulate_tty: bool = False,
        sigterm_timeout: SomeSubstitutionsType = '5',
        sigkill_timeout: SomeSubstitutionsType = '5',
        on_exit: Answer = None,
        condition: Condition | None = None,
    ) -> None:
        super().__init__(condition=condition)
        self.cmd = list(cmd)
        self.name = name
        self.cwd = cwd
        self.env = env
        self.additional_env = additional_env
        self.shell = shell
        self.output = output
        self.emulate_tty = emulate_tty
        self.sigterm_timeout = sigterm_timeout
        self.sigkill_timeout = sigkill_timeout
        self.on_exit = on_exit

    def command(self, context: LaunchContext) -> list[str]:
        """Return the program and its arguments."""
        return [perform_substitutions(context, part) for part in self.cmd]

    def execute(self, context: LaunchContext) -> None:
        if context.is_shutdown:
            return
        command = self.command(context)
        name = perform_substitutions(context, self.name) if self.name else command[0].split()[0]
        if self.shell:
            command = ['/bin/sh', '-c', ' '.join(command)]
        child = ChildProcess(
            f'{os.path.basename(name)}-{next(context.process_numbers)}',
            command,
            environment=self._environment(context),
            cwd=None if self.cwd is None else perform_substitutions(context, self.cwd),
            output=perform_substitutions(context, self.output),
            emulate_tty=self.emulate_tty,
            is_ros_node=self.is_ros_node,
        )
        sigterm_timeout = _seconds(context, 'sigterm_timeout', self.sigterm_timeout)
        sigkill_timeout = _seconds(context, 'sigkill_timeout', self.sigkill_timeout)

        def stop(event: Event, context: LaunchContext) -> None:
            context.start_task(
                child.stop(sigterm_timeout=sigterm_timeout, sigkill_timeout=sigkill_timeout)
            )

        at_shutdown = OnShutdown(on_shutdown=stop)
        context.register_event_handler(at_shutdown)
        if self.on_exit is not None:
            context.register_event_handler(
                OnProcessExit(target_action=self, on_exit=self.on_exit, handle_once=True)
            )
        context.start_task(self._run(context, child, at_shutdown))

    async def _run(
        self, context: LaunchContext, child: ChildProcess, at_shutdown: OnShutdown
    ) -> None:
        # By now all actions have been visited: after a mistake in one of them nothing starts.
        if context.is_shutdown:
            child.let_go()
            return
        returncode = await child.run()
        context.unregister_event_handler(at_shutdown)
        context.emit_event_sync(
            ProcessExited(
                action=self,
                process_name=child.name,
                pid=child.pid,
                cmd=child.command,
                returncode=returncode,
            )
        )

    def _environment(self, context: LaunchContext) -> dict[str, str]:
        if self.env is None:
            environment = dict(context.environment)
        else:
            environment = _perform(context, self.env)
        environment.update(_perform(context, self.additional_env or {}))
        # A Python node's print() would otherwise be seen only when its buffer is full.
        environment.setdefault('PYTHONUNBUFFERED', '1')
        return environment


def _perform(context: LaunchContext, environment: _Environment) -> dict[str, str]:
    return {
        perform_substitutions(context, name): perform_substitutions(context, value)
        for name, value in environment.items()
    }


def _seconds(context: LaunchContext, name: str, value: SomeSubstitutionsType) -> float:
    text = perform_substitutions(context, value)
    try:
        return float(text)
    except ValueError:
        raise LaunchError(f"{name} '{text}' is not a number of seconds") from None
