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

"""What can be odd about the stamp of a picture, beside the one before and the clock."""

from typing import NamedTuple

SECOND = 1_000_000_000
# Nanoseconds that the clocks of camera and node may differ.
TOLERANCE = SECOND // 2


class Oddity(NamedTuple):
    """Something odd: the short name that it is counted under, and a sentence."""

    cause: str
    text: str


def odd_stamp(stamp: int, previous: int | None, now: int) -> Oddity | None:
    """
    Tell what is odd about a picture's stamp; all times in nanoseconds.

    `previous` is the stamp of the picture before, None for the first; `now` is the node's time.
    """
    if stamp == 0:
        return Oddity('stamp_zero', 'the stamp is zero: the camera does not set it')
    if previous is not None and stamp < previous:
        return Oddity(
            'stamp_back', f'the stamp has gone back by {(previous - stamp) / SECOND:.3f} s: a '
            'bag that begins anew, a simulator that was reset, or two cameras on one topic')
    if stamp == previous:
        return Oddity('stamp_repeated', 'the stamp is that of the picture before')
    if stamp > now + TOLERANCE:
        return Oddity(
            'stamp_future', f"the stamp is {(stamp - now) / SECOND:.3f} s ahead of the node's "
            'clock: check use_sim_time, and that the machines agree about the time')
    return None
