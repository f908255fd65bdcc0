"""A look at the two-tower models: the artefact of titles, the trade of two tasks, neighbours."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from reelbook.models.registry import resolve_params
from reelbook.runs.record import RunRecord

# The task that a weight of zero leaves untrained.
TASKS = {"rating_weight": "stars", "retrieval_weight": "lists"}


def name_untrained(params: Mapping[str, Any]) -> str:
    """What a training with these settings leaves as it was drawn, such as "stars not trained"."""
    tasks = [task for weight, task in TASKS.items() if params.get(weight) == 0]
    return f"{' and '.join(tasks)} not trained" if tasks else ""


def mark_untrained(names: Iterable[str]) -> list[str]:
    """The names of models, or texts that hold them, with the task that a model was not trained for.

    Its figures of that task are those of weights as they were drawn.
    """

    def mark(match: re.Match[str]) -> str:
        note = name_untrained(resolve_params(match[0], {}))
        return f"{match[0]} ({note})" if note else match[0]

    return [re.sub(r"\btwo_tower\.\w+", mark, name) for name in names]


def trace_artefact(written: RunRecord, mended: RunRecord, ks: Sequence[int]) -> pd.DataFrame:
    """From the document's figure to the real one, a row a step.

    Args:
        written: a run with the document's spelling, under `source`.
        mended: the same model with one spelling.
        ks: lengths of the lists.

    Returns:
        spelling, measured on, rule, and a column top-k for each k.
    """
    steps = [
        ("the document's", "training ratings", "by score", written, "train", "tfrs_top"),
        ("the document's", "test ratings", "by score", written, "test", "tfrs_top"),
        ("the document's", "test ratings", "by movie id", written, "test", "top"),
        ("one for all", "test ratings", "by score", mended, "test", "tfrs_top"),
        ("one for all", "test ratings", "by movie id", mended, "test", "top"),
    ]
    return pd.DataFrame(
        [
            {"spelling": spelling, "measured on": rows, "rule": rule}
            | {f"top-{k}": record.get_metric(f"{name}@{k}", part).value for k in ks}
            for spelling, rows, rule, record, part, name in steps
        ]
    )


def list_trade(points: dict[str, RunRecord]) -> pd.DataFrame:
    """RMSE and top-100 of trainings of two tasks, from ratings alone to retrieval alone.

    Args:
        points: label of the training to its record.

    Returns:
        label, rmse, top and untrained (`name_untrained`), in the order of the share of the
        retrieval task.
    """
    rows = [
        {
            "label": label,
            "rmse": record.get_metric("rmse").value,
            "top": record.get_metric("top@100").value,
            "untrained": name_untrained(record.params),
            "share": record.params["retrieval_weight"]
            / (record.params["rating_weight"] + record.params["retrieval_weight"]),
        }
        for label, record in points.items()
    ]
    return pd.DataFrame(rows).sort_values("share", ignore_index=True).drop(columns="share")


def list_neighbours(neighbours: pd.DataFrame) -> pd.DataFrame:
    """A row a movie with its neighbours, of `movie_space.find_neighbours`, in one text."""
    texts = neighbours["neighbour"] + neighbours["cosine"].map(" {:.2f}".format)
    rows = texts.groupby(neighbours["movie"], sort=False).agg(", ".join)
    return rows.rename("neighbours").reset_index()
