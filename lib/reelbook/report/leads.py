"""How much of a rating model's lead over biases is left where no model sees the future."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.metrics.ratings import compute_rmse
from reelbook.report.compare import Groups, compare_models
from reelbook.splits.split import Split

REFERENCE = "baseline.biases"
BY_TIME = "global-time-stars"  # label of models of stars, which make no lists, on `global-time`


def compare_leads(random: Groups, by_time: Groups) -> pd.DataFrame:
    """A row a model, the largest lead first: by how much its RMSE lies below that of biases.

    Args:
        random: the runs of each model where test rows are drawn.
        by_time: those where test rows follow all others.

    Returns:
        name; lead, lead_low and lead_high in stars where rows are drawn, and later, later_low and
        later_high by time, each with its 95% interval over users; kept: later / lead.
    """
    models = [m for m in random if m in by_time and m != REFERENCE and REFERENCE in random]
    pairs = [(REFERENCE, model) for model in models]
    parts = {"lead": compare_models(random, pairs), "later": compare_models(by_time, pairs)}
    columns = {
        name + end: found[column].to_numpy()
        for name, found in parts.items()
        for end, column in (("", "value"), ("_low", "low"), ("_high", "high"))
    }
    table = pd.DataFrame({"name": models, **columns})
    table["kept"] = table["later"] / table["lead"]
    return table.sort_values("lead", ascending=False, ignore_index=True)


def compare_views(groups: Groups, models: Sequence[str], folds: Collection[int]) -> pd.DataFrame:
    """A row a model that is there: name, and its lead over biases on these folds, in stars."""
    names = [REFERENCE, *(model for model in models if model in groups)]
    alike = {m: [run for run in groups[m] if run.record.split["fold"] in folds] for m in names}
    table = compare_models(alike, [(REFERENCE, model) for model in names[1:]])
    return table.assign(name=names[1:])


def measure_new(groups: Groups, dataset: Dataset, split: Split) -> pd.DataFrame:
    """A row a model: its RMSE on test rows whose user and movie are known, and on the others.

    Args:
        groups: the run of each model on the split.
        dataset: what the split was made of.
        split: whose known rows say who is new.

    Returns:
        name; known, new_user and new_movie: the RMSE, missing where there is no such row, with
        the number of rows as known_rows and so on. A row of a new user and a new movie is in both.
    """
    known = dataset.ratings.iloc[split.known]
    rows = []
    for model, (run,) in groups.items():
        table = run.predictions
        new_user = ~table["user_id"].isin(known["user_id"])
        new_movie = ~table["movie_id"].isin(known["movie_id"])
        parts = {"known": ~(new_user | new_movie), "new_user": new_user, "new_movie": new_movie}
        row: dict[str, object] = {"name": model}
        for name, is_in in parts.items():
            stars, predicted = (table.loc[is_in, c].to_numpy() for c in ("rating", "prediction"))
            row[name] = compute_rmse(stars, predicted) if len(stars) else np.nan
            row[f"{name}_rows"] = len(stars)
        rows.append(row)
    return pd.DataFrame(rows)
