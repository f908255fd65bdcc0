"""The canonical tables of a data set: written once as Parquet, checked on every load.

`build/data/<dataset>/` holds ratings.parquet, users.parquet, movies.parquet and data.json. The last
one names the source, the fingerprint of the contents and the checksum of each file; it is what
makes the folder complete.
"""

import fcntl
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.errors
import pandera.pandas as pa

from reelbook.data import credits, parsing, sources, synthetic
from reelbook.data.parsing import Tables
from reelbook.data.tables import MOVIES_SCHEMA, RATINGS_SCHEMA, USERS_SCHEMA, Dataset
from reelbook.errors import ReelbookError
from reelbook.files import compute_sha256, replace_when_whole
from reelbook.paths import get_data_dir
from reelbook.provenance import hash_code

DATASETS = ["ml-100k", "ml-1m", "made-up"]
SCHEMAS = {"ratings": RATINGS_SCHEMA, "users": USERS_SCHEMA, "movies": MOVIES_SCHEMA}

# How many ratings, users and movies the publisher's data sets have.
PUBLISHED_COUNTS = {
    "ml-100k": {"ratings": 100_000, "users": 943, "movies": 1_682},
    "ml-1m": {"ratings": 1_000_209, "users": 6_040, "movies": 3_883},
}
# The fingerprint of the publisher's contents, where it was computed from them.
PUBLISHED_SHA256 = {
    "ml-100k": "fa2a631f9f35454e7e546bc6811aaeed97cc75129ef4d7f0812c61ffe663a4f9",
}


def load(dataset: str) -> Dataset:
    """The checked canonical tables of a data set, prepared first where they are missing.

    Tables that another version of the parsers wrote count as missing.

    Args:
        dataset: a name in DATASETS.

    Raises:
        ReelbookError: an unknown name, no source at hand, or files that were altered since.
    """
    _check_name(dataset)
    folder = get_data_dir(dataset)
    if (
        not (folder / "data.json").exists()
        or _is_outdated(_read_record(folder))
        or not credits.is_prepared(folder)
    ):
        prepare(dataset)
    record = _read_record(folder)
    tables = {name: _read_table(folder, name, record) for name in SCHEMAS}
    return Dataset(
        name=dataset,
        **tables,
        sha256=record["sha256"],
        source=record["source"],
        note=record["note"],
        credits=credits.load(folder),
    )


def prepare(dataset: str, *, progress: bool = True) -> Path:
    """Write the canonical tables of a data set from the first source that has it.

    Tables that are there and whole are left alone, unless REELBOOK_DATA names other files than they
    were made of; altered ones are written anew. Each file appears
    whole or not at all, data.json last, and of two processes the second waits for the first.

    Returns:
        The folder of the tables.

    Raises:
        ReelbookError: an unknown name, no usable source, a fault in its files, or a full disk.
    """
    _check_name(dataset)
    folder = get_data_dir(dataset)
    with _lock(folder):
        if not _is_whole(folder) or _is_replaced(folder, dataset):
            _write(folder, dataset, *_parse_source(dataset, progress=progress))
        record = _read_record(folder)
        movies = _read_table(folder, "movies", record)
        credits.prepare(folder, dataset, note=record["note"], movies=movies)
    return folder


