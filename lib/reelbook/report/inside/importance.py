"""Which features matter to a deep and cross network, by three measures that can disagree.

Weights: the norm of the block of the cross layer's W between two features, as document B reads it.
A product of embeddings x_i W_ij x_j keeps its value if an embedding grows and W_ij shrinks by the
same factor, so the norm alone says nothing of what reaches the prediction. Permutation (Breiman
2001, section 10): by how much the test error rises if a feature's values are dealt out anew among
the test rows. Leaving out: by how much it rises if the model is trained without the feature.
"""

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.metrics.ratings import compute_rmse
from reelbook.runs.store import Run
from reelbook.splits.split import Split

if TYPE_CHECKING:  # what reads the records of runs, as chapter 01 does, does without TensorFlow
    import tf_keras as keras

    from reelbook.models.fitting.epochs import Rows


def restore_model(run: Run, dataset: Dataset, split: Split) -> "tuple[keras.Model, Rows]":
    """A trained network and the test rows that it predicted.

    Args:
        run: of a model that reads rows of inputs.
        dataset: the canonical tables.
        split: the one that the run was made on.
    """
    learned = run.restore(dataset, split)
    assert learned.encode is not None  # of a network that reads rows
    return learned.model, learned.encode(dataset.ratings.iloc[split.test])


def read_blocks(run: Run) -> pd.DataFrame:
    """Norm of each block of the full cross weights of a run, see `dcn.measure_blocks`."""
    features = run.record.params["features"]
    return pd.DataFrame(run.record.extra["blocks"], features, features, dtype="float32")


def rank_pairs(blocks: pd.DataFrame) -> pd.Series:
    """Norm of both blocks of each pair of different features together, the largest first."""
    pairs = {
        f"{a} x {b}": float(np.hypot(blocks.loc[a, b], blocks.loc[b, a]))
        for a, b in itertools.combinations(blocks.index, 2)
    }
    return pd.Series(pairs).sort_values(ascending=False, kind="stable")


def sum_by_feature(blocks: pd.DataFrame) -> pd.Series:
    """Norm of all blocks that a feature shares with another one."""
    squares = blocks.to_numpy() ** 2
    np.fill_diagonal(squares, 0)
    return pd.Series(np.sqrt(squares.sum(axis=0) + squares.sum(axis=1)), index=blocks.index)


def measure_embeddings(model: "keras.Model", rows: "Rows", features: list[str]) -> pd.Series:
    """Root mean square of each feature's embeddings over these rows, unknown rows included."""
    table = model.get_layer("embeddings").get_weights()[0]  # (values, dim)
    squares = (table**2).mean(axis=1)[rows.inputs["codes"]]  # (rows, features)
    return pd.Series(np.sqrt(squares.mean(axis=0)), index=features)


def permute_features(
    model: "keras.Model", rows: "Rows", features: list[str], *, seed: int
) -> pd.Series:
    """Rise of the RMSE in stars if the values of one feature change places among the rows."""
    from reelbook.models.fitting.epochs import predict  # here: TensorFlow

    rng = np.random.default_rng(seed)
    base = compute_rmse(rows.targets, predict(model, rows.inputs))
    rises = {}
    for place, name in enumerate(features):
        codes = rows.inputs["codes"].copy()
        codes[:, place] = rng.permutation(codes[:, place])
        predictions = predict(model, {**rows.inputs, "codes": codes})
        rises[name] = compute_rmse(rows.targets, predictions) - base
    return pd.Series(rises)


def correlate_ranks(columns: pd.DataFrame) -> pd.DataFrame:
    """Spearman's rank correlation of each pair of columns, from -1 to 1."""
    return columns.rank().corr()


def measure_agreement(columns: pd.DataFrame) -> dict[str, float]:
    """How far several rankings of the same things agree, a column each.

    Returns:
        correlation: mean of Spearman's over all pairs of columns, 1 for a single one;
        same_top: share of columns whose first is the most common first.
    """
    matrix = correlate_ranks(columns).to_numpy()
    pairs = matrix[np.triu_indices(len(matrix), k=1)]
    tops = columns.idxmax().value_counts(normalize=True)
    return {
        "correlation": float(pairs.mean()) if len(pairs) else 1.0,
        "same_top": float(tops.iloc[0]),
    }
