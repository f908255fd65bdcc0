"""The one exception that a person is meant to read."""


class ReelbookError(Exception):
    """What went wrong, where, and what to do about it, in a line or two and without a traceback."""
