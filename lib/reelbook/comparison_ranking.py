"""Finished runs of models that rank, side by side."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import yaml

from reelbook.comparison import Groups, describe_model, list_gains
from reelbook.errors import ReelbookError
from reelbook.paths import BOOK
from reelbook.recommending import (
    Score,
    compare_rankings,
    estimate_ranking,
    evaluate_ranking,
    rank_catalogue,
)
from reelbook.schema import Dataset, RunRecord
from reelbook.splits import Split


def average_metrics(
    groups: Groups, metrics: Sequence[str], *, split_part: str = "test"
) -> pd.DataFrame:
    """A row a model: its name and the mean of each metric over its runs, missing where none has it.

    Args:
        groups: the runs of each model.
        metrics: names as the records have them.
        split_part: train, validation or test.
    """
    rows = []
    for model, runs in groups.items():
        found = pd.DataFrame(
            [
                {m.metric: m.value for m in run.record.metrics if m.split_part == split_part}
                for run in runs
            ]
        )
        rows.append({"model": model, **found.reindex(columns=list(metrics)).mean().to_dict()})
    return pd.DataFrame(rows)


def estimate_rankings(groups: Groups, *, metric: str = "ndcg@10") -> pd.DataFrame:
    """A row a model, best first, with the columns of `comparison.estimate_models`."""
    rows = []
    for model, runs in groups.items():
        mean = estimate_ranking([run.ranks for run in runs], metric=metric)
        rows.append(describe_model(model, runs, mean))
    return pd.DataFrame(rows).sort_values("value", ascending=False, ignore_index=True)


def compare_ranking_models(
    groups: Groups, pairs: Sequence[tuple[str, str]], *, metric: str = "ndcg@10"
) -> pd.DataFrame:
    """A row a pair: by how much the second model's metric lies above the first's, same users.

    Returns:
        name ("first -> second"), value (positive where the second is better), low, high, clear.
    """
    gains = [
        compare_rankings(
            *([run.ranks for run in groups[model]] for model in (second, first)), metric=metric
        )
        for first, second in pairs
    ]
    return list_gains(pairs, gains)


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


def read_published(dataset: Dataset, protocol: str) -> pd.DataFrame:
    """Figures that others published for this data set and protocol, best first; empty if none.

    Returns:
        model and a column a metric, from `book/published.yml`.

    Raises:
        ReelbookError: an entry of the file lacks something.
    """
    tables = yaml.safe_load((BOOK / "published.yml").read_text())
    for table in tables:
        if missing := {"dataset", "protocol", "source", "metrics", "models"} - table.keys():
            raise ReelbookError(f"published.yml: a table has no {', '.join(sorted(missing))}.")
        if (table["dataset"], table["protocol"]) == (dataset.name, protocol) and not dataset.note:
            frame = pd.DataFrame.from_dict(
                table["models"], orient="index", columns=table["metrics"]
            )
            frame = frame.rename_axis("model").reset_index()
            return frame.sort_values(table["metrics"][0], ascending=False, ignore_index=True)
    return pd.DataFrame({"model": []})


def add_published(board: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """A table of ours with a column that says so, and the published one below it."""
    parts = [board.assign(source="here"), published.assign(source="published")]
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return table[["model", "source", *board.columns.drop("model")]]


def measure_score(name: str, score: Score, dataset: Dataset, split: Split) -> dict[str, Any]:
    """The ranking figures of a scoring rule that needs no training, with its name as model."""
    ranked = rank_catalogue(score, dataset, split)
    metrics = evaluate_ranking(ranked, dataset, split)
    return {"model": name, **{metric.metric: metric.value for metric in metrics}}


def measure_spread(groups: Groups, metric: str) -> float:
    """The largest difference between two runs of one model."""
    values = [[run.record.get_metric(metric).value for run in runs] for runs in groups.values()]
    return max(max(own) - min(own) for own in values)


def list_trade(points: dict[str, RunRecord]) -> pd.DataFrame:
    """RMSE and top-100 of trainings of two tasks, from ratings alone to retrieval alone.

    Args:
        points: label of the training to its record.

    Returns:
        label, rmse and top, in the order of the share of the retrieval task.
    """
    rows = [
        {
            "label": label,
            "rmse": record.get_metric("rmse").value,
            "top": record.get_metric("top@100").value,
            "share": record.params["retrieval_weight"]
            / (record.params["rating_weight"] + record.params["retrieval_weight"]),
        }
        for label, record in points.items()
    ]
    return pd.DataFrame(rows).sort_values("share", ignore_index=True).drop(columns="share")


def list_neighbours(neighbours: pd.DataFrame) -> pd.DataFrame:
    """A row a movie with its neighbours, of `movie_space.find_neighbours`, in one text."""
    if neighbours.empty:
        return pd.DataFrame({"movie": [], "neighbours": []})
    texts = neighbours["neighbour"] + neighbours["cosine"].map(" {:.2f}".format)
    rows = texts.groupby(neighbours["movie"], sort=False).agg(", ".join)
    return rows.rename("neighbours").reset_index()
