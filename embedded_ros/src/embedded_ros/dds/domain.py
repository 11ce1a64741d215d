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
The DDS domain of a process: which one, how it finds others, how large images survive in it.

A domain is configured once, when its first participant opens it. `CYCLONEDDS_URI` is read after
what stands here, so that the user has the last word.
"""
from __future__ import annotations

from collections.abc import Mapping
import os
from pathlib import Path
import threading
from typing import Any
from xml.sax.saxutils import quoteattr

from cyclonedds.core import DDSException
from cyclonedds.domain import Domain

from embedded_ros.dds import binding

# Larger messages travel in several parts.
FRAGMENT_SIZE = 65_000

# A stock kernel's receive buffer holds 208 kB. With the default fragments (1344 bytes) the
# bookkeeping of a camera picture alone fills it; with fragments near the limit of UDP it does
# not. What is lost all the same must arrive before the next picture takes its place: with the
# default interval of heartbeats (100 ms) a reader would not even be asked what it lacks.
_LARGE_MESSAGES = f"""\
<General><FragmentSize>{FRAGMENT_SIZE}B</FragmentSize><MaxMessageSize>65500B</MaxMessageSize>\
</General><Internal><HeartbeatInterval min="1 ms" minsched="2 ms">10 ms</HeartbeatInterval>\
<NackDelay>1 ms</NackDelay><SocketReceiveBufferSize max="8MiB"/></Internal>"""

# A writer that goes waits for readers to acknowledge its last samples, each writer after the
# other: with the middleware's own second, a frozen viewer would hold up the end of a node.
_GOODBYE = '<Internal><WriterLingerDuration>200 ms</WriterLingerDuration></Internal>'

RMW_IMPLEMENTATION = 'rmw_cyclonedds_cpp'
_HIGHEST_DOMAIN = 232
# What best effort needs for a picture of a megabyte; the kernel's limit for it.
_ENOUGH_FOR_IMAGES = 1_000_000
_RECEIVE_BUFFER_LIMIT = Path('/proc/sys/net/core/rmem_max')

_open: dict[int, tuple[Any, int]] = {}
_lock = threading.Lock()


def domain_id_from_environment(environment: Mapping[str, str] = os.environ) -> int:
    """Return `ROS_DOMAIN_ID`, zero where it is not set."""
    text = environment.get('ROS_DOMAIN_ID', '').strip() or '0'
    if not text.isdecimal() or int(text) > _HIGHEST_DOMAIN:
        raise ValueError(
            f"ROS_DOMAIN_ID is '{text}': set it to a number from 0 to {_HIGHEST_DOMAIN}")
    return int(text)


def configuration(environment: Mapping[str, str] = os.environ) -> str:
    """Return the middleware's configuration, as XML, for what the environment asks."""
    ours = f'<CycloneDDS><Domain id="any">{_LARGE_MESSAGES}{_GOODBYE}{_discovery(environment)}' \
        '</Domain></CycloneDDS>'
    users = environment.get('CYCLONEDDS_URI', '').strip()
    return f'{ours},{users}' if users else ours


def _discovery(environment: Mapping[str, str]) -> str:
    reach = environment.get('ROS_AUTOMATIC_DISCOVERY_RANGE', '').strip() or 'SUBNET'
    peers = [peer for peer in environment.get('ROS_STATIC_PEERS', '').split(';') if peer.strip()]
    if environment.get('ROS_LOCALHOST_ONLY', '').strip() == '1':
        reach, peers = 'LOCALHOST', []
    if reach == 'SYSTEM_DEFAULT':
        return ''
    if reach == 'SUBNET':
        return _unicast(peers)
    if reach == 'LOCALHOST':
        # The loopback reaches no further than this machine, but meets all on it.
        elsewhere = any(not _is_local(peer) for peer in peers)
        interface = '' if elsewhere else \
            '<Interfaces><NetworkInterface address="127.0.0.1"/></Interfaces>'
        return f'<General>{interface}<AllowMulticast>false</AllowMulticast></General>' \
            + _unicast(['localhost', *peers])
    if reach == 'OFF':
        # A tag that no other process has: nothing outside is ever seen.
        return '<General><AllowMulticast>false</AllowMulticast></General>' \
            f'<Discovery><Tag>ros_discovery_off_{os.getpid()}</Tag></Discovery>'
    raise ValueError(
        f"ROS_AUTOMATIC_DISCOVERY_RANGE is '{reach}': "
        'set it to SUBNET, LOCALHOST, OFF or SYSTEM_DEFAULT')


def _is_local(peer: str) -> bool:
    return peer.strip() == 'localhost' or peer.strip().startswith('127.')


def _unicast(peers: list[str]) -> str:
    # Whoever has this machine as a peer finds participants by their index.
    addresses = ''.join(f'<Peer address={quoteattr(peer.strip())}/>' for peer in peers)
    return '<Discovery><ParticipantIndex>auto</ParticipantIndex>' \
        '<MaxAutoParticipantIndex>32</MaxAutoParticipantIndex>' \
        f'<Peers>{addresses}</Peers></Discovery>'


def middleware_advice(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return what to know where another middleware is asked for."""
    asked = environment.get('RMW_IMPLEMENTATION', '').strip()
    if asked in ('', RMW_IMPLEMENTATION):
        return None
    return (
        f"RMW_IMPLEMENTATION is '{asked}', but {RMW_IMPLEMENTATION} is all there is here: topics "
        'reach nodes that use another one, services and parameters do not')


def receive_buffer_advice(limit_file: Path = _RECEIVE_BUFFER_LIMIT) -> str | None:
    """Return what to do about a kernel that keeps too little for large best effort messages."""
    try:
        limit = int(limit_file.read_text())
    except OSError:  # not on Linux
        return None
    if limit >= _ENOUGH_FOR_IMAGES:
        return None
    return (
        f'the kernel limits receive buffers to {limit // 1000} kB, so that large images will be '
        'lost: run "sudo sysctl -w net.core.rmem_max=4194304" (put the setting into '
        '/etc/sysctl.d to keep it), or make publisher and subscription reliable')


def acquire(domain_id: int) -> None:
    """Open and configure the domain, or count one more user of it."""
    with _lock:
        domain, users = _open.get(domain_id, (None, 0))
        if domain is None:
            try:
                domain = Domain(domain_id, configuration())
            except DDSException as error:
                raise RuntimeError(
                    f'cannot open DDS domain {domain_id}: '
                    'check CYCLONEDDS_URI and the network interfaces') from error
        _open[domain_id] = (domain, users + 1)


def release(domain_id: int) -> None:
    """Close the domain after its last user."""
    with _lock:
        domain, users = _open[domain_id]
        if users > 1:
            _open[domain_id] = (domain, users - 1)
        else:
            del _open[domain_id]
            binding.delete(binding.handle(domain))
