"""What a person names, a file, a folder or a zip, as files that can be read one by one."""

import gzip
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from reelbook.data.names import list_files
from reelbook.errors import ReelbookError

TABLES = {
    ".csv", ".tsv", ".txt", ".dat", ".data", ".item", ".inter", ".user", ".parquet", ".jsonl",
    ".ndjson", ".json",
}  # fmt: skip
HEAD = 1 << 18  # bytes of a file that say what is in it


class Entry(NamedTuple):
    """A file that may hold a table: its name, and what reads it (all of it, or its head)."""

    name: str
    read: Callable[[int], bytes]


def cut_head(head: bytes) -> bytes:
    """The whole lines of the head of a file; Parquet and short files as they are."""
    return head if len(head) < HEAD or head.startswith(b"PAR1") else head[: head.rfind(b"\n")]


def list_entries(path: Path) -> list[Entry]:
    """The files of a folder, of a zip, or the one file; gzip is undone as they are read.

    Raises:
        ReelbookError: nothing is there, or nothing that may be a table.
    """
    if path.is_dir():
        files = [file for file in list_files(path) if file.name[0] != "."]
        entries = [_make_entry(file.relative_to(path).as_posix(), file) for file in files[:500]]
    elif path.is_file() and zipfile.is_zipfile(path):
        entries = _list_zipped(path)
    elif path.is_file():
        return [_make_entry(path.name, path)]
    else:
        raise ReelbookError(f"{path}: there is no such file or folder")
    tables = [entry for entry in entries if PurePosixPath(entry.name).suffix.lower() in TABLES]
    if not tables:
        there = ", ".join(entry.name for entry in entries[:5]) or "nothing"
        raise ReelbookError(f"{path} holds no table, but {there}")
    return tables


def _make_entry(name: str, file: Path) -> Entry:
    def read(size: int) -> bytes:
        opener = gzip.open if file.suffix == ".gz" else Path.open
        try:
            with opener(file, "rb") as stream:
                return stream.read(size)
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise ReelbookError(f"{file}: not a readable gzip file ({error})") from None

    return Entry(name.removesuffix(".gz"), read)


def _list_zipped(path: Path) -> list[Entry]:
    def make_reader(name: str) -> Callable[[int], bytes]:
        def read(size: int) -> bytes:
            try:
                with zipfile.ZipFile(path) as archive, archive.open(name) as stream:
                    content = stream.read(size)
                return gzip.decompress(content) if name.endswith(".gz") else content
            except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
                raise ReelbookError(f"{path}: not a readable zip ({error})") from None

        return read

    # Nothing is unpacked to the disk, so that no member can climb out of the archive.
    with zipfile.ZipFile(path) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
    shown = [name for name in names if not name.startswith("__MACOSX/")]
    return [Entry(name.removesuffix(".gz"), make_reader(name)) for name in shown[:500]]
