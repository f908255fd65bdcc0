"""Film credits: directors and stars beside the canonical tables, where there is a film graph.

`build/data/<dataset>/` holds people.json and, if a graph is known and at hand, people.parquet:
movie_id, director, star (`reelbook.data.film_graph`). The identifiers of the graph are linked to
the publisher's movies of ml-100k, so other contents under that name go without.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from reelbook.data import film_graph, sources
from reelbook.errors import ReelbookError
from reelbook.files import compute_sha256, replace_when_whole
from reelbook.provenance import hash_code


def is_prepared(folder: Path) -> bool:
    """Whether the folder of a data set says what is known of credits, by the present code."""
    return _read_record(folder).get("code") == _hash_code()


def prepare(folder: Path, dataset: str, *, note: str, movies: pd.DataFrame) -> None:
    """Write people.parquet unless it stands there; without a graph people.json says why.

    Args:
        folder: of the data set.
        dataset: its name.
        note: what sets the data set apart from the publisher's, empty if nothing does.
        movies: its canonical table.
    """
    if is_prepared(folder) and load(folder) is not None:
        return
    (folder / "people.json").unlink(missing_ok=True)
    record: dict[str, Any] = {"code": _hash_code(), "sha256": None, "missing": ""}
    try:
        table = _make_table(dataset, note, movies)
        with replace_when_whole(folder / "people.parquet") as temporary:
            table.to_parquet(temporary, index=False)
        record["sha256"] = compute_sha256(folder / "people.parquet")
    except ReelbookError as error:
        record["missing"] = str(error)
    with replace_when_whole(folder / "people.json") as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n")


def load(folder: Path) -> pd.DataFrame | None:
    """movie_id, director and star of the movies; None without a graph or after an alteration."""
    path = folder / "people.parquet"
    wanted = _read_record(folder).get("sha256")
    if wanted is None or not path.exists() or compute_sha256(path) != wanted:
        return None
    return pd.read_parquet(path)


def _make_table(dataset: str, note: str, movies: pd.DataFrame) -> pd.DataFrame:
    if dataset == "made-up":
        return film_graph.make_credits(movies)
    if dataset != "ml-100k" or note:
        raise ReelbookError(f"no film graph is known for {note or dataset}")
    files = sources.read_zip(sources.fetch_wheel(), ["recbole-graph"])[1]
    return film_graph.parse_graph(files)


def _read_record(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / "people.json").read_text())
    except (OSError, ValueError):
        return {}


def _hash_code() -> str:
    return hash_code(film_graph.__name__)
