"""The canonical tables of a data set: written once as Parquet, checked on every load.

`build/data/<dataset>/` holds ratings.parquet, users.parquet, movies.parquet, data.json and, where a
film graph is known and at hand, people.parquet; of users whose ids are texts, user_names.parquet.
data.json names the source, the fingerprint of the contents and the checksum of each file; it is
what makes the folder complete.
"""

import contextlib
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.errors
import pandera.pandas as pa
from filelock import FileLock

from reelbook.data import film_graph, layouts, own, parsing, sources, synthetic
from reelbook.data.names import DOCUMENTED, find_path, name_dataset, stamp_files
from reelbook.data.parsing import Tables
from reelbook.data.record import read_record
from reelbook.data.tables import OWN_SCHEMAS, SCHEMAS, Dataset, count_rated
from reelbook.errors import ReelbookError
from reelbook.files import compute_sha256, replace_when_whole
from reelbook.paths import get_data_dir
from reelbook.provenance import hash_code

# The ratings of the publisher's data sets, who gave them and what got them (`count_rated`).
PUBLISHED_COUNTS = {
    "ml-100k": {"ratings": 100_000, "users": 943, "movies": 1_682},
    "ml-1m": {"ratings": 1_000_209, "users": 6_040, "movies": 3_706},
    "ml-10m": {"ratings": 10_000_054, "users": 69_878, "movies": 10_677},
    "ml-20m": {"ratings": 20_000_263, "users": 138_493, "movies": 26_744},
    "ml-25m": {"ratings": 25_000_095, "users": 162_541, "movies": 59_047},
    "ml-32m": {"ratings": 32_000_204, "users": 200_948, "movies": 84_432},
    "ml-latest-small": {"ratings": 100_836, "users": 610, "movies": 9_724},
}
# The fingerprint of the publisher's contents, where it was computed from them.
PUBLISHED_SHA256 = {
    "ml-100k": "fa2a631f9f35454e7e546bc6811aaeed97cc75129ef4d7f0812c61ffe663a4f9",
}


def load(dataset: str) -> Dataset:
    """The checked canonical tables of a data set, prepared first where they do not stand.

    Tables that another version of the code wrote, that were altered, or that were made of other
    files than REELBOOK_DATA names now do not count.

    Args:
        dataset: a name in DATASETS, the path of ratings of one's own (`reelbook.data.own`), or the
            name that they got when they were prepared.

    Raises:
        ReelbookError: as `prepare`.
    """
    return _read(dataset) or _prepare(dataset)


def prepare(dataset: str, *, progress: bool = True) -> Path:
    """Write the canonical tables of a data set from the first source that has it.

    Tables that `load` would take are left alone. Each file appears whole or not at all, data.json
    last, and of two processes the second waits for the first.

    Returns:
        The folder of the tables.

    Raises:
        ReelbookError: an unknown name, no usable source, a fault in its files, or a full disk.
    """
    _prepare(dataset, progress=progress)
    return get_data_dir(name_dataset(dataset))


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
    counts = count_rated(tables.ratings)
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
        return f"as many ratings, users and movies as {dataset}, but not the publisher's contents"
    return (
        f"as many ratings, users and movies as {dataset}; only the publisher's archive proves more"
    )


def _prepare(dataset: str, *, progress: bool = True) -> Dataset:
    """The tables that stand, or those that this writes."""
    folder = get_data_dir(name_dataset(dataset))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Not a file that says "locked": the system frees this one at any end of the process.
        lock = FileLock(folder.with_name(f".{folder.name}.lock"), fallback_to_soft=False).acquire()
    except OSError as error:
        raise ReelbookError(f"Cannot write in {folder.parent}: {error.strerror}") from error
    with lock:
        found = _read(dataset)
        if found is None:
            if path := find_path(dataset):
                _write_own(folder, path)
            else:
                _write_source(folder, dataset, progress=progress)
        elif found.credits is None and _has_graph(dataset, found.note):
            with contextlib.suppress(ReelbookError):  # still out of reach
                people = {"people": _make_credits(dataset, found.note, found.movies)}
                record = json.loads((folder / "data.json").read_text())
                _write(folder, people, record | {"no_people": ""})
        found = _read(dataset)
    if found is None:
        raise ReelbookError(f"{folder} changed while it was read: run again.")
    return found


def _read(dataset: str) -> Dataset | None:
    """The tables as they stand; None unless they are whole, and what would be written today."""
    record = read_record(dataset)
    if record is None:
        return None
    folder = get_data_dir(name_dataset(dataset))
    try:
        if record["code"] != _hash_code():
            return None
        for name, sha256 in record["files"].items():
            if compute_sha256(folder / name) != sha256:
                return None
        tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in SCHEMAS}
        genres = [list(names) for names in tables["movies"]["genres"]]  # Parquet gives arrays back
        tables["movies"]["genres"] = pd.Series(genres, dtype=object)
        _check_schemas(tables, folder.name, _choose_schemas(dataset))
        there = {file.removesuffix(".parquet") for file in record["files"]} - SCHEMAS.keys()
        others = {name: pd.read_parquet(folder / f"{name}.parquet") for name in there}
        return Dataset(
            name=folder.name,
            **tables,
            sha256=record["sha256"],
            source=record["source"],
            note=record["note"],
            credits=others.get("people"),
            is_implicit=record.get("is_implicit", False),
            noun=record.get("noun", "movies"),
            user_names=others.get("user_names"),
        )
    except (OSError, ValueError, LookupError, AttributeError, TypeError, ReelbookError):
        return None


