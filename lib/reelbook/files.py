"""Files that are whole or not there at all, and YAML that a person edits."""

import errno
import hashlib
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from reelbook.errors import ReelbookError
from reelbook.paths import format_path


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
    # Two nodes that share a file system may count their processes to the same number.
    temporary = path.with_name(f".{path.name}.{platform.node()}.{os.getpid()}.part")
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


def check_place(path: Path) -> None:
    """Refuse a place in which no file can be made: ReelbookError, before there is one to write."""
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ReelbookError(f"{path} cannot be written: {folder} is no folder that you may change.")


def hash_text(text: str) -> str:
    """SHA-256 of a text, in hexadecimal; of a path also where the shell's is no UTF-8."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def compute_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_yaml(path: Path) -> Any:
    """What a YAML file holds; see `parse_yaml`."""
    try:
        return parse_yaml(path.read_text(encoding="utf-8"), format_path(path))
    except UnicodeDecodeError as error:
        raise ReelbookError(f"{format_path(path)} is not text in UTF-8: {error}.") from None


def parse_yaml(text: str, name: str) -> Any:
    """What a YAML text holds: plain values only.

    Args:
        text: the YAML.
        name: what errors call it.

    Raises:
        ReelbookError: it is not YAML, or a key stands twice in one mapping.
    """
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise ReelbookError(f"{name} is not YAML: {' '.join(str(error).split())}") from None


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML takes the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            line, name = key.start_mark.line + 1, (key.tag, str(key.value))
            if name in lines:
                told = f"'{key.value}' stands twice, in lines {lines[name]} and {line}"
                raise yaml.constructor.ConstructorError(problem=told)
            lines[name] = line
        return super().construct_mapping(node, deep)
