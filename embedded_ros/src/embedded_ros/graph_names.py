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
Names in the graph: between ROS and the wire.

A topic `/camera/image` is `rt/camera/image` on the wire; a service has two topics there, one for
requests and one for responses.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
import re

from embedded_ros.graph import GraphEndpoint

NamesAndTypes = list[tuple[str, list[str]]]

_REQUEST = re.compile(r'rq(/.*)Request')
_RESPONSE = re.compile(r'rr(/.*)Reply')


def topic_name(endpoint: GraphEndpoint) -> str | None:
    """Return the ROS name of the endpoint's topic; None where that is not a topic of ROS."""
    return endpoint.topic[2:] if endpoint.topic.startswith('rt/') else None


def service_name(endpoint: GraphEndpoint) -> str | None:
    """Return the name of the service that the endpoint belongs to, if to any."""
    match = _REQUEST.fullmatch(endpoint.topic) or _RESPONSE.fullmatch(endpoint.topic)
    return match[1] if match else None


def topics(endpoints: Iterable[GraphEndpoint], *, no_demangle: bool = False) -> NamesAndTypes:
    """Return the topics of these endpoints with their types; as on the wire if asked."""
    if no_demangle:
        return _collected((e.topic, e.type_name) for e in endpoints)
    return _collected((topic_name(e), e.type_name) for e in endpoints)


def services(endpoints: Iterable[GraphEndpoint]) -> NamesAndTypes:
    """Return the services that these endpoints offer or call, with their types."""
    return _collected((service_name(e), _service_type(e.type_name)) for e in endpoints)


def offered(endpoints: Iterable[GraphEndpoint]) -> NamesAndTypes:
    """Return the services that these endpoints offer."""
    return services(e for e in endpoints if _REQUEST.fullmatch(e.topic) and not e.is_writer)


def called(endpoints: Iterable[GraphEndpoint]) -> NamesAndTypes:
    """Return the services that these endpoints are clients of."""
    return services(e for e in endpoints if _REQUEST.fullmatch(e.topic) and e.is_writer)


def _service_type(message_type: str) -> str:
    return re.sub(r'_(Request|Response)$', '', message_type)


def _collected(pairs: Iterable[tuple[str | None, str]]) -> NamesAndTypes:
    types = defaultdict(set)
    for name, type_name in pairs:
        if name is not None:
            types[name].add(type_name)
    return [(name, sorted(found)) for name, found in sorted(types.items())]
