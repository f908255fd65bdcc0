"""Where the files of a data set come from: a person's folder, GroupLens' archive, a wheel on PyPI.

The sources are tried in that order. Each gives the bytes of the files of one known layout, so that
parsing neither knows nor cares where they came from.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from reelbook.data.layouts import (
    DATASET_LAYOUTS,
    LAYOUTS,
    find_look,
    open_in,
    read_folder,
    read_zip,
)
from reelbook.errors import ReelbookError
from reelbook.files import replace_when_whole
from reelbook.paths import get_build_dir

ARCHIVE_URL = "https://files.grouplens.org/datasets/movielens/{dataset}.zip"
# SHA-256, but for the two of which GroupLens publishes an MD5 alone.
ARCHIVE_CHECKSUMS = {
    "ml-100k": "50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229",
    "ml-1m": "a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20",
    "ml-10m": "813c411ccb6122564edfe752e7f80c4dcc5aa25fa94c93622f6877a7ba252862",
    "ml-20m": "96f243c338a8665f6bcc89c53edf6ee39162a846940de6b7c8c48aeada765ff3",
    "ml-25m": "md5:6b51fb2759a8657d3bfcbfc42b592ada",
    "ml-32m": "md5:d472be332d4daa821edc399621853b57",
    "ml-latest-small": "696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436",
}
ARCHIVE_BYTES = {  # of the large ones, to tell before they are fetched
    "ml-10m": 65_566_137, "ml-20m": 198_702_078, "ml-25m": 261_978_986, "ml-32m": 238_950_008,
}  # fmt: skip
WHEEL_REQUIREMENT = "recbole==1.2.1"
WHEEL_NAME = "recbole-1.2.1-py3-none-any.whl"
WHEEL_SHA256 = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"

TIMEOUT = 30  # seconds without an answer
RETRIES = 2  # of a download that broke off


@dataclass(frozen=True)
class SourceFiles:
    """The files of one layout, and where they came from.

    Attributes:
        layout: a key of LAYOUTS.
        files: contents by file name.
        description: the source for a person to read; no path, so that pages do not depend on it.
        verified: whether the files come out of the publisher's own archive, by its checksum.
    """

    layout: str
    files: dict[str, bytes]
    description: str
    verified: bool

    @property
    def sha256(self) -> str:
        """SHA-256 over the names and contents of the files."""
        digest = hashlib.sha256()
        for name, content in sorted(self.files.items()):
            digest.update(f"{name} {len(content)}\n".encode() + content)
        return digest.hexdigest()


def find_source(dataset: str, *, progress: bool = True) -> SourceFiles:
    """The files of a data set from the first source that has them.

    Raises:
        ReelbookError: REELBOOK_DATA names something that cannot be used, or every source failed;
            the message then says what was tried, why each failed and what to do.
    """
    if named := find_named(dataset):
        return named
    failures = ["REELBOOK_DATA: not set"]
    for read in [_read_grouplens, _read_wheel] if dataset == "ml-100k" else [_read_grouplens]:
        try:
            return read(dataset, progress)
        except ReelbookError as error:
            failures.append(str(error))
    raise ReelbookError(
        f"no source has {dataset}:\n"
        + "".join(f"  - {failure}\n" for failure in failures)
        + f"Download {ARCHIVE_URL.format(dataset=dataset)} by other means and set REELBOOK_DATA "
        "to the zip or to its unpacked folder."
    )


def find_named(dataset: str) -> SourceFiles | None:
    """The files of a data set in the folder or zip that REELBOOK_DATA names; None if it is not set.

    Raises:
        ReelbookError: it names something that is not there, or that does not hold the data set.
    """
    if not (named := os.environ.get("REELBOOK_DATA")):
        return None
    path = Path(named).expanduser()
    layouts = DATASET_LAYOUTS[dataset]
    try:
        if not path.is_file():
            layout, files = read_folder(path, dataset)
            description = f"{_name_owner(layout)} files in the folder that REELBOOK_DATA names"
            return SourceFiles(layout, files, description, False)
        if not zipfile.is_zipfile(path):
            if any(path.name.lower() in LAYOUTS[layout] for layout in layouts):
                raise ReelbookError("a file alone; name the folder that holds it")
            if look := find_look([path.name], open_in(path.parent), path):
                raise ReelbookError(f"a file alone{look}")
        layout, files = read_zip(path, layouts)
        verified = _has_checksum(path, ARCHIVE_CHECKSUMS[dataset])
        kind = "GroupLens' archive" if verified else f"{_name_owner(layout)} files in the zip"
        return SourceFiles(layout, files, f"{kind} that REELBOOK_DATA names", verified)
    except (ReelbookError, OSError) as error:
        told = getattr(error, "strerror", None) or error
        raise ReelbookError(f"REELBOOK_DATA={named}: {told}; correct or unset it") from None


def fetch_wheel(*, progress: bool = True) -> Path:
    """Path of the recbole wheel, fetched with pip unless it already lies in the build folder.

    Raises:
        ReelbookError: pip failed, took too long, or gave another file than the pinned one.
    """
    path = get_downloads_dir() / WHEEL_NAME
    if _has_checksum(path, WHEEL_SHA256):
        return path
    if progress:
        print(f"fetching {WHEEL_REQUIREMENT} (2 MB) with pip", file=sys.stderr)
    task = f"pip download {WHEEL_REQUIREMENT}"
    with replace_when_whole(path) as temporary, tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", *task.split(), f"--dest={folder}", "--quiet", "--no-deps",
            "--only-binary=:all:", "--disable-pip-version-check", "--no-input", "--retries=1",
            f"--timeout={TIMEOUT}",
        ]  # fmt: skip
        limit = 10 * TIMEOUT
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=limit)
        except subprocess.TimeoutExpired:
            raise ReelbookError(f"{task}: no answer in {limit} s") from None
        fetched = Path(folder) / WHEEL_NAME
        if done.returncode != 0 or not fetched.exists():
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            reason = errors[-1] if errors else f"pip ended with code {done.returncode}"
            raise ReelbookError(f"{task}: {reason}")
        if not _has_checksum(fetched, WHEEL_SHA256):
            raise ReelbookError(f"{task}: its SHA-256 is not the expected one; refused")
        shutil.copyfile(fetched, temporary)
    return path


def download(url: str, path: Path, checksum: str, *, progress: bool = True) -> None:
    """Download a file whole or not at all, unless it lies there already.

    Args:
        url: of the file.
        path: where it goes.
        checksum: its SHA-256, or `md5:` and its MD5.
        progress: whether to show a bar.

    Raises:
        ReelbookError: no answer, a download that broke off each time, or another checksum.
    """
    import pooch  # here: in a notebook its tqdm warns of missing widgets, and few ever download

    pooch.get_logger().setLevel("INFO" if progress else "WARNING")
    folder = pooch.create(
        path.parent, "", registry={path.name: checksum}, urls={path.name: url},
        retry_if_failed=RETRIES,
    )  # fmt: skip
    try:
        folder.fetch(path.name, downloader=pooch.HTTPDownloader(progress, timeout=TIMEOUT))
    except OSError as error:  # also each error of the network
        cause: BaseException = error
        while cause.__context__:  # the first of a chain has the plainest words
            cause = cause.__context__
        raise ReelbookError(f"{url}: {cause}") from None
    except ValueError:
        kind = "MD5" if checksum.startswith("md5:") else "SHA-256"
        raise ReelbookError(f"{url}: its {kind} is not the expected one; refused") from None


def get_downloads_dir() -> Path:
    """Folder in which fetched archives stay, so that a data set is fetched once."""
    return get_build_dir() / "data" / "downloads"


def _read_grouplens(dataset: str, progress: bool) -> SourceFiles:
    path = get_downloads_dir() / f"{dataset}.zip"
    url = ARCHIVE_URL.format(dataset=dataset)
    size = ARCHIVE_BYTES.get(dataset)
    if progress and size and not path.exists():
        print(f"fetching {url} ({size / 1e6:.0f} MB)", file=sys.stderr)
    download(url, path, ARCHIVE_CHECKSUMS[dataset], progress=progress)
    layout, files = read_zip(path, DATASET_LAYOUTS[dataset])
    return SourceFiles(layout, files, f"GroupLens' archive {dataset}.zip", True)


def _read_wheel(dataset: str, progress: bool) -> SourceFiles:
    layout, files = read_zip(fetch_wheel(progress=progress), ["recbole-100k"])
    return SourceFiles(layout, files, f"the wheel of {WHEEL_REQUIREMENT} on PyPI", False)


def _name_owner(layout: str) -> str:
    return "recbole's" if layout.startswith("recbole") else "GroupLens'"


def _has_checksum(path: Path, checksum: str) -> bool:
    if not path.exists():
        return False
    kind, _, digest = checksum.rpartition(":")
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind or "sha256").hexdigest() == digest
