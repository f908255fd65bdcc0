"""How large the data are, how they pile up on few movies, and how far their scale is used."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from reelbook.data.tables import count_rated
from reelbook.report.exploration import compute_density, find_share_of_top

RARE = 5  # a movie with fewer ratings is rarely seen
QUARTILES = [0.25, 0.5, 0.75]


class Shape(NamedTuple):
    """Size and tail.

    Attributes:
        counts: of `ratings`, of the `users` who gave them and of the `movies` that got them.
        density: share of all pairs of a user and a movie that hold a rating.
        per_user: quartiles of the number of ratings of a user, and `per_movie` of a movie.
        top_1: share of the ratings that is on the most rated 1% of the movies, `top_10` on 10%.
        gini: of the ratings over the movies: 0 if all have as many, near 1 if few have them all.
        rare: share of the movies with fewer than RARE ratings.
    """

    counts: dict[str, int]
    density: float
    per_user: tuple[float, ...]
    per_movie: tuple[float, ...]
    top_1: float
    top_10: float
    gini: float
    rare: float


class Scale(NamedTuple):
    """The values that ratings take.

    Attributes:
        shares: of the ratings, by value, the lowest value first.
        entropy: of the values, in bits.
        constant: share of the users with at least two ratings who give one value only; None if
            there are no such users.
    """

    shares: pd.Series
    entropy: float
    constant: float | None


def measure_shape(ratings: pd.DataFrame) -> Shape:
    """Size and tail of canonical ratings."""
    per_user, per_movie = (ratings[key].value_counts() for key in ("user_id", "movie_id"))
    counts = np.sort(per_movie.to_numpy())
    number = len(counts)
    places = np.arange(1, number + 1)
    return Shape(
        count_rated(ratings),
        compute_density(ratings),
        tuple(per_user.quantile(QUARTILES)),
        tuple(per_movie.quantile(QUARTILES)),
        find_share_of_top(ratings, "movie_id", 0.01),
        find_share_of_top(ratings, "movie_id", 0.1),
        float(2 * (places * counts).sum() / (number * counts.sum()) - (number + 1) / number),
        float((counts < RARE).mean()),
    )


def measure_scale(ratings: pd.DataFrame) -> Scale:
    """How far the scale of canonical ratings is used."""
    shares = ratings["rating"].value_counts(normalize=True).sort_index()
    by_user = ratings.groupby("user_id")["rating"].agg(["size", "min", "max"])
    several = by_user[by_user["size"] > 1]
    constant = float((several["min"] == several["max"]).mean()) if len(several) else None
    return Scale(shares, float(-(shares * np.log2(shares)).sum()), constant)
