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
"""The tree of frames, and how to come from one of them to another."""

from __future__ import annotations

from collections.abc import Callable
import math
import threading
from typing import Any, TypeVar

from builtin_interfaces.msg import Time as TimeMessage
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
import numpy as np
from rclpy.duration import Duration
from rclpy.logging import get_logger
from rclpy.time import Time
from std_msgs.msg import Header
from tf2_py.exceptions import (
    ConnectivityException,
    ExtrapolationException,
    InvalidArgumentException,
    LookupException,
    TransformException,
)
from tf2_py.frame_cache import LATEST, Placement, seconds, StaticCache, TimeCache
from tf2_py.rigid_transform import compose, IDENTITY, invert, RigidTransform

_DEFAULT_LENGTH = Duration(seconds=10)
_SHORTEST_SPAN = 100_000  # nanoseconds; below it a rate says nothing
_NORM_TOLERANCE = 0.01
_SECONDS_BETWEEN_WARNINGS = 2.0

_logger = get_logger('tf2')
_Value = TypeVar('_Value')


class BufferCore:
    """
    The frames that are known, with the transforms of the last seconds.

    Lookups return the transform that takes points of the source frame to the target frame. A
    time of zero asks for the latest time at which all of the way between them is known; other
    times are interpolated. Times are rclpy's `Time` or builtin_interfaces/Time. All methods may
    be called from any thread.
    """

    def __init__(self, cache_time: Duration = _DEFAULT_LENGTH) -> None:
        self._length = cache_time.nanoseconds
        self._lock = threading.RLock()
        self._caches: dict[str, TimeCache | StaticCache] = {}
        self._frames: set[str] = set()
        self._authorities: dict[str, str] = {}

    def set_transform(self, transform: Any, authority: str) -> None:
        """Add a transform of a frame that moves; one that cannot be is logged and left out."""
        self._insert(transform, authority, static=False)

    def set_transform_static(self, transform: Any, authority: str) -> None:
        """Add a transform that holds at any time; one that cannot be is logged and left out."""
        self._insert(transform, authority, static=True)

    def _insert(self, message: Any, authority: str, *, static: bool) -> None:
        parent = message.header.frame_id.removeprefix('/')
        child = message.child_frame_id.removeprefix('/')
        transform = _from_message(message.transform)
        reason = _reason_to_refuse(parent, child, transform)
        if reason is not None:
            _logger.error(
                f"ignored a transform from '{child}' to '{parent}' by {authority}: {reason}")
            return
        rotation = transform.rotation / np.linalg.norm(transform.rotation)
        placement = Placement(parent, RigidTransform(rotation, transform.translation))
        time = nanoseconds(message.header.stamp)
        with self._lock:
            cache = self._caches.get(child)
            if cache is None or cache.is_static != static:
                cache = StaticCache() if static else TimeCache(child, self._length)
            if not cache.insert(time, placement):
                _logger.warning(
                    f"ignored a transform from '{child}' to '{parent}' by {authority}: its time "
                    f'{seconds(time)} is further back than the buffer reaches',
                    throttle_duration_sec=_SECONDS_BETWEEN_WARNINGS)
                return
            self._caches[child] = cache
            self._frames.update((parent, child))
            self._authorities[child] = authority

    def clear(self) -> None:
        """Forget the transforms of frames that move."""
        with self._lock:
            for cache in self._caches.values():
                cache.clear()

    def lookup_transform_core(self, target_frame: str, source_frame: str, time: Any) -> Any:
        """Return the geometry_msgs/TransformStamped at a time, without waiting for it."""
        with self._lock:
            found, at = self._lookup(target_frame, source_frame, nanoseconds(time))
        return _stamped(found, at, target_frame, source_frame)

    def lookup_transform_full_core(
        self, target_frame: str, target_time: Any, source_frame: str, source_time: Any,
        fixed_frame: str,
    ) -> Any:
        """Return the transform between two times, taking `fixed_frame` as what did not move."""
        with self._lock:
            self._check_frames(target_frame, source_frame, fixed_frame)
            inner, _ = self._lookup(fixed_frame, source_frame, nanoseconds(source_time))
            outer, at = self._lookup(target_frame, fixed_frame, nanoseconds(target_time))
        return _stamped(compose(outer, inner), at, target_frame, source_frame)

    def can_transform_core(
        self, target_frame: str, source_frame: str, time: Any
    ) -> tuple[bool, str]:
        """Tell whether a lookup would succeed now, and if not, why."""
        return _tried(lambda: self.lookup_transform_core(target_frame, source_frame, time))

    def can_transform_full_core(
        self, target_frame: str, target_time: Any, source_frame: str, source_time: Any,
        fixed_frame: str,
    ) -> tuple[bool, str]:
        """Tell whether a lookup between two times would succeed now, and if not, why."""
        return _tried(lambda: self.lookup_transform_full_core(
            target_frame, target_time, source_frame, source_time, fixed_frame))

    def get_latest_common_time(self, target_frame: str, source_frame: str) -> Time:
        """Return the latest time at which the way between two frames is known; zero: any."""
        with self._lock:
            self._check_frames(target_frame, source_frame)
            return Time(nanoseconds=self._latest_common_time(target_frame, source_frame))

    def all_frames_as_string(self) -> str:
        """Return a line for each frame that has a parent."""
        with self._lock:
            return ''.join(
                f'Frame {frame} exists with parent {cache.latest()[1] or "NO_PARENT"}.\n'
                for frame, cache in self._caches.items())

    def all_frames_as_yaml(self) -> str:
        """Return parent, broadcaster, rate and times of each frame that has a parent."""
        with self._lock:
            entries = [self._yaml_entry(frame) for frame in self._caches]
        return ''.join(entries) or '[]'

    def _yaml_entry(self, frame: str) -> str:
        cache = self._caches[frame]
        latest, parent = cache.latest()
        if parent is None:
            return ''
        span = latest - cache.oldest_time()
        return (
            f'{frame}: \n'
            f"  parent: '{parent}'\n"
            f"  broadcaster: '{self._authorities[frame]}'\n"
            f'  rate: {len(cache) * 1e9 / max(span, _SHORTEST_SPAN):.3f}\n'
            f'  most_recent_transform: {seconds(latest)}\n'
            f'  oldest_transform: {seconds(cache.oldest_time())}\n'
            f'  buffer_length: {span * 1e-9:.3f}\n')

    def _lookup(self, target: str, source: str, time: int) -> tuple[RigidTransform, int]:
        """Return the transform from the source to the target frame, and its time."""
        if target == source:  # true of a frame that nobody knows, too
            if time == LATEST and target in self._caches:
                time = self._caches[target].latest()[0]
            return IDENTITY, time
        self._check_frames(target, source)
        if time == LATEST:
            time = self._latest_common_time(target, source)

        def climb(frame: str, so_far: RigidTransform) -> tuple[str, RigidTransform] | None:
            if frame not in self._caches:
                return None
            placement = self._caches[frame].at(time)
            return placement.parent, compose(placement.transform, so_far)

        try:
            target_up, source_up = self._meet(target, source, IDENTITY, climb)
        except ExtrapolationException as error:
            raise ExtrapolationException(
                f"{error} (on the way from '{source}' to '{target}')") from None
        return compose(invert(target_up), source_up), time

    def _latest_common_time(self, target: str, source: str) -> int:
        def climb(frame: str, so_far: float) -> tuple[str, float] | None:
            cache = self._caches.get(frame)
            if cache is None:
                return None
            time, parent = cache.latest()
            if parent is None:
                return None
            return parent, so_far if time == LATEST else min(so_far, time)

        if target == source:
            cache = self._caches.get(target)
            return LATEST if cache is None else cache.latest()[0]
        time = min(self._meet(target, source, math.inf, climb))
        return LATEST if math.isinf(time) else int(time)

    def _meet(
        self, target: str, source: str, start: _Value,
        climb: Callable[[str, _Value], tuple[str, _Value] | None],
    ) -> tuple[_Value, _Value]:
        """
        Climb from both frames to the nearest one that is above both.

        `climb` returns a frame's parent and what has been gathered up to it, None at a root.
        Returns what was gathered from the target and from the source.
        """
        gathered = {source: start}
        frame, failure = source, None
        while frame != target:
            try:
                above = climb(frame, gathered[frame])
            except ExtrapolationException as error:
                failure = error  # the frames may still meet below
                break
            if above is None:
                break
            frame, value = above
            if frame in gathered:
                raise _loop(frame)
            gathered[frame] = value
        passed = set()
        frame, value = target, start
        while frame not in gathered:
            passed.add(frame)
            above = climb(frame, value)
            if above is None:
                raise failure or ConnectivityException(
                    f"no chain of transforms connects '{source}' with '{target}': they belong to "
                    'different trees')
            frame, value = above
            if frame in passed:
                raise _loop(frame)
        return value, gathered[frame]

    def _check_frames(self, *frames: str) -> None:
        for frame in frames:
            if not frame:
                raise InvalidArgumentException("a frame's name must not be empty")
            if frame.startswith('/'):
                raise InvalidArgumentException(
                    f"'{frame}': a frame's name must not begin with a slash")
            if frame not in self._frames:
                raise LookupException(f"frame '{frame}' does not exist")


