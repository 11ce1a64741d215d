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

"""The parts that pages of Markdown are put together from."""

from collections.abc import Sequence
import textwrap


def filled(words: str) -> str:
    """Break a paragraph into lines."""
    return textwrap.fill(' '.join(words.split()), 99, break_on_hyphens=False)


def table(heads: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Set a table, all but its first column to the right."""
    lines = [heads, ['---', *['---:'] * (len(heads) - 1)], *body]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)


def minutes(seconds: float) -> str:
    """Say how long something took."""
    return f'{int(seconds) // 60} min {int(seconds) % 60} s'
