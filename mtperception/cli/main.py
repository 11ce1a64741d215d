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

"""The `mtperception` command."""

import argparse
from collections.abc import Sequence
import sys

from mtperception import __version__
from mtperception.cli.interrupts import refuse_interrupts, take_interrupts


def parser() -> argparse.ArgumentParser:
    """Build the command's parser; each verb's module adds its own."""
    # Imported here, when Ctrl-C is in hand.
    from mtperception.cli import (
        bench,
        detect,
        evaluate,
        export_grasps,
        export_world,
        forget,
        objects,
        onboard,
        render,
        reproduce,
        shapes,
        show,
        teach,
        train,
        watch,
    )

    command = argparse.ArgumentParser(
        prog='mtperception', description='Perception for a robot cell.')
    command.add_argument('--version', action='version', version=__version__)
    verbs = command.add_subparsers(title='verbs', metavar='VERB', required=True)
    for verb in (render, show, train, evaluate, reproduce, detect, teach, forget, shapes, onboard,
                 objects, watch, bench, export_world, export_grasps):
        verb.add_parser(verbs)
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 0 only when it did what was asked."""
    take_interrupts()
    arguments = argparse.Namespace(stopped='stopped')
    try:
        parser().parse_args(argv, arguments)
        status: int = arguments.run(arguments)
    except KeyboardInterrupt:
        refuse_interrupts()
        print(f'mtperception: {arguments.stopped}', file=sys.stderr)
        return 130
    except (OSError, RuntimeError, ValueError) as error:
        print(f'mtperception: {told(error)}', file=sys.stderr)
        return 1
    return status


def told(error: Exception) -> str:
    """Put an error into words: those of the operating system without their number."""
    if isinstance(error, OSError) and error.filename is not None:
        return f'{error.filename}: {error.strerror}'
    return str(error)


if __name__ == '__main__':
    sys.exit(main())
