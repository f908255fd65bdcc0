"""Slots: no more trainings at once than cores, however many notebooks run beside each other.

More would share the cores and push each other out of the caches: a quarter more time for the same
work, and seconds in the records that tell of the neighbours.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

WAIT = 0.05  # seconds at a place before the next one is tried


@contextmanager
def hold_slot(folder: Path, places: int) -> Iterator[None]:
    """Wait until one of the places is free, and hold it; the end of the process frees it, too.

    Args:
        folder: where all who share the places have their lock files; made if missing.
        places: how many may go on at once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for place in itertools.cycle(range(places)):
        try:
            held = FileLock(folder / str(place), fallback_to_soft=False).acquire(timeout=WAIT)
        except Timeout:
            continue
        with held:
            yield
        return
