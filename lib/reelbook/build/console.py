"""What a build says: a line for each event, and on a terminal what is ahead, kept as the last line.

The steps and the outlook are processes of their own that write to one terminal. So whoever writes a
line first erases the one that the outlook keeps there, and the outlook writes it again.
"""

import shutil
import sys
from typing import TextIO

ERASE = "\r\x1b[K"  # back to the start of the line, and clear it


def tell(text: str, *, console: TextIO | None = None) -> None:
    """Write a line to the console: stderr, where no other is given."""
    console = console or sys.stderr
    print((ERASE if console.isatty() else "") + text, file=console, flush=True)


def keep_last(text: str) -> None:
    """Write the last line of a terminal again, cut to its width, without ending it."""
    width = shutil.get_terminal_size().columns
    print(f"{ERASE}{text[: width - 1]}", end="", file=sys.stderr, flush=True)


def erase_last() -> None:
    """Clear the last line, where it is one of a terminal."""
    if sys.stderr.isatty():
        print(ERASE, end="", file=sys.stderr, flush=True)
