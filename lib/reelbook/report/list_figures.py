"""From what the lists of users hold to figures with intervals, frontiers and tables."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from reelbook.metrics import beyond
from reelbook.metrics.bootstrap import resample_columns
from reelbook.metrics.simultaneous import bound_all
from reelbook.report.groups import TASTES
from reelbook.report.inside.two_tower import mark_untrained
from reelbook.report.listed import BETAS

# What is measured of each user -> what stands in the tables: the mean over users, but for ratios.
RATIOS = {
    "lift": ("listed", "rated"),
    **{f"lift {taste}": (f"listed {taste}", f"rated {taste}") for taste in TASTES},
    **{f"recall {beta:g}": (f"found {beta:g}", f"there {beta:g}") for beta in BETAS},
}
LIFTS = ["lift", *(f"lift {taste}" for taste in TASTES)]


def estimate(values: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A row a list: each figure as the mean over users, and half the width of its interval.

    The intervals of a figure hold for all lists at once, and those of LIFTS for all groups, too
    (`simultaneous.bound_all`). A user without a value, such as for genres, does not count.

    Args:
        values: by name, a row a user, the same users in all.

    Returns:
        Indexed by the names: the columns of the values and of RATIOS, each followed by one with ±
        before its name; NaN where a list has no such figure.
    """
    columns = list(dict.fromkeys(str(name) for table in values.values() for name in table))
    wide = pd.concat([table.reindex(columns=columns) for table in values.values()], axis=1)
    wide = wide.set_axis(range(wide.shape[1]), axis=1)
    filled, there = wide.fillna(0.0), wide.notna().astype("float64")
    point = _split_means(filled.mean().to_numpy(), there.mean().to_numpy(), columns)
    samples = _split_means(resample_columns(filled), resample_columns(there), columns)
    found: dict[str, np.ndarray] = {}
    parts = {name for pair in RATIOS.values() for name in pair}
    single = [*(n for n in RATIOS if n not in LIFTS), *(n for n in columns if n not in parts)]
    for names in [LIFTS, *([name] for name in single)]:
        figures = np.concatenate([pick_figure(point, name)[0] for name in names])
        drawn = np.concatenate([pick_figure(samples, name) for name in names], axis=1)
        known = ~np.isnan(drawn).any(axis=0)
        half = np.full(len(figures), np.nan)
        if known.any():
            half[known] = bound_all(np.vstack([figures, drawn])[:, known])
        for place, name in enumerate(names):
            own = slice(place * len(values), (place + 1) * len(values))
            found |= {name: figures[own], f"± {name}": half[own]}
    return pd.DataFrame(found, index=pd.Index(values, name="model"))


def _split_means(sums: np.ndarray, there: np.ndarray, columns: list[str]) -> dict[str, np.ndarray]:
    """Means over the users with a value, by column: (resamples, lists), or one row."""
    means = beyond.divide(sums, there).reshape(len(np.atleast_2d(sums)), -1, len(columns))
    return {name: means[:, :, place] for place, name in enumerate(columns)}


def pick_figure(means: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """A figure from the means of columns, (resamples, lists); NaN where a list has none."""
    if name not in RATIOS:
        return means[name]
    missing = np.full_like(means["listed"], np.nan)
    above, below = (means.get(part, missing) for part in RATIOS[name])
    return beyond.compute_lift(above, below) if name in LIFTS else above / below


def keep_near(figures: pd.DataFrame) -> pd.DataFrame:
    """The models with at least half of the best nDCG, the best first: lists worth comparing."""
    models = figures.dropna(subset="ndcg").sort_values("ndcg", ascending=False, kind="stable")
    return models[models["ndcg"] >= models["ndcg"].max() / 2]


def find_front(figures: pd.DataFrame, name: str, *, higher: bool) -> list[str]:
    """Models than which no other has both a higher nDCG and a better figure, the best nDCG first.

    Args:
        figures: indexed by model, with ndcg and the figure.
        name: of the figure.
        higher: whether more of it is better.
    """
    ordered = figures[["ndcg", name]].sort_values("ndcg", ascending=False, kind="stable")
    worth = ordered[name] if higher else -ordered[name]
    best = worth.cummax().shift(fill_value=-np.inf)
    return ordered.index[worth > best].tolist()


def list_exposure(exposure: pd.DataFrame) -> pd.DataFrame:
    """Coverage and Gini of each list: means over splits, and lowest and highest where several.

    Without an interval over users: of users drawn again some are missing, so that their lists would
    always show less of the catalogue.

    Args:
        exposure: of `Measured`.
    """
    grouped = exposure.drop(columns="seed").groupby("model", sort=False)
    table = grouped.mean()
    if exposure["seed"].nunique() > 1:
        for name in table.columns.tolist():
            table[f"{name} from"], table[f"{name} to"] = grouped[name].min(), grouped[name].max()
    return table


def list_panels(figures: pd.DataFrame) -> dict[str, tuple[str, bool]]:
    """What the map shows against accuracy: the figure, its label, and whether more is better."""
    panels = {
        "lift": ("popularity lift", False),
        "coverage": ("coverage of the catalogue", True),
        "distance": ("distance within a list", True),
        "novelty": ("novelty in bits", True),
    }
    if "miscalibration" in figures:
        del panels["novelty"]
        panels["miscalibration"] = ("miscalibration of genres", False)
    return panels


def format_figures(figures: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """A table for a page, the best nDCG first; held-out movies stand above.

    Args:
        figures: as `estimate` gives them, perhaps with other columns.
        names: heading of each figure to show; those that are not there are left out.
    """
    ordered = figures.sort_values("ndcg", ascending=False, kind="stable", na_position="first")
    columns = {"model": mark_untrained(ordered.index)}
    for name, heading in names.items():
        for mark in ("", "± "):
            if mark + name in ordered:
                columns[mark + heading] = ordered[mark + name].tolist()
    return pd.DataFrame(columns)
