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
Where a package is installed.

An editable install has neither an entry in the index nor installed files; there the source tree
that holds the package's package.xml stands in for its share folder.
"""

import importlib.util
from pathlib import Path
import re
import sys
from xml.etree import ElementTree

from ament_index_python.resources import get_resources, has_resource
from ament_index_python.search_paths import get_search_paths


class PackageNotFoundError(KeyError):
    """No such package is installed."""

    def __str__(self) -> str:
        """Name the package and where it was looked for."""
        return (
            f"package '{self.args[0]}' not found, searching: "
            f'{get_search_paths()} (install it, or source its workspace)'
        )


def get_packages_with_prefixes() -> dict[str, str]:
    """Return the installed packages, each with its prefix."""
    return get_resources('packages')


def get_package_prefix(package_name: str) -> str:
    """Return the prefix that a package is installed under; PackageNotFoundError without one."""
    if not re.fullmatch(r'[a-zA-Z0-9_-]+', package_name):
        raise ValueError(f"'{package_name}' is not a valid package name")
    prefix = has_resource('packages', package_name)
    if isinstance(prefix, str):
        return prefix
    if _source_tree(package_name) is not None:
        return sys.prefix
    raise PackageNotFoundError(package_name)


def get_package_share_directory(package_name: str, print_warning: bool = True) -> str:
    """Return the folder of a package's launch files, configuration and other data."""
    share = Path(get_package_prefix(package_name), 'share', package_name)
    if not share.is_dir() or not has_resource('packages', package_name):
        share = _source_tree(package_name) or share
    if print_warning and not share.is_dir():
        print(f"the share folder '{share}' of a package does not exist", file=sys.stderr)
    return str(share)


def get_package_share_path(package_name: str, print_warning: bool = True) -> Path:
    """Return the folder of a package's data as a path."""
    return Path(get_package_share_directory(package_name, print_warning))


def _source_tree(package_name: str) -> Path | None:
    """Return the folder whose package.xml declares an importable package of that name."""
    try:
        spec = importlib.util.find_spec(package_name)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    for folder in Path(spec.origin).parents[1:3]:
        manifest = folder / 'package.xml'
        if manifest.is_file() and _declared_name(manifest) == package_name:
            return folder
    return None


def _declared_name(manifest: Path) -> str | None:
    try:
        return ElementTree.parse(manifest).getroot().findtext('name')  # noqa: S314
    except ElementTree.ParseError:
        return None
