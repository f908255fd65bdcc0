"""The one exception that a person is meant to read."""


class ReelbookError(Exception):
    """What went wrong, where, and what to do about it: a line or two, or a line for each fault."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback: the message."""
        return [f"{type(self).__name__}: {self}"]
