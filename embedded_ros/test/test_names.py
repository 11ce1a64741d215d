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

from hypothesis import given, strategies as st
import pytest
from rclpy.exceptions import (
    InvalidNamespaceException,
    InvalidNodeNameException,
    InvalidServiceNameException,
    InvalidTopicNameException,
)
from rclpy.expand_topic_name import expand_topic_name
from rclpy.validate_full_topic_name import validate_full_topic_name
from rclpy.validate_namespace import validate_namespace
from rclpy.validate_node_name import validate_node_name
from rclpy.validate_topic_name import validate_topic_name

TOKENS = st.from_regex(r'[A-Za-z_][A-Za-z0-9_]{0,6}', fullmatch=True)
NAMESPACES = st.lists(TOKENS, max_size=3).map(lambda tokens: '/' + '/'.join(tokens))


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('image', '/cell/image'),
        ('/image', '/image'),
        ('~/detections', '/cell/det/detections'),
        ('~', '/cell/det'),
        ('a/b', '/cell/a/b'),
        ('{node}/x', '/cell/det/x'),
        ('{ns}/x', '/cell/x'),
    ],
)
def test_expand(name, expected):
    assert expand_topic_name(name, 'det', '/cell') == expected


def test_expand_in_the_root_namespace():
    assert expand_topic_name('image', 'det', '/') == '/image'
    assert expand_topic_name('~/x', 'det', '/') == '/det/x'


STARTS = st.sampled_from(['', '~/', '/'])


@given(st.lists(TOKENS, min_size=1, max_size=4), TOKENS, NAMESPACES, STARTS)
def test_expanded_names_are_valid_and_stay(tokens, node, namespace, start):
    full = expand_topic_name(start + '/'.join(tokens), node, namespace)
    assert validate_full_topic_name(full)
    assert expand_topic_name(full, node, namespace) == full


@pytest.mark.parametrize(
    ('name', 'position'),
    [
        ('', 0), ('a b', 1), ('a//b', 1), ('a/', 1), ('2a', 0), ('a/2b', 2), ('a/~', 2),
        ('~a', 1), ('a-b', 1), ('{other}/x', 0), ('a{node', 1), ('/', 0),
    ],
)
def test_invalid_topic_names_are_pointed_at(name, position):
    with pytest.raises(InvalidTopicNameException) as caught:
        validate_topic_name(name)
    assert caught.value.invalid_index == position
    assert caught.value.name == name
    with pytest.raises(InvalidServiceNameException):
        validate_topic_name(name, is_service=True)


@pytest.mark.parametrize('name', ['', 'a', '/a/', '/a//b', '/2', '/a b', '/~', '/' + 'x' * 247])
def test_invalid_full_names(name):
    with pytest.raises(InvalidTopicNameException):
        validate_full_topic_name(name)


@pytest.mark.parametrize('name', ['', 'a/b', '2a', 'a-b', 'ä', 'x' * 256])
def test_invalid_node_names(name):
    with pytest.raises(InvalidNodeNameException):
        validate_node_name(name)


def test_namespaces():
    assert validate_namespace('/')
    assert validate_namespace('/a/b_1')
    for namespace in ('', 'a', '/a/', '//a', '/1', '/' + 'x' * 245):
        with pytest.raises(InvalidNamespaceException):
            validate_namespace(namespace)
