"""Recommenders that were learned once: `build/recommenders/<dataset>/<model>.json` and `.npz`.

The record holds a hash of all that decides what is learned: the data, the models' settings, their
code and the versions under it, as a run's id does. What was altered, or learned from other data or
by other code, does not count.
"""

import hashlib
import io
import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from reelbook.data.names import name_dataset
from reelbook.data.record import read_record
from reelbook.files import replace_when_whole
from reelbook.models import registry
from reelbook.models.fold_in import Taste
from reelbook.paths import get_build_dir
from reelbook.provenance import hash_library, trace_code
from reelbook.recommend.recommender import TASTE, Recommender

if TYPE_CHECKING:  # what finds a recommender takes no time for what learns one
    from reelbook.data.tables import Dataset


def find_kept(dataset: str, model: str) -> Recommender | None:
    """A recommender that was learned, without loading the data; None unless it can be told at once.

    It can while no file of the library, no version under it and no source of the data has changed.

    Args:
        dataset: see `reelbook.data.store.load`.
        model: one of `recommender.MODELS`.

    Raises:
        ReelbookError: as `read_record`.
    """
    tables = read_record(dataset)
    folder = get_build_dir() / "recommenders" / name_dataset(dataset)
    record = _read_json(folder / f"{model}.json")
    if (
        tables is None
        or record.get("tables") != tables["files"]
        or record.get("library") != hash_library()
        or any(version(name) != text for name, text in record["inputs"]["versions"].items())
    ):
        return None
    return _read_arrays(folder, model, record)


def get_recommender(dataset: "Dataset", *, model: str) -> Recommender:
    """The recommender of a data set: the one that was kept, or learned now and kept.

    Raises:
        ReelbookError: as `learning.make_recommender`, or a full disk.
    """
    folder = get_build_dir() / "recommenders" / dataset.name
    inputs = _list_inputs(dataset, model)
    record = _read_json(folder / f"{model}.json")
    found = _read_arrays(folder, model, record) if record.get("inputs") == inputs else None
    if found is None:
        from reelbook.recommend.learning import make_recommender

        found = make_recommender(dataset, model=model)
        content = _pack(found)
        with replace_when_whole(folder / f"{model}.npz") as file:
            file.write_bytes(content)
        record = {"inputs": inputs, "arrays": hashlib.sha256(content).hexdigest()}
    tables = read_record(dataset.name)
    if tables and tables["sha256"] == dataset.sha256:
        record |= {"tables": tables["files"], "library": hash_library()}
    with replace_when_whole(folder / f"{model}.json") as file:
        file.write_text(json.dumps(record, indent=2), encoding="utf-8")
    return found


def _list_inputs(dataset: "Dataset", model: str) -> dict[str, Any]:
    """What decides a recommender."""
    from reelbook.runs.identity import describe_data

    fits = [f"{registry.get_family(name).__name__}:fit" for name in (model, TASTE)]
    code = trace_code("reelbook.recommend.learning:make_recommender", *fits)
    users = dataset.user_names  # which the fingerprint of the tables does not cover
    return describe_data(model, dataset) | {
        "users": None if users is None else hashlib.sha256(users.to_csv().encode()).hexdigest(),
        "params": {name: registry.resolve_params(name, {}) for name in (model, TASTE)},
        "code": code.sha256,
        "versions": code.versions,
    }


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        return {}


def _pack(recommender: Recommender) -> bytes:
    """The arrays of a recommender; texts are JSON in bytes."""
    movies, ratings, taste = recommender.movies, recommender.ratings, recommender.taste
    texts = {"names": movies["name"].to_list(), "noise": taste.noise, "scale": taste.scale}
    texts |= {"liked_stars": recommender.liked_stars, "dataset": recommender.dataset}
    texts |= {"taste_weight": recommender.taste_weight}
    if (users := recommender.user_names) is not None:
        texts["users"] = users.to_dict("list")
    arrays: dict[str, Any] = {
        "texts": np.frombuffer(json.dumps(texts).encode(), "uint8"),
        "weights": recommender.weights,
        "base": taste.base,
        "doubt": taste.doubt,
        "vectors": taste.vectors,
        "user_ids": recommender.user_ids,
    }
    arrays |= {f"movies_{name}": movies[name].to_numpy() for name in ("movie_id", "ratings")}
    arrays |= {f"ratings_{name}": ratings[name].to_numpy() for name in ratings}
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _read_arrays(folder: Path, model: str, record: dict[str, Any]) -> Recommender | None:
    """The recommender of a record; None where its arrays are not there, to the byte."""
    try:
        content = (folder / f"{model}.npz").read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest() != record.get("arrays"):
        return None
    found = dict(np.load(io.BytesIO(content)))
    texts = json.loads(found["texts"].tobytes())
    columns = {name: array for name, array in found.items() if name.startswith("ratings_")}
    return Recommender(
        texts["dataset"],
        model,
        pd.DataFrame(
            {
                "movie_id": found["movies_movie_id"],
                "name": texts["names"],
                "ratings": found["movies_ratings"],
            }
        ),
        found["weights"],
        Taste(
            found["base"], found["doubt"], found["vectors"], texts["noise"], tuple(texts["scale"])
        ),
        texts["liked_stars"],
        pd.DataFrame({name.removeprefix("ratings_"): array for name, array in columns.items()}),
        found["user_ids"],
        pd.DataFrame(texts["users"]) if "users" in texts else None,
        texts["taste_weight"],
    )
