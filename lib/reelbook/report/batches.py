"""The figures of a batch: means over seeds and folds, for each setting that was varied."""

import functools
import re
from collections.abc import Sequence
from statistics import fmean

import numpy as np
import pandas as pd

from reelbook.metrics.catalogue import estimate_ranking
from reelbook.metrics.metric import Metric
from reelbook.metrics.ratings import estimate_metric
from reelbook.metrics.registry import RANKING_METRICS, RATING_METRICS
from reelbook.runs.store import Run, read_run

find_run = functools.cache(read_run)  # notebooks share runs, and every call hashes their files


def list_axes(varied: list[str]) -> list[str]:
    """The varied parameters to compare over: not seeds and folds, which are averaged over.

    Where nothing else varies, these. The data set comes first: the others are seen within it.
    """
    axes = [name for name in varied if not re.fullmatch(r"(\w+_)?(seed|fold)s?", name)] or varied
    return sorted(axes, key=lambda name: name != "dataset")


def drop_constant(figures: pd.DataFrame, axes: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """Figures without the models whose runs are the same whatever the axes say, and their names.

    A data set always changes a run, so a model is constant if it is so within each data set.
    """
    keys = ["protocol", "model", "dataset"]
    inner = [name for name in axes if name != "dataset"]
    if not inner:
        return figures, []
    runs = figures.groupby([*keys, *inner])["run_id"].agg(lambda ids: " ".join(sorted(set(ids))))
    settings = figures.groupby("dataset")[inner].apply(lambda rows: len(rows.drop_duplicates()))
    num_sets = runs.groupby(level=keys).nunique()
    several = settings.reindex(num_sets.index.get_level_values("dataset")).to_numpy() > 1
    still = ((num_sets == 1) & several).groupby(level=keys[:2]).all()
    names = set(still.index[still])
    is_still = [pair in names for pair in zip(figures["protocol"], figures["model"], strict=True)]
    told = [f"{model} ({protocol})" for protocol, model in sorted(names)]
    return figures[~np.array(is_still, dtype=bool)], told


def estimate(figures: pd.DataFrame, axes: list[str]) -> pd.DataFrame:
    """A row a setting and model: value (mean over its runs), its interval, and number of runs.

    Args:
        figures: rows of one metric on test rows, under one protocol.
        axes: the columns that make the settings.
    """
    rows = []
    for key, group in figures.groupby([*axes, "model"], sort=False):
        runs = [find_run(run_id) for run_id in sorted(set(group["run_id"]))]
        mean = average(runs, group["metric"].iloc[0])
        row = dict(zip([*axes, "model"], key, strict=True))
        row |= {"value": mean.value, "low": mean.low, "high": mean.high, "runs": len(runs)}
        rows.append(row)
    table = sort_values(pd.DataFrame(rows), [*axes, "model"])
    return table.astype({"low": float, "high": float})


def average(runs: Sequence[Run], metric: str) -> Metric:
    """A metric on test rows as the mean over runs, with an interval where one can be drawn."""
    if len(runs) == 1:
        return runs[0].record.get_metric(metric)
    files = runs[0].record.files
    if metric in RATING_METRICS and "predictions.parquet" in files:
        return estimate_metric([run.predictions for run in runs], metric=metric)
    if metric.split("@")[0] in RANKING_METRICS and "ranks.parquet" in files:
        return estimate_ranking([run.ranks for run in runs], metric=metric)
    return Metric("test", metric, fmean(run.record.get_metric(metric).value for run in runs))


def sort_values(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """A table in the order of columns of text, numbers among them as numbers."""

    def rank(text: str) -> tuple[bool, list[float], str]:
        try:
            return False, [float(part) for part in text.split(",")], ""
        except ValueError:
            return True, [], text

    order = sorted(range(len(table)), key=lambda n: [rank(table[name].iloc[n]) for name in names])
    return table.iloc[order].reset_index(drop=True)
