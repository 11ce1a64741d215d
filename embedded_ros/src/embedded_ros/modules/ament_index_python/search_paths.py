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

"""The installations that are searched."""

import os
import sys


def get_search_paths() -> list[str]:
    """Return the prefixes of AMENT_PREFIX_PATH, then that of the running Python."""
    listed = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    return [path for path in dict.fromkeys([*listed, sys.prefix]) if path and os.path.isdir(path)]
