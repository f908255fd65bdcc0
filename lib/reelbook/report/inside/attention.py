"""What a trained sequence model looks at: its attention over the past, of a row and on average."""

import numpy as np
import pandas as pd
import tf_keras as keras

from reelbook.data.tables import Dataset
from reelbook.data.titles import name_movie
from reelbook.models.fitting.epochs import Rows
from reelbook.models.fitting.loop import apply_model
from reelbook.report.inside.importance import restore_model as restore_model

BLOCK = 4096  # rows; bounds the memory


def compute_attention(model: keras.Model, rows: Rows) -> np.ndarray:
    """Attention of each row's target, float32 (rows, heads, length + 1).

    The places are the past ratings, the latest first, and last the target itself. Over them each
    head's weights sum to one; padding has none.
    """
    attention = keras.Model(model.inputs, model.get_layer("attention").output[1])
    return apply_model(attention, rows.inputs, block=BLOCK)


def average_attention(attention: np.ndarray, rows: Rows) -> pd.DataFrame:
    """Mean weight by place, over rows whose past is full.

    Returns:
        head (from 1), place (1 is the latest past rating) and weight; none where no past is full.
    """
    full = (rows.inputs["history"] > 0).all(axis=1)
    mean = attention[full].mean(axis=0) if full.any() else attention[:0].sum(axis=0)
    table = pd.DataFrame(mean[:, :-1]).rename_axis("head").reset_index()
    table = table.melt("head", var_name="place", value_name="weight").astype({"place": int})
    table = table if full.any() else table.iloc[:0]
    return table.assign(head=table["head"] + 1, place=table["place"] + 1)


def describe_past(attention: np.ndarray, rows: Rows, row: int, dataset: Dataset) -> pd.DataFrame:
    """The past of one row as a person reads it, the latest first.

    Returns:
        place (from 1), title with year, stars, weight (mean over heads) and head_1, head_2, ...
    """
    codes = rows.inputs["history"][row]
    size = int((codes > 0).sum())
    movies = dataset.movies.sort_values("movie_id").iloc[codes[:size] - 1]
    weights = attention[row][:, :size]  # (heads, size)
    table = pd.DataFrame(
        {
            "place": np.arange(1, size + 1),
            "title": [name_movie(movie) for movie in movies.itertuples()],
            "stars": rows.inputs["stars"][row, :size],
            "weight": weights.mean(axis=0),
        }
    )
    heads = {f"head_{number}": values for number, values in enumerate(weights, 1)}
    return table.assign(**heads)


def find_example(rows: Rows, number: int) -> int:
    """The test row to show: the `number`-th (from 0) whose past is as long as any."""
    sizes = (rows.inputs["history"] > 0).sum(axis=1)
    longest = np.flatnonzero(sizes == sizes.max())
    return int(longest[number % len(longest)])
