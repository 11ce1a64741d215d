"""What a command cannot do."""


class CommandError(Exception):
    """A command fails; the message says why, in one line."""
