"""The one exception that a person is meant to read."""


class ReelbookError(Exception):
    """What went wrong, where, and what to do, without a traceback: a line or two, or one a fault."""
