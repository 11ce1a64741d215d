"""The base of all events of a launch."""


class Event:
    """Something that happened."""
