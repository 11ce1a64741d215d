"""Events of a launch."""

from launch.event import Event
from launch.events import process

__all__ = ['Shutdown', 'process']


class Shutdown(Event):
    """The launch ends."""

    def __init__(self, *, reason: str = 'reason not given', due_to_sigint: bool = False) -> None:
        self.reason = reason
        self.due_to_sigint = due_to_sigint