def _write_source(folder: Path, dataset: str, *, progress: bool) -> None:
    """Write what the first source has, and directors and stars where a film graph is at hand."""
    if dataset == "made-up":
        found = sources.SourceFiles("made-up", {}, synthetic.SOURCE, verified=False)
        tables = synthetic.make_tables()
    else:
        found = sources.find_source(dataset, progress=progress)
        try:
            is_like_own = found.layout in layouts.READ_AS_OWN
            tables = (
                own.read_files(found.files).tables
                if is_like_own
                else parsing.parse(found.layout, found.files)
            )
        except ReelbookError as error:
            raise ReelbookError(f"{dataset} from {found.description}: {error}") from None
        if not is_like_own and (converted := parsing.list_converted(found.files)):
            found = replace(
                found, description=f"{found.description}, {', '.join(converted)} in UTF-8"
            )
    _check_schemas(vars(tables), found.description, _choose_schemas(dataset))
    record: dict[str, Any] = {
        "dataset": dataset,
        "source": found.description,
        "source_sha256": found.sha256,
        "note": describe_difference(dataset, tables, verified=found.verified),
        "sha256": compute_fingerprint(tables),
        "counts": {name: len(table) for name, table in vars(tables).items()},
        "code": _hash_code(),
        "no_people": "",
        "traits": _list_traits(tables),
    }
    people = {}
    try:
        people = {"people": _make_credits(dataset, record["note"], tables.movies)}
    except ReelbookError as error:
        record["no_people"] = str(error)
    _write(folder, vars(tables) | people, record)


def _write_own(folder: Path, path: Path) -> None:
    """Write what a person's own files hold, and what was understood of them."""
    reading = own.read_own(path, own.read_options(path))
    _check_schemas(vars(reading.tables), str(path), OWN_SCHEMAS)
    record: dict[str, Any] = {
        "dataset": folder.name,
        "path": str(path),
        "source": f"own ratings, {path.name}",
        "source_sha256": stamp_files(path),
        "note": "; ".join(f"left out: {text}" for text in reading.set_aside),
        "sha256": compute_fingerprint(reading.tables),
        "counts": {name: len(table) for name, table in vars(reading.tables).items()},
        "code": _hash_code(),
        "no_people": "",
        "is_implicit": reading.is_implicit,
        "noun": reading.noun,
        "traits": _list_traits(reading.tables, is_implicit=reading.is_implicit),
        "understood": reading.told,
        "first_rows": reading.first.to_dict("list"),
    }
    bad_rows = folder / "bad_rows.txt"
    bad_rows.unlink(missing_ok=True)
    if reading.bad_rows:
        bad_rows.write_text("\n".join(reading.bad_rows) + "\n", encoding="utf-8")
    names = reading.user_names.rename_axis("user_id").rename("name").reset_index()
    _write(folder, vars(reading.tables) | ({"user_names": names} if len(names) else {}), record)


def _list_traits(tables: Tables, *, is_implicit: bool = False) -> list[str]:
    return sorted(Dataset("", **vars(tables), sha256="", source="", is_implicit=is_implicit).traits)


def _choose_schemas(dataset: str) -> dict[str, pa.DataFrameSchema]:
    return SCHEMAS if dataset in DOCUMENTED else OWN_SCHEMAS


def _write(folder: Path, frames: dict[str, pd.DataFrame], record: dict[str, Any]) -> None:
    """Write tables and, last, the record that makes them count."""
    files = {}
    for name, frame in frames.items():
        path = folder / f"{name}.parquet"
        with replace_when_whole(path) as temporary:
            frame.to_parquet(temporary, index=False)
        files[path.name] = compute_sha256(path)
    record = record | {"files": record.get("files", {}) | files}
    with replace_when_whole(folder / "data.json") as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n")


def _make_credits(dataset: str, note: str, movies: pd.DataFrame) -> pd.DataFrame:
    """Directors and stars; ReelbookError without a film graph of exactly these movies."""
    if dataset == "made-up":
        return film_graph.make_credits(movies)
    if not _has_graph(dataset, note):
        raise ReelbookError(f"no film graph is known for {note or dataset}")
    return film_graph.parse_graph(layouts.read_zip(sources.fetch_wheel(), ["recbole-graph"])[1])


def _has_graph(dataset: str, note: str) -> bool:
    """Whether the graph in the wheel is of these movies: its links go by the publisher's ids."""
    return dataset == "ml-100k" and not note


def _hash_code() -> str:
    return hash_code(parsing.__name__, own.__name__, synthetic.__name__, film_graph.__name__)


def _check_schemas(
    tables: dict[str, pd.DataFrame], where: str, schemas: dict[str, pa.DataFrameSchema]
) -> None:
    for name, table in tables.items():
        try:
            schemas[name].validate(table, inplace=True)  # it alters nothing
        except (pandera.errors.SchemaError, pa.errors.SchemaErrors) as error:
            raise ReelbookError(f"{name} of {where}: {str(error).splitlines()[0]}") from None