def nanoseconds(time: Any) -> int:
    """Return rclpy's `Time` or a builtin_interfaces/Time in nanoseconds."""
    if isinstance(time, TimeMessage):
        return int(time.sec) * 10**9 + int(time.nanosec)
    return int(time.nanoseconds)


def _loop(frame: str) -> LookupException:
    return LookupException(f"frame '{frame}' is an ancestor of itself: the frames form a loop")


def _reason_to_refuse(parent: str, child: str, transform: RigidTransform) -> str | None:
    if not parent or not child:
        return 'header.frame_id and child_frame_id must not be empty'
    if parent == child:
        return 'a frame cannot be its own parent'
    if not (np.isfinite(transform.rotation).all() and np.isfinite(transform.translation).all()):
        return 'not all of its numbers are finite'
    square = float(np.dot(transform.rotation, transform.rotation))
    if abs(square - 1.0) >= _NORM_TOLERANCE:
        return f'its quaternion has the length {math.sqrt(square):.3g} instead of 1'
    return None


def _tried(lookup: Callable[[], object]) -> tuple[bool, str]:
    try:
        lookup()
    except TransformException as error:
        return False, str(error)
    return True, ''


def _from_message(message: Any) -> RigidTransform:
    rotation, translation = message.rotation, message.translation
    return RigidTransform(
        np.array([rotation.x, rotation.y, rotation.z, rotation.w]),
        np.array([translation.x, translation.y, translation.z]))


def _stamped(transform: RigidTransform, time: int, target: str, source: str) -> Any:
    sec, nanosec = divmod(time, 10**9)
    x, y, z = transform.translation.tolist()
    i, j, k, w = transform.rotation.tolist()
    return TransformStamped(
        header=Header(stamp=TimeMessage(sec=sec, nanosec=nanosec), frame_id=target),
        child_frame_id=source,
        transform=Transform(
            translation=Vector3(x=x, y=y, z=z), rotation=Quaternion(x=i, y=j, z=k, w=w)))
