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

"""The arguments of a command with verbs, such as `ros2 topic list`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any


class Verbs:
    """The verbs of one command; each adds its arguments and names its function."""

    def __init__(self, command: str, description: str) -> None:
        self._parser = argparse.ArgumentParser(prog=f'ros2 {command}', description=description)
        self._verbs = self._parser.add_subparsers(metavar='verb', title='Commands')

    def add(
        self, name: str, run: Callable[[argparse.Namespace], int | None], description: str
    ) -> argparse.ArgumentParser:
        """Add a verb and return its parser."""
        parser: argparse.ArgumentParser = self._verbs.add_parser(
            name, help=description, description=description
        )
        parser.set_defaults(run=run)
        return parser

    def run(self, argv: Sequence[str]) -> int | None:
        """Run the verb that is meant; without one, show the help."""
        arguments = self._parser.parse_args(argv)
        run: Any = getattr(arguments, 'run', None)
        if run is None:
            self._parser.print_help()
            return 0
        code: int | None = run(arguments)
        return code
