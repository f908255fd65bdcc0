"""How much of a model's lead is left where it sees less of the future.

A lead is by how much a model's RMSE lies below that of biases, or its nDCG@10 above that of
popularity, on the same rows. Intervals are simultaneous: of all leads of a column, 19 of 20 times
all lie within theirs (`metrics.simultaneous`).
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from reelbook.data.tables import Dataset
from reelbook.metrics.bootstrap import resample_columns
from reelbook.metrics.catalogue import average_over_runs
from reelbook.metrics.ratings import compute_mean, resample_metric
from reelbook.metrics.simultaneous import bound_all
from reelbook.models.registry import describe_model
from reelbook.report.compare import Groups, group_runs
from reelbook.report.studies.future import DRAWN_STARS, LATER_STARS, LISTS, name_leak
from reelbook.runs.store import Run
from reelbook.splits.past import find_first_ratings

DRAWN, LATEST = "on drawn rows", "on the last ratings of all"
BIASES, POPULARITY = "baseline.biases", "topn.popularity"
# The predictions, or the ranks, of the runs of each model.
Tables = dict[str, list[pd.DataFrame]]


def compare_columns(columns: Mapping[str, Tables], *, reference: str) -> pd.DataFrame:
    """The leads of all models in all columns that have the reference.

    Args:
        columns: what a model sees, such as "drawn", to the tables of each model there.
        reference: whose lead is zero: BIASES where the tables are predictions of stars, POPULARITY
            where they are ranks.

    Returns:
        column, name, value (the lead), low and high of the simultaneous 95% interval, and clear:
        whether that leaves zero out. The models of a column stand as they were given.
    """
    measure = measure_lists if reference == POPULARITY else measure_stars
    parts = [pd.DataFrame(columns=["column", "name", "value", "low", "high", "clear"])]
    for column, tables in columns.items():
        others = [model for model in tables if model != reference]
        if not others or reference not in tables:
            continue
        values, samples = measure([tables[model] for model in [reference, *others]])
        leads = values[1:] - values[0]
        half = bound_all(np.vstack([leads, samples[:, 1:] - samples[:, :1]]))
        table = pd.DataFrame({"column": column, "name": others, "value": leads})
        table = table.assign(low=leads - half, high=leads + half, clear=np.abs(leads) > half)
        parts.append(table)
    return pd.concat(parts[1:] or parts, ignore_index=True)


def measure_stars(models: Sequence[list[pd.DataFrame]]) -> tuple[np.ndarray, np.ndarray]:
    """RMSE with its sign turned, so that more is better: (models,) and (resamples, models)."""
    values = -np.array([compute_mean(parts, "rmse") for parts in models])
    return values, -np.stack([resample_metric(parts) for parts in models], axis=1)


def measure_lists(models: Sequence[list[pd.DataFrame]]) -> tuple[np.ndarray, np.ndarray]:
    """nDCG@10, the mean over users: (models,) and (resamples, models)."""
    by_user = [average_over_runs(parts, "ndcg@10") for parts in models]
    table = pd.concat(by_user, axis=1, keys=range(len(models)))
    return table.mean().to_numpy(), resample_columns(table)


def group_stars(runs: Iterable[Run]) -> dict[str, Tables]:
    """The columns of rating models: what they see of the user."""
    runs = list(runs)
    columns = {
        DRAWN: DRAWN_STARS,
        "on each user's last ratings": "past",
        "after an hour's break": "past-apart",
        LATEST: LATER_STARS,
    }
    return {
        name: list_predictions(group_runs(runs, protocol=protocol))
        for name, protocol in columns.items()
    }


def group_lists(runs: Iterable[Run], dataset: Dataset, *, onboarding: int) -> dict[str, Tables]:
    """The columns of lists: what is tested; `onboarding` as `list_ranks` takes it."""
    runs = list(runs)
    drawn, last, latest = (group_runs(runs, protocol=label) for label in LISTS.values())
    return {
        DRAWN: list_ranks(drawn, dataset),
        "without first ratings": list_ranks(drawn, dataset, onboarding=onboarding),
        "on each user's last rating": list_ranks(last, dataset),
        LATEST: list_ranks(latest, dataset),
    }


def group_leaks(
    runs: Iterable[Run], dataset: Dataset, leaks: Sequence[float]
) -> dict[str, dict[str, Tables]]:
    """Of `stars` and of `lists`, the tables of each share of later ratings that training saw."""
    found: dict[str, dict[str, Tables]] = {"stars": {}, "lists": {}}
    runs = list(runs)
    for leak in leaks:
        groups = group_runs(runs, protocol=name_leak(leak))
        ranked = {m: own for m, own in groups.items() if describe_model(m).predicts == "lists"}
        others = {m: own for m, own in groups.items() if m not in ranked}
        found["lists"][f"{leak}"] = list_ranks(ranked, dataset)
        found["stars"][f"{leak}"] = list_predictions(others)
    return found


def list_predictions(groups: Groups) -> Tables:
    """The predictions of each model's runs."""
    return {model: [run.predictions for run in runs] for model, runs in groups.items()}


def list_ranks(groups: Groups, dataset: Dataset, *, onboarding: int = 0) -> Tables:
    """The ranks of each model's runs, without those of each user's first ratings.

    A new user of MovieLens rates pages of movies that the site shows, so the first ratings follow
    its order. The other movies keep their ranks.

    Args:
        groups: runs with ranks.
        dataset: whose times say which ratings were the first.
        onboarding: how many first ratings of each user to leave out.
    """
    if not onboarding:
        return {model: [run.ranks for run in runs] for model, runs in groups.items()}
    keys = ["user_id", "movie_id"]
    first = dataset.ratings.loc[find_first_ratings(dataset.ratings, onboarding), keys]
    left_out = pd.MultiIndex.from_frame(first)
    return {
        model: [r.ranks[~pd.MultiIndex.from_frame(r.ranks[keys]).isin(left_out)] for r in runs]
        for model, runs in groups.items()
    }


def correlate_columns(leads: pd.DataFrame) -> pd.DataFrame:
    """Kendall's tau (tau-b) of the order in the first column and that in each other column.

    Over the models that stand in both, the reference, whose lead is zero, among them.

    Returns:
        column, models (number) and tau.
    """
    wide = leads.pivot_table(index="name", columns="column", values="value", sort=False)
    rows = []
    for column in wide.columns[1:]:
        both = wide[[wide.columns[0], column]].dropna().to_numpy()
        with_reference = np.vstack([both, [0.0, 0.0]])
        tau = kendalltau(*with_reference.T).statistic
        rows.append({"column": column, "models": len(with_reference), "tau": tau})
    return pd.DataFrame(rows, columns=["column", "models", "tau"])
