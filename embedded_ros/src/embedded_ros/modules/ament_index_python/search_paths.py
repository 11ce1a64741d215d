"""The installations that are searched."""

import os
import sys


def get_search_paths() -> list[str]:
    """Return the prefixes of AMENT_PREFIX_PATH, then that of the running Python."""
    listed = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    return [path for path in dict.fromkeys([*listed, sys.prefix]) if path and os.path.isdir(path)]
