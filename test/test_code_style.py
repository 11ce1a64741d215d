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

"""The project's own rules: ruff (with the ament linters' rules), mypy, import-linter, headers."""

from pathlib import Path
import re
import subprocess
import sys

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
MODULES = ROOT / 'embedded_ros/src/embedded_ros/modules'
FOLDERS = ('mtperception', 'embedded_ros', 'launch', 'test')
HEADER = re.compile(r'\A(#!.*\n)?# Copyright 20\d\d \S.*\n#\n# Licensed under the Apache License')


def run(*command):
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_ruff():
    run(BIN / 'ruff', 'check', '.')


@pytest.mark.timeout(600)
def test_mypy():
    run(BIN / 'mypy')


@pytest.mark.timeout(600)
def test_mypy_of_the_ros_modules():
    run(BIN / 'mypy', *MODULES.rglob('*.py'))


def test_arrows_between_the_rooms():
    run(BIN / 'lint-imports')


def test_copyright_headers():
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob('*.py')]
    assert len(files) > 50
    missing = [str(path) for path in [*files, ROOT / 'setup.py']
               if path.stat().st_size and not HEADER.match(path.read_text(encoding='utf-8'))]
    assert not missing


def test_one_version():
    package = (ROOT / 'package.xml').read_text(encoding='utf-8')
    setup = (ROOT / 'setup.py').read_text(encoding='utf-8')
    init = (ROOT / 'mtperception/__init__.py').read_text(encoding='utf-8')
    version = re.search(r'<version>(.*)</version>', package)[1]
    assert f"version='{version}'" in setup
    assert f"__version__ = '{version}'" in init
