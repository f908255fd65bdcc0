"""Slots: no more trainings at once than cores, however many notebooks run beside each other.

More would share the cores and push each other out of the caches: a quarter more time for the same
work, and seconds in the records that tell of the neighbours.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WAIT = 0.1  # seconds between two looks


@contextmanager
def hold_slot(folder: Path, places: int) -> Iterator[None]:
    """Wait until one of the places is free, and hold it; the end of the process frees it, too.

    Args:
        folder: where all who share the places have their lock files; made if missing.
        places: how many may go on at once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        for number in range(places):
            with (folder / str(number)).open("w") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                yield
                return
        time.sleep(WAIT)
