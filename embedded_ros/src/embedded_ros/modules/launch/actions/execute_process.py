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
import functools
import os
from typing import TYPE_CHECKING

from launch.action import Action
from launch.child_process import ChildProcess
from launch.condition import Condition
from launch.errors import LaunchError
from launch.event_handlers import OnProcessExit
from launch.process_run import ProcessRun, Respawn
from launch.substitution import (
    perform_bool,
    perform_float,
    perform_substitutions,
    SomeSubstitutionsType,
)
from launch.substitutions import LaunchConfiguration

if TYPE_CHECKING:
    from launch.event_handler import Answer
    from launch.launch_context import LaunchContext

_Environment = Mapping[SomeSubstitutionsType, SomeSubstitutionsType]


class ExecuteProcess(Action):
    """
    Starts a process and stops it when the launch ends.

    `env` replaces the environment, `additional_env` adds to it. `output` is "screen", "log" or
    "both". After SIGINT the process has `sigterm_timeout` seconds, then, after SIGTERM,
    `sigkill_timeout` seconds. `on_exit` answers its end. With `respawn`, a process that ends is
    started again, `respawn_delay` seconds later and `respawn_max_retries` times at most (without
    limit where that is negative).
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
        sigterm_timeout: SomeSubstitutionsType = LaunchConfiguration(  # noqa: B008
            'sigterm_timeout', default='5'),
        sigkill_timeout: SomeSubstitutionsType = LaunchConfiguration(  # noqa: B008
            'sigkill_timeout', default='5'),
        on_exit: Answer = None,
        respawn: bool | SomeSubstitutionsType = False,
        respawn_delay: float | None = None,
        respawn_max_retries: int = -1,
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
        self.respawn = respawn
        self.respawn_delay = respawn_delay
        self.respawn_max_retries = respawn_max_retries
        self._run: ProcessRun | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the process has run and will not run again."""
        return self._run is not None and self._run.has_ended

    def command(self, context: LaunchContext) -> list[str]:
        """Return the program and its arguments."""
        return [perform_substitutions(context, part) for part in self.cmd]

    def execute(self, context: LaunchContext) -> None:
        if context.is_shutdown:
            return
        command = self.command(context)
        name = perform_substitutions(context, self.name) if self.name else command[0].split()[0]
        if self._run is not None:
            raise LaunchError(f"process '{name}' is launched twice by the same action")
        if self.shell:
            command = ['/bin/sh', '-c', ' '.join(command)]
        self._run = ProcessRun(
            self,
            context,
            functools.partial(
                ChildProcess,
                f'{os.path.basename(name)}-{next(context.process_numbers)}',
                command,
                environment=self._environment(context),
                cwd=None if self.cwd is None else perform_substitutions(context, self.cwd),
                output=perform_substitutions(
                    context, os.environ.get('OVERRIDE_LAUNCH_PROCESS_OUTPUT', self.output)
                ),
                emulate_tty=perform_bool(
                    context, context.launch_configurations.get('emulate_tty', self.emulate_tty)
                ),
                is_ros_node=self.is_ros_node,
            ),
            respawn=Respawn(self.respawn_max_retries, self.respawn_delay or 0.0)
            if perform_bool(context, self.respawn) else Respawn(),
            sigterm_timeout=perform_float(context, 'sigterm_timeout', self.sigterm_timeout),
            sigkill_timeout=perform_float(context, 'sigkill_timeout', self.sigkill_timeout),
        )
        if self.on_exit is not None:
            context.register_event_handler(
                OnProcessExit(target_action=self, on_exit=self.on_exit)
            )
        self._run.start()

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
