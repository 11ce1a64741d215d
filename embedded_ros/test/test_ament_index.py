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

import sys

from ament_index_python.packages import (
    get_package_prefix,
    get_package_share_directory,
    get_package_share_path,
    get_packages_with_prefixes,
    PackageNotFoundError,
)
from ament_index_python.resources import get_resource, get_resources, has_resource
import pytest


@pytest.fixture
def prefixes(tmp_path, monkeypatch):
    for number in ('one', 'two'):
        index = tmp_path / number / 'share/ament_index/resource_index/packages'
        index.mkdir(parents=True)
        (index / 'both').write_text(number)
        (index / f'only_{number}').touch()
        (tmp_path / number / 'share/both').mkdir()
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{tmp_path / "one"}:{tmp_path / "two"}:/no/such')
    return tmp_path


def test_the_first_prefix_wins(prefixes):
    assert get_package_prefix('both') == str(prefixes / 'one')
    assert get_package_prefix('only_two') == str(prefixes / 'two')
    assert get_package_share_directory('both') == str(prefixes / 'one/share/both')
    assert get_package_share_path('both') == prefixes / 'one/share/both'
    found = get_packages_with_prefixes()
    assert found['both'] == str(prefixes / 'one')
    assert found['only_two'] == str(prefixes / 'two')


def test_resources(prefixes):
    assert get_resource('packages', 'both') == ('one', str(prefixes / 'one'))
    assert has_resource('packages', 'none') is False
    assert get_resources('nothing_of_the_kind') == {}
    with pytest.raises(LookupError, match='none'):
        get_resource('packages', 'none')
    with pytest.raises(ValueError, match='a/b'):
        has_resource('packages', 'a/b')


def test_the_prefix_of_python_is_searched(tmp_path, monkeypatch):
    monkeypatch.delenv('AMENT_PREFIX_PATH', raising=False)
    monkeypatch.setattr(sys, 'prefix', str(tmp_path))
    index = tmp_path / 'share/ament_index/resource_index/packages'
    index.mkdir(parents=True)
    (index / 'mine').touch()
    assert get_package_prefix('mine') == str(tmp_path)


@pytest.fixture
def source_tree(tmp_path, monkeypatch):
    (tmp_path / 'editable_pkg').mkdir()
    (tmp_path / 'editable_pkg/__init__.py').touch()
    (tmp_path / 'package.xml').write_text('<package><name>editable_pkg</name></package>')
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_an_editable_install_is_found_by_its_package_xml(source_tree):
    assert get_package_share_directory('editable_pkg') == str(source_tree)
    assert get_package_prefix('editable_pkg') == sys.prefix


def test_a_package_xml_of_another_package_does_not_count(source_tree):
    (source_tree / 'package.xml').write_text('<package><name>other</name></package>')
    with pytest.raises(PackageNotFoundError):
        get_package_prefix('editable_pkg')
    (source_tree / 'package.xml').write_text('not xml')
    with pytest.raises(PackageNotFoundError):
        get_package_prefix('editable_pkg')


def test_a_missing_package_is_named():
    with pytest.raises(PackageNotFoundError, match='no_such_package'):
        get_package_share_directory('no_such_package')
    with pytest.raises(ValueError, match='valid package name'):
        get_package_prefix('a/b')
