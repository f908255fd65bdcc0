"""Which users a model serves worse: each group against the rest, as it is and at equal activity."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.metrics.bootstrap import LEVEL
from reelbook.metrics.groups import compute_gaps, compute_levels, resample_sums
from reelbook.metrics.simultaneous import bound_all
from reelbook.report.compare import Groups
from reelbook.report.groups import (
    RATINGS,
    Units,
    choose_models,
    measure_lists,
    measure_ratings,
)

STRATA = 10  # by number of training ratings, with as many rows each as ties allow
FINISH: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "RMSE": np.sqrt, "mean error": np.asarray, "nDCG@10": np.asarray, "recall@10": np.asarray,
}  # fmt: skip
GAPS = [f"{name}{end}" for name in ("gap", "matched") for end in ("", "_low", "_high", "_clear")]
COLUMNS = ["measure", "model", "grouping", "group", "users", "rows", "value", "low", "high", *GAPS]


def is_higher_better(measure: str) -> bool:
    """Whether more of a measure serves a user better: so of lists, and not of errors."""
    return "@" in measure


def judge(row: Any) -> str:
    """How a group fares beside the rest: clearly worse, clearly better or no clear gap."""
    if not row["gap_clear"]:
        return "no clear gap"
    return (
        "clearly better"
        if (row["gap"] > 0) == is_higher_better(row["measure"])
        else "clearly worse"
    )


def compare_all(
    dataset: Dataset, official: Groups, ranked: Groups, *, least: int
) -> dict[str, pd.DataFrame]:
    """By measure, the gaps of the models that `groups.choose_models` takes, the best one first.

    A measure is not there where no model was run, or no grouping has two groups large enough.

    Args:
        dataset: what the runs were made on.
        official: the runs of each model that predicts stars, on the same splits.
        ranked: of each that makes lists.
        least: users that a group and its rest need.
    """
    found: dict[str, pd.DataFrame] = {}
    for runs, metric, measure_units in (
        (official, "rmse", measure_ratings),
        (ranked, "ndcg@10", measure_lists),
    ):
        if chosen := choose_models(runs, metric):
            units = measure_units(dataset, {model: runs[model] for model in chosen})
            found |= {name: compare_groups(units, name, least=least) for name in units.values}
    return {name: table for name, table in found.items() if len(table)}


def pick_best(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the first model, which is the best."""
    return table[table["model"] == table["model"].iloc[0]]


