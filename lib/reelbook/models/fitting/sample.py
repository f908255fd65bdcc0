"""Settings are tried on a sample of users where there are too many ratings for all of them.

Above MOST_TUNED ratings to train on and to choose by, a grid is tried on the ratings of users drawn
by a seed, the same users for all models of a split, who have about MOST_TUNED of them. The best
setting is then fitted to all ratings as if it had been given, its epoch chosen on all validation
rows. A run's record tells of it as `tuned_on`. What a setting weighs against a count of ratings,
such as a penalty for a movie, counts for somewhat more in the sample, where a movie has fewer;
topn.ials makes up for it.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from reelbook.data.tables import Dataset
from reelbook.models.fit import Fit
from reelbook.splits.split import Split

MOST_TUNED = 2_000_000
SAMPLE_SEED = 0


def fit_tuned(
    fit: Callable[..., Fit],
    model: str,
    params: dict[str, Any],
    dataset: Dataset,
    split: Split,
    seed: int,
) -> Fit:
    """Fit a model, its grid tried on a sample where there are many ratings.

    Args:
        fit: of the model's family.
        model: its name.
        params: all of its parameters.
        dataset: the canonical tables.
        split: row positions in `dataset.ratings`.
        seed: decides all that is drawn.
    """
    sample = sample_for_tuning(dataset, split) if params.get("grid") else None
    if sample is None:
        return fit(model, params, dataset, split, seed)
    tuned = fit(model, params, dataset, sample, seed).extra
    found = fit(model, params | tuned["chosen"] | {"grid": {}}, dataset, split, seed)
    tuned_on = {"ratings": len(sample.train), "of": len(split.train)}
    found.extra.update(chosen=tuned["chosen"], tried=tuned["tried"], tuned_on=tuned_on)
    return found


def sample_for_tuning(dataset: Dataset, split: Split) -> Split | None:
    """The rows of a split that a grid is tried on; None where these are all of them."""
    if len(split.train) + len(split.validation) <= MOST_TUNED:
        return None
    user_of_row = dataset.ratings["user_id"].to_numpy()
    chosen = np.concatenate([split.train, split.validation])
    users, counts = np.unique(user_of_row[chosen], return_counts=True)
    order = np.random.default_rng(SAMPLE_SEED).permutation(len(users))
    size = max(1, int(np.searchsorted(np.cumsum(counts[order]), MOST_TUNED, side="right")))
    drawn = users[order[:size]]
    parts = {name: getattr(split, name) for name in ("train", "validation", "test")}
    kept = {name: rows[np.isin(user_of_row[rows], drawn)] for name, rows in parts.items()}
    return dataclasses.replace(split, **kept)
