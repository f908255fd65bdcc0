"""The groups that users are in, and what each model gives them: errors, and values of lists."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.metrics.lists import compute_by_user
from reelbook.models.registry import describe_model
from reelbook.report.compare import SEEN_EDGES, Groups, average_metrics
from reelbook.report.demographics import group_occupations, name_age_groups
from reelbook.report.exploration import DAY
from reelbook.runs.store import Run
from reelbook.splits.protocols import make_split

RATINGS, DAYS, SINCE, TASTE = "training ratings", "days active", "account age", "taste"
DAY_EDGES = [1, 2, 4, 8]  # lower bounds of groups by days with a training rating
SINCE_EDGES = {"under 1 hour": 0, "1-24 hours": 3600, "1-30 days": DAY, "over 30 days": 30 * DAY}
TASTES = ["niche", "diverse", "mainstream"]
POPULAR = 0.2  # of the movies, those most rated; and of the users, at either end
REFERENCES = ("baseline.biases", "baseline.mean", "topn.popularity")


class Units(NamedTuple):
    """What is measured of a user, row by row: test ratings, or lists of a split.

    Attributes:
        users: user_id (rows,).
        groups: a categorical a grouping, missing where a row is in no group of it.
        counts: training ratings of the user (rows,).
        values: name of a measure to a column a model; `group_gaps.FINISH` makes a figure of means.
    """

    users: np.ndarray
    groups: pd.DataFrame
    counts: np.ndarray
    values: dict[str, pd.DataFrame]


def choose_models(groups: Groups, metric: str) -> dict[str, str]:
    """The models to look at and what each is, those of a kind by the mean of a metric on test rows.

    The best without and with hidden layers, the best of each document, and REFERENCES.
    """
    if not groups:
        return {}
    found = average_metrics(groups, [metric]).sort_values(
        metric, ascending=metric == "rmse", kind="stable"
    )
    about = {model: describe_model(model) for model in found["model"]}
    kinds = {
        "best without hidden layers": [m for m in about if not about[m].deep],
        "best deep model": [m for m in about if about[m].deep],
        "best of document A": [m for m in about if about[m].source == "document A"],
        "best of document B": [m for m in about if about[m].source == "document B"],
        "reference": [m for m in about if m in REFERENCES],
    }
    chosen: dict[str, str] = {}
    for kind, models in kinds.items():
        for model in models if kind == "reference" else models[:1]:
            chosen.setdefault(model, kind)
    return {model: chosen[model] for model in about if model in chosen}  # best first


def group_users(dataset: Dataset, known: pd.DataFrame) -> pd.DataFrame:
    """The groups of each user: a categorical a grouping, and `count` of training ratings.

    Args:
        dataset: the canonical tables.
        known: the ratings that models learned from; they alone tell of activity and taste.
    """
    users = dataset.users.set_index("user_id")
    table = pd.DataFrame(index=users.index)
    people = users[users["occupation"] != ""]
    if len(people):
        genders = people["gender"].map({"F": "women", "M": "men"})
        table["gender"] = genders.astype(pd.CategoricalDtype(["women", "men"]))
        table["age"] = name_age_groups(people["age"])
        table["occupation"] = group_occupations(people["occupation"]).astype("category")
    table["count"] = known["user_id"].value_counts().reindex(users.index, fill_value=0)
    table[RATINGS] = cut_numbers(table["count"], SEEN_EDGES)
    if "times" in dataset.traits:
        days = (known["timestamp"] // DAY).groupby(known["user_id"]).nunique()
        table[DAYS] = cut_numbers(days.reindex(users.index), DAY_EDGES)
    rated = known["movie_id"].value_counts().sort_index().sort_values(kind="stable")
    popular = rated.index[len(rated) - round(POPULAR * len(rated)) :]
    share = known["movie_id"].isin(popular).groupby(known["user_id"]).mean()
    shares = share.to_numpy()
    low, high = np.quantile(shares, [POPULAR, 1 - POPULAR])
    codes = (shares > low).astype(int) + (shares >= high)
    tastes = pd.Series(np.array(TASTES)[codes], index=share.index)
    table[TASTE] = tastes.reindex(users.index).astype(pd.CategoricalDtype(TASTES))
    return table


def cut_numbers(numbers: pd.Series, edges: Sequence[int]) -> pd.Series:
    """The group of each number, by lower bounds; the last group is open."""
    uppers = [edge - 1 for edge in edges[1:]]
    labels = [
        str(low) if low == high else f"{low}-{high}"
        for low, high in zip(edges, uppers, strict=False)
    ]
    return pd.cut(numbers, [*edges, np.inf], right=False, labels=[*labels, f"{edges[-1]}+"])


def measure_ratings(dataset: Dataset, groups: Groups) -> Units:
    """Errors of each test rating by each model, p - r in stars, and their squares.

    Args:
        dataset: what the runs were made on.
        groups: the runs of each model, on the same splits.
    """
    first = dataset.ratings.groupby("user_id")["timestamp"].min()
    edges = [*SINCE_EDGES.values(), np.inf]
    tables, errors = [], []
    for runs in zip(*groups.values(), strict=True):
        users, tested = _split_again(dataset, runs[0])
        rows = users.loc[tested["user_id"]].reset_index()
        if "times" in dataset.traits:
            since = tested["timestamp"].to_numpy() - first[tested["user_id"]].to_numpy()
            rows[SINCE] = pd.cut(since, edges, right=False, labels=list(SINCE_EDGES))
        tables.append(rows)
        found = {m: _subtract(run) for m, run in zip(groups, runs, strict=True)}
        errors.append(pd.DataFrame(found))
    table = pd.concat(errors, ignore_index=True)
    return _make_units(tables, {"RMSE": table**2, "mean error": table})


def measure_lists(dataset: Dataset, groups: Groups) -> Units:
    """nDCG@10 and recall@10 of each user's list in each split; arguments as `measure_ratings`."""
    tables: list[pd.DataFrame] = []
    values: dict[str, list[pd.DataFrame]] = {"nDCG@10": [], "recall@10": []}
    for runs in zip(*groups.values(), strict=True):
        users, _ = _split_again(dataset, runs[0])
        for measure, parts in values.items():
            found = {
                model: compute_by_user(run.ranks, measure.lower())
                for model, run in zip(groups, runs, strict=True)
            }
            parts.append(pd.DataFrame(found))
        tables.append(users.loc[parts[-1].index].reset_index())
    return _make_units(tables, {name: pd.concat(p) for name, p in values.items()})


def _split_again(dataset: Dataset, run: Run) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The groups of all users by what a run learned from, and the ratings that it is tested on."""
    made = run.record.split
    split = make_split(dataset, made["protocol"], fold=made["fold"], seed=made["seed"])
    return (
        group_users(dataset, dataset.ratings.iloc[split.known]),
        dataset.ratings.iloc[split.test],
    )


def _subtract(run: Run) -> np.ndarray:
    """Predicted less given stars of each test row, in float64."""
    table = run.predictions
    return table["prediction"].to_numpy("float64") - table["rating"].to_numpy("float64")


def _make_units(tables: list[pd.DataFrame], values: dict[str, pd.DataFrame]) -> Units:
    """The units of all splits under each other."""
    table = pd.concat(tables, ignore_index=True)
    groups = table.drop(columns=["user_id", "count"])
    return Units(table["user_id"].to_numpy(), groups, table["count"].to_numpy(), values)
