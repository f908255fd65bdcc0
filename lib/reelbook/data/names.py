"""How a data set is named: by a name that the project knows, or by the path of a person's files."""

import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

from reelbook.errors import ReelbookError
from reelbook.paths import PLANS, get_build_dir, get_data_dir

DOCUMENTED = ["ml-100k", "ml-1m", "made-up"]  # with all that the documents' data tell
DATASETS = [*DOCUMENTED, "ml-10m", "ml-20m", "ml-25m", "ml-32m", "ml-latest-small"]
# Folders of build/ that hold other things than the report on a data set.
TAKEN = {
    "data",
    "runs",
    "verify",
    "export",
    "logs",
    "slots",
    "notebooks",
    "compare",
    "recommenders",
}
ENOUGH = 8  # ratings of a user: with fewer there is nothing to train on, validate and test at once
MANY = f"users with {ENOUGH} ratings"
# What a data set may tell beside who rated what (`Dataset.traits`); credits come from elsewhere.
TRAITS = ["stars", "times", "titles", "years", "genres", "people", MANY, "credits"]
MOVIE = re.compile(r"(?<![-\w`])[Mm]ovies?(?![-\w])")
OPTIONS_SUFFIX = ".reelbook.yml"


def find_path(dataset: str) -> Path | None:
    """The files behind a data set of one's own; None for a name that the project knows.

    Args:
        dataset: a name, or a path: something with a slash or a dot in it, or that is there. The
            name of a data set that was prepared from a path stands for that path.

    Raises:
        ReelbookError: no such name and no such path.
    """
    if dataset in DATASETS:
        return None
    if record := _find_record(dataset):
        path = Path(json.loads(record.read_text(encoding="utf-8"))["path"])
    else:
        path = Path(dataset).expanduser().absolute()
    if path.exists():
        return path
    if not record and os.sep not in dataset and "." not in dataset:
        known = ", ".join(DATASETS)
        raise ReelbookError(
            f"Unknown data set {dataset!r}. Give one of {known}, or the path of a file of ratings."
        )
    raise ReelbookError(f"{path}: there is no such file or folder")


def _find_record(dataset: str) -> Path | None:
    """What was noted of a person's data when they were prepared under this name."""
    record = get_data_dir(dataset) / "data.json"
    return record if re.fullmatch(r"[a-z0-9-]+", dataset) and record.is_file() else None


def name_dataset(dataset: str) -> str:
    """The name of a data set, under which its tables and its report lie in the build folder."""
    path = find_path(dataset)
    if path is None:
        return dataset
    if _find_record(dataset):
        return dataset
    stem = path.name.split(".")[0] if path.is_file() else path.name
    name = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-") or "ratings"
    plans = {file.stem for file in PLANS.glob("*.yml")}
    return f"own-{name}" if name in TAKEN | plans or name in DATASETS else name


def list_files(folder: Path) -> list[Path]:
    """The files in and below a folder, in order, without what this project writes there."""
    build = get_build_dir().resolve()
    files = (file for file in folder.rglob("*") if file.is_file())
    return sorted(file for file in files if build not in file.resolve().parents)


def stamp_files(path: Path) -> str:
    """What changes when a file of a data set of one's own does: names, sizes, times, options."""
    options = get_options_path(path)
    digest = hashlib.sha256(options.read_bytes() if options.is_file() else b"")
    files = list_files(path) if path.is_dir() else [path] * path.is_file()
    for file in files:
        status = file.stat()
        digest.update(f"{file} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def word_items(text: str, noun: str, titles: Iterable[str] = ()) -> str:
    """A text on movies in the word for these items; names such as `cold-movies` stay.

    Args:
        text: on movies.
        noun: see `Dataset.noun`.
        titles: those that may stand in the text, and stay as they are.
    """
    kept = sorted({title for title in titles if MOVIE.search(title)}, key=len, reverse=True)
    if kept:
        parts = re.split(f"({'|'.join(map(re.escape, kept))})", text)
        return "".join(
            part if place % 2 else word_items(part, noun) for place, part in enumerate(parts)
        )
    one = noun.removesuffix("s")
    if noun != "movies" and one[0] in "aeiou":
        text = re.sub(r"\b([Aa])(?= movie(?![-\w]))", r"\1n", text)

    def put(found: re.Match[str]) -> str:
        word = noun if found[0].endswith("s") else one
        return word.capitalize() if found[0][0] == "M" else word

    return MOVIE.sub(put, text)


def get_options_path(path: Path) -> Path:
    """Where the options of a data set of one's own are kept: beside it."""
    return path.with_name(path.name + OPTIONS_SUFFIX)


def count(number: int, noun: str) -> str:
    """A number with its noun, in the plural where it is not one: "1 user", "1,204 users"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
