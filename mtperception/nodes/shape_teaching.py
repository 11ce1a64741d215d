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

"""Services by which a running detector is taught shapes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
import threading
from typing import Any, cast, TYPE_CHECKING, TypeVar

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from mtperception.nodes.transitions import reason

if TYPE_CHECKING:
    from mtperception.grasp.predictor import Image
    from mtperception.grasp.shapes.taught import Lesson, TaughtShapes

T = TypeVar('T')
PATIENCE = 5.0  # seconds that a lesson waits for a picture
NO_LABEL = 'which shape? Set the parameter teach.label first'


class ShapeTeaching:
    """
    Offer `~/teach`, `~/forget` and `~/shapes` for the shapes that a node tells.

    `~/teach` takes the next picture that `look` is given as one of the shape that `label()`
    names. Lessons are learned on a thread of their own: pictures are looked at meanwhile, with
    the shapes known before, and other services answer. `changed(names)` is called with the names
    of all shapes, before a new one is told and after one has been forgotten.
    """

    def __init__(
        self, node: Node, shapes: 'TaughtShapes', label: Callable[[], str],
        active: Callable[[], bool], changed: Callable[[list[str]], None],
    ) -> None:
        self._node = node
        self._shapes = shapes
        self._label = label
        self._active = active
        self._changed = changed
        self._closed = False
        self._lock = threading.Lock()
        self._wanted: Future[Any] | None = None
        self._learning = ThreadPoolExecutor(1, 'lessons')
        # One lesson at a time; the node's other callbacks are of another group, and go on.
        lessons = MutuallyExclusiveCallbackGroup()
        self._services = [
            node.create_service(Trigger, '~/teach', self._teach, callback_group=lessons),
            node.create_service(Trigger, '~/forget', self._forget, callback_group=lessons),
            node.create_service(Trigger, '~/shapes', self._list)]

    def names(self) -> list[str]:
        """Return the names of the shapes, in the order in which they were first taught."""
        index = self._shapes.index()
        return list(index.shapes) if index else []

    def look(self, image: 'Image | None') -> None:
        """Give the picture to the lesson that waits for one; None ends its waiting."""
        with self._lock:
            wanted, self._wanted = self._wanted, None
        if wanted is not None:
            wanted.set_result(image)

    def close(self) -> None:
        """Offer the services no more; a lesson that is being learned is finished."""
        self._closed = True
        self.look(None)
        for service in self._services:
            self._node.destroy_service(service)
        self._learning.shutdown(wait=False)

    async def _teach(
        self, request: Trigger.Request, response: Trigger.Response,
    ) -> Trigger.Response:
        label = self._label()
        if not label:
            return _answer(response, False, NO_LABEL)
        if not self._active():
            return _answer(response, False, 'the node is not active, so no picture comes')
        image = await self._next_picture()
        if image is None:
            return _answer(response, False, f'no picture came within {PATIENCE:.0f} s')
        known: list[str] | None = None
        try:
            known = self.names()
            if label not in known:
                self._tell([*known, label])
            lesson = await self._learned(lambda: self._shapes.teach(label, [image]))
            self._tell(self.names())  # another process may have taught more
        except Exception as error:
            if known is not None:
                self._tell(known)
            return _answer(response, False, reason(error))
        return _answer(response, True, told(lesson))

    async def _forget(
        self, request: Trigger.Request, response: Trigger.Response,
    ) -> Trigger.Response:
        label = self._label()
        if not label:
            return _answer(response, False, NO_LABEL)
        try:
            await self._learned(lambda: self._shapes.forget(label))
            self._tell(self.names())
        except Exception as error:
            return _answer(response, False, reason(error))
        return _answer(response, True, f'{label} is forgotten')

    def _list(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            index = self._shapes.index()
        except ValueError as error:
            return _answer(response, False, reason(error))
        shapes = index.shapes if index else {}
        return _answer(response, True, ', '.join(
            f'{name} ({len(shape.pictures)} pictures, {shape.examples} examples)'
            for name, shape in shapes.items()) or 'no shape has been taught')

    def _tell(self, names: list[str]) -> None:
        if not self._closed:
            self._changed(names)

    async def _next_picture(self) -> 'Image | None':
        picture: Future[Image | None] = Future(executor=self._node.executor)
        with self._lock:
            self._wanted = picture
        timer = self._node.create_timer(
            PATIENCE, lambda: self.look(None), clock=Clock(clock_type=ClockType.STEADY_TIME))
        try:
            return await picture
        finally:
            self._node.destroy_timer(timer)

    async def _learned(self, work: Callable[[], T]) -> T:
        result: Future[T] = Future(executor=self._node.executor)

        def run() -> None:
            try:
                result.set_result(work())
            except Exception as error:
                result.set_exception(error)

        self._learning.submit(run)
        return cast('T', await result)


def told(lesson: 'Lesson') -> str:
    """Say what a lesson has brought, and what is advised."""
    text = f'{lesson.name}: {lesson.examples} examples, {lesson.pictures_known} pictures so far'
    if lesson.pictures_advised:
        text += f'; {lesson.pictures_advised} more are advised'
    if lesson.accuracy is not None:
        text += f'; of pictures held out, {100 * lesson.accuracy:.0f} % are told right'
    return text


def _answer(response: Trigger.Response, success: bool, message: str) -> Any:
    response.success, response.message = success, message
    return response
