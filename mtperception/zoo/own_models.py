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

"""
Models of the user's own objects, by name.

Each object has a folder, which `objects.registry` fills: that alone which models need to know of
it is here.
"""

import os
from pathlib import Path
import re

MODEL = 'pose.safetensors'
# Neither a path nor hidden, and the same on every file system.
_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9_-]{0,63}')


def own_folder() -> Path:
    """Return where the folders of the user's objects are; it need not exist."""
    data = os.environ.get('XDG_DATA_HOME', '')
    # The XDG Base Directory Specification says that relative ones are to be ignored.
    root = Path(data) if os.path.isabs(data) else Path.home() / '.local' / 'share'
    return root / 'mtperception' / 'objects'


def is_name(name: str) -> bool:
    """Tell whether an object may be called so: letters, digits, _ and -, 64 at most."""
    return _NAME.fullmatch(name) is not None


def own_names() -> list[str]:
    """List the user's objects."""
    try:
        return sorted(path.parent.name for path in own_folder().glob(f'*/{MODEL}')
                      if is_name(path.parent.name))
    except OSError:
        return []


def own_model(name: str) -> Path | None:
    """Return the file of the model of one of the user's objects, None where there is none."""
    path = own_folder() / name / MODEL
    return path if is_name(name) and path.is_file() else None