def compute_fingerprint(tables: Tables) -> str:
    """SHA-256 over the contents of the tables, whatever wrote them: columns, types, values, order.

    Numbers count as their little-endian bytes; texts, years and genres, where a value may be
    missing, as JSON.
    """
    digest = hashlib.sha256()
    for name, table in vars(tables).items():
        for column, values in table.items():
            if isinstance(values.dtype, np.dtype) and values.dtype.kind in "if":
                content = values.to_numpy().astype(values.dtype.newbyteorder("<")).tobytes()
            else:
                plain = values.astype(object).where(values.notna(), None)
                content = json.dumps(plain.tolist()).encode()
            digest.update(f"{name}.{column} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()


def describe_difference(dataset: str, tables: Tables, *, verified: bool = False) -> str:
    """What sets the tables apart from the publisher's data set; empty if nothing does.

    Args:
        dataset: the name under which the tables go.
        tables: the canonical tables.
        verified: whether they come out of the publisher's archive, by its checksum.
    """
    if dataset == "made-up":
        return synthetic.NOTE
    if verified or compute_fingerprint(tables) == PUBLISHED_SHA256.get(dataset):
        return ""
    counts = {name: len(table) for name, table in vars(tables).items()}
    published = PUBLISHED_COUNTS[dataset]
    differences = [
        f"{counts[name]:,} of the {published[name]:,} {name}"
        if counts[name] < published[name]
        else f"{counts[name]:,} {name} where the publisher has {published[name]:,}"
        for name in counts
        if counts[name] != published[name]
    ]
    if differences:
        return f"{' and '.join(differences)} of {dataset}"
    if dataset in PUBLISHED_SHA256:
        return f"as many rows as {dataset}, but not the publisher's contents"
    return f"as many rows as {dataset}; only the publisher's archive would prove the contents"


def _check_name(dataset: str) -> None:
    if dataset not in DATASETS:
        raise ReelbookError(f"Unknown data set {dataset!r}. Known are {', '.join(DATASETS)}.")


def _parse_source(dataset: str, *, progress: bool) -> tuple[Tables, sources.SourceFiles]:
    if dataset == "made-up":
        found = sources.SourceFiles("made-up", {}, synthetic.SOURCE, verified=False)
        return synthetic.make_tables(), found
    found = sources.find_source(dataset, progress=progress)
    try:
        return parsing.parse(found.layout, found.files), found
    except ReelbookError as error:
        raise ReelbookError(f"{dataset} from {found.description}: {error}") from None


def _write(folder: Path, dataset: str, tables: Tables, found: sources.SourceFiles) -> None:
    # Without data.json the folder does not count: first away with the old, last in with the new.
    (folder / "data.json").unlink(missing_ok=True)
    files = {}
    for name, table in vars(tables).items():
        _check_schema(name, table, found.description)
        path = folder / f"{name}.parquet"
        with replace_when_whole(path) as temporary:
            table.to_parquet(temporary, index=False)
        files[path.name] = compute_sha256(path)
    record = {
        "dataset": dataset,
        "source": found.description,
        "source_sha256": found.sha256,
        "note": describe_difference(dataset, tables, verified=found.verified),
        "sha256": compute_fingerprint(tables),
        "counts": {name: len(table) for name, table in vars(tables).items()},
        "files": files,
        "code": _hash_parsers(),
    }
    with replace_when_whole(folder / "data.json") as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n")


def _read_table(folder: Path, name: str, record: dict[str, Any]) -> pd.DataFrame:
    path = folder / f"{name}.parquet"
    if not path.exists() or compute_sha256(path) != record["files"][path.name]:
        state = "was altered or cut off" if path.exists() else "is missing"
        raise _make_damage_error(path, state)
    table = pd.read_parquet(path)
    if name == "movies":  # Parquet gives arrays back
        table["genres"] = pd.Series([list(genres) for genres in table["genres"]], dtype=object)
    _check_schema(name, table, str(path))
    return table


def _read_record(folder: Path) -> dict[str, Any]:
    path = folder / "data.json"
    try:
        record = json.loads(path.read_text())
        if {"sha256", "source", "source_sha256", "note", "files", "code"} <= record.keys():
            return record
    except (OSError, ValueError, AttributeError):
        pass
    raise _make_damage_error(path, "was altered or cut off")


def _make_damage_error(path: Path, state: str) -> ReelbookError:
    return ReelbookError(
        f"{path} {state}. Delete the folder {path.parent} and run again: it is then written anew."
    )


def _is_whole(folder: Path) -> bool:
    if not (folder / "data.json").exists():
        return False
    try:
        record = _read_record(folder)
        for name in SCHEMAS:
            _read_table(folder, name, record)
    except ReelbookError:
        return False
    return not _is_outdated(record)


def _is_replaced(folder: Path, dataset: str) -> bool:
    """Whether REELBOOK_DATA names other files than the tables were made of."""
    named = sources.find_named(dataset) if dataset != "made-up" else None
    return named is not None and named.sha256 != _read_record(folder)["source_sha256"]


def _is_outdated(record: dict[str, Any]) -> bool:
    return record["code"] != _hash_parsers()


def _hash_parsers() -> str:
    return hash_code(parsing.__name__, synthetic.__name__)


def _check_schema(name: str, table: pd.DataFrame, where: str) -> None:
    try:
        SCHEMAS[name].validate(table)
    except (pandera.errors.SchemaError, pa.errors.SchemaErrors) as error:
        raise ReelbookError(f"{name} of {where}: {str(error).splitlines()[0]}") from None


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Hold a data set for this process; another one waits here. The system frees it at any end."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder.parent / f".{folder.name}.lock").open("w")
    except OSError as error:
        raise ReelbookError(f"Cannot write in {folder.parent}: {error.strerror}") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
