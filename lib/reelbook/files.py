"""Files that are whole or not there at all."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reelbook.errors import ReelbookError


@contextmanager
def replace_when_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; it becomes `path` when the block ends without an error.

    The block makes a file or a folder of that name. After an error, Ctrl-C included, it is removed
    and what stood at `path` before stands there still. A folder that stands there already wins: it
    is what another process made of the same inputs meanwhile.

    Raises:
        ReelbookError: the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        if not (temporary.is_dir() and path.exists()):
            temporary.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise ReelbookError(
                f"No room to write {path}: {error.strerror}. Free some space and run again; "
                "what was finished before is kept."
            ) from error
        raise
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            temporary.unlink(missing_ok=True)


def compute_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