def compare_groups(units: Units, measure: str, *, least: int) -> pd.DataFrame:
    """Each group against all other rows of its grouping, by each model.

    Intervals of gaps hold all gaps of this table at once, and so do those of matched gaps
    (`metrics.simultaneous`). Of two groups only the first has a gap: that of the other is its
    mirror image. Groups of fewer than `least` users have no row, but belong to the rest.

    Args:
        units: what was measured.
        measure: a name in its values.
        least: users that a group and its rest need.

    Returns:
        measure, model, grouping, group, users, rows; value with low and high of its own 95%
        interval; gap, gap_low, gap_high and gap_clear, whether that leaves zero out; and the same
        of matched, the gap to a rest with the group's distribution of training ratings, missing
        where these ratings are the grouping.
    """
    strata = pd.qcut(units.counts, STRATA, labels=False, duplicates="drop")
    about: list[tuple[str, str, int, int]] = []
    parts: list[tuple[np.ndarray, ...]] = []
    for grouping in units.groups:
        inside = units.groups[grouping].notna().to_numpy()
        group = units.groups[grouping][inside].cat.remove_unused_categories()
        kept, num_users, num_rows = _count(units.users[inside], group, least)
        if not kept.any():
            continue
        found = _resample(units, measure, inside, group, strata)
        if len(kept) == 2:
            found[1][:, 1] = found[2][:, 1] = np.nan
        if grouping == RATINGS:
            found[2][:] = np.nan
        parts.append(tuple(samples[:, kept] for samples in found))
        names = group.cat.categories[kept]
        numbers = zip(names, num_users[kept], num_rows[kept], strict=True)
        about += [(str(grouping), *row) for row in numbers]
    table = pd.DataFrame(about, columns=["grouping", "group", "users", "rows"])
    if table.empty:
        return table.reindex(columns=COLUMNS)
    levels, gaps, matched = (np.concatenate(p, axis=1) for p in zip(*parts, strict=True))
    low, high = np.nanquantile(levels[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    columns = {"value": levels[0], "low": low, "high": high}
    columns |= _bound("gap", gaps) | _bound("matched", matched)
    models = units.values[measure].columns
    whole = [
        table.assign(
            measure=measure,
            model=model,
            **{name: column[:, place] for name, column in columns.items()},
        )
        for place, model in enumerate(models)
    ]
    return pd.concat(whole, ignore_index=True)[COLUMNS]


def _count(
    users: np.ndarray, group: pd.Series, least: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whether each group and its rest have enough users, its users, and its rows (groups,)."""
    found, places = np.unique(users, return_inverse=True)
    codes = group.cat.codes.to_numpy()
    rows = np.zeros((len(found), len(group.cat.categories)), int)
    np.add.at(rows, (places, codes), 1)
    inside, outside = rows > 0, rows < rows.sum(axis=1, keepdims=True)
    kept = (inside.sum(axis=0) >= least) & (outside.sum(axis=0) >= least)
    return kept, inside.sum(axis=0), rows.sum(axis=0)


def _resample(
    units: Units, measure: str, inside: np.ndarray, group: pd.Series, strata: np.ndarray
) -> list[np.ndarray]:
    """Levels, gaps and matched gaps of the groups (1 + resamples, groups, models)."""
    shape = len(group.cat.categories), int(strata.max()) + 1
    cells = group.cat.codes.to_numpy("int64") * shape[1] + strata[inside]
    values = units.values[measure].to_numpy()[inside]
    sums = resample_sums(units.users[inside], cells, values, num_cells=shape[0] * shape[1])
    sums = sums.reshape(len(sums), *shape, -1)
    finish = FINISH[measure]
    plain = compute_gaps(sums.sum(axis=2, keepdims=True), finish)
    return [compute_levels(sums, finish), plain, compute_gaps(sums, finish)]


def _bound(name: str, samples: np.ndarray) -> dict[str, np.ndarray]:
    """A gap with its bounds and whether they leave zero out, each (groups, models)."""
    value = samples[0]
    told = ~np.isnan(value)
    half = np.full(value.shape, np.nan)
    if told.any():
        half[told] = bound_all(samples[:, told])
    ends = {f"{name}_low": value - half, f"{name}_high": value + half}
    return {name: value, **ends, f"{name}_clear": np.abs(value) > half}


def format_gaps(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of one model for a page: the measure with its interval, and the gap with its own."""
    measure = str(table["measure"].iloc[0])
    names = {
        "grouping": "grouping", "group": "group", "users": "users", "value": measure,
        "low": "low", "high": "high", "gap": "gap", "gap_low": "from", "gap_high": "to",
    }  # fmt: skip
    return table[list(names)].rename(columns=names)


def format_matched(table: pd.DataFrame) -> pd.DataFrame:
    """The groups of one model that are clear before or after matching, with both gaps as texts."""
    clear = table["gap_clear"] | table["matched_clear"]
    shown = table[clear & table["matched"].notna()]
    texts = {"gap": _write(shown, "gap"), "at equal activity": _write(shown, "matched")}
    return shown[["grouping", "group"]].assign(**texts)


def spread_models(table: pd.DataFrame) -> pd.DataFrame:
    """A row a group that has a gap, and a column a model with this gap as a text."""
    shown = table.dropna(subset="gap").assign(text=lambda rows: _write(rows, "gap"))
    keys = ["grouping", "group"]
    columns = [
        rows.set_index(keys)["text"].rename(str(model))
        for model, rows in shown.groupby("model", sort=False)
    ]
    return pd.concat(columns, axis=1).reset_index()


def _write(table: pd.DataFrame, name: str) -> list[str]:
    """A gap and half the width of its interval, with a star where it is clear: "+0.1 ± 0.05*"."""
    columns = (table[name], table[f"{name}_high"], table[f"{name}_clear"])
    return [
        f"{value:+.3f} ± {high - value:.3f}{'*' if clear else ''}"
        for value, high, clear in zip(*columns, strict=True)
    ]
