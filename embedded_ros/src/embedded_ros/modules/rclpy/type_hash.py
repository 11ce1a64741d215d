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

"""The hash of a message type's definition."""
from __future__ import annotations

from dataclasses import dataclass
import re


@dataclass(frozen=True)
class TypeHash:
    """Version and value of a type's hash; version -1 where the endpoint announces none."""

    version: int = -1
    value: bytes = bytes(32)

    @classmethod
    def from_text(cls, text: str) -> TypeHash:
        """Read `RIHS01_` and 64 hexadecimal digits; anything else is no hash."""
        match = re.fullmatch(r'RIHS(\d{2})_([0-9a-f]{64})', text)
        return cls(int(match[1]), bytes.fromhex(match[2])) if match else cls()

    def __str__(self) -> str:
        if self.version <= 0 or len(self.value) != 32:
            return 'INVALID'
        return f'RIHS{self.version:02}_{self.value.hex()}'
