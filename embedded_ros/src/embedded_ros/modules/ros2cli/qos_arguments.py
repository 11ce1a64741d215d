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

"""Quality of service from the command line, and the one that suits the publishers there are."""

from __future__ import annotations

import argparse
import copy
import sys

from rclpy.node import Node
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSPresetProfiles,
    QoSProfile,
    ReliabilityPolicy,
)


def add_qos_arguments(parser: argparse.ArgumentParser, default_profile: str) -> None:
    """Add the `--qos-*` arguments."""
    parser.add_argument(
        '--qos-profile',
        choices=QoSPresetProfiles.short_keys(),
        help=f'quality of service to start from (default: {default_profile})',
    )
    parser.add_argument('--qos-depth', metavar='N', type=int, help='queue size')
    for name, policy in (
        ('history', HistoryPolicy),
        ('reliability', ReliabilityPolicy),
        ('durability', DurabilityPolicy),
    ):
        parser.add_argument(
            f'--qos-{name}', choices=policy.short_keys(), help=f"{name} (default: the profile's)"
        )
    parser.set_defaults(default_profile=default_profile)


def qos_from_arguments(arguments: argparse.Namespace) -> QoSProfile:
    """Return the profile that the arguments describe."""
    name = arguments.qos_profile or arguments.default_profile
    profile = copy.copy(QoSPresetProfiles.get_from_short_key(name))
    if arguments.qos_depth is not None:
        profile.depth = arguments.qos_depth
    if arguments.qos_history is not None:
        profile.history = HistoryPolicy.get_from_short_key(arguments.qos_history)
    if arguments.qos_reliability is not None:
        profile.reliability = ReliabilityPolicy.get_from_short_key(arguments.qos_reliability)
    if arguments.qos_durability is not None:
        profile.durability = DurabilityPolicy.get_from_short_key(arguments.qos_durability)
    return profile


def qos_for_topic(node: Node, topic: str, arguments: argparse.Namespace) -> QoSProfile:
    """
    Return what the arguments say, and for the rest what receives most from the publishers.

    Where all of them are reliable, or keep messages for those who come late, the subscription asks
    for it; otherwise it would not match those that do not.
    """
    profile = qos_from_arguments(arguments)
    offers = [info.qos_profile for info in node.get_publishers_info_by_topic(topic)]
    if arguments.qos_profile is not None or not offers:
        return profile
    if arguments.qos_reliability is None:
        reliable = [offer.reliability == ReliabilityPolicy.RELIABLE for offer in offers]
        if all(reliable):
            profile.reliability = ReliabilityPolicy.RELIABLE
        elif any(reliable):
            _warn_of_mixture('reliable', 'best effort')
    if arguments.qos_durability is None:
        lasting = [offer.durability == DurabilityPolicy.TRANSIENT_LOCAL for offer in offers]
        if all(lasting):
            profile.durability = DurabilityPolicy.TRANSIENT_LOCAL
        elif any(lasting):
            _warn_of_mixture('transient local', 'volatile')
    return profile


def _warn_of_mixture(some: str, chosen: str) -> None:
    print(
        f'WARNING: some, but not all, publishers are {some}; '
        f'subscribing as {chosen}, which matches all of them',
        file=sys.stderr,
    )
