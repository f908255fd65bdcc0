"""Stars as draws from one Gaussian: how much a user will like a movie, how sure, and why.

Around mu + b_i (`reelbook.models.biases`) the stars of a user are a Gaussian vector over
movies, the same for all users (Lawrence and Urtasun 2009, with a linear kernel):

    r_ui = mu + b_i + v_i . z_u + noise,    z_u ~ N(0, I),    noise ~ N(0, s2)

v_i is (s_b, q_i): one coordinate for users who give more stars than others to everything, variance
s_b^2, and the leading `dim` eigenvectors, times the roots of their values, of the movies' shrunk
covariance C_ij = sum_u e_ui e_uj / (n_ij + shrinkage), e the stars less mu + b_u + b_i and n_ij the
users of both. For a user who rated R, with V_R (R, dim + 1) and stars d_R less mu + b,

    P = (V_R' V_R + s2 I)^-1    weights = v_i' P V_R'     prediction = mu + b_i + weights . d_R
    variance = s2 (1 + v_i' P v_i) + s2 / (n_i + reg_i), the last for what is not known of b_i

Of more than `MOST_MOVIES` movies only the most rated have a covariance; the rest have q_i = 0.

So each rating's share in a prediction is a number, and a person who is not in the data is one more
draw. Predictions are clipped to the range of the training ratings.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import eigsh

from reelbook.data.tables import Dataset
from reelbook.metrics.catalogue import Score
from reelbook.models.biases import BIASES, learn_biases, number_ratings
from reelbook.models.features.matrix import (
    count_ratings,
    list_most_rated,
    list_movies,
    list_users,
    make_matrix,
)
from reelbook.models.fit import Fit
from reelbook.models.fitting.grid import RMSE, Learned, choose_and_refit
from reelbook.models.fold_in import Taste, expect_stars
from reelbook.models.registry import Family
from reelbook.splits.split import Split

MODELS: dict[str, dict[str, Any]] = {
    "gaussian.fold_in": BIASES
    | {
        "reg_i": 3.0,
        "dim": 10,
        "shrinkage": 200.0,
        "user_variance": 0.2,  # stars squared
        "noise": 0.75,  # stars squared
        "grid": {"dim": [10, 20], "shrinkage": [200.0, 400.0]},
    },
}
FAMILY = Family(
    chapter="08_recommend",
    predicts="stars",
    words={"gaussian.fold_in": "one Gaussian over movies, which a user's ratings narrow down"},
    source="Lawrence and Urtasun 2009",
    unseen="the mean and what is known of the other one",
)


class Sums(NamedTuple):
    """What the covariance is made of, over `kept` movies.

    Attributes:
        base: mu + b_i of all movies (movies,).
        counts: n_i of all movies (movies,).
        kept: places of the movies that have a covariance, ascending.
        both: n_ij (kept, kept).
        products: sum_u e_ui e_uj (kept, kept).
        scale: the lowest and the highest stars.
    """

    base: np.ndarray
    counts: np.ndarray
    kept: np.ndarray
    both: np.ndarray
    products: np.ndarray
    scale: tuple[float, float]


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Fit a model of this family; `reelbook.models.fitting.grid.choose_and_refit` says how."""
    shared: dict[int, Sums] = {}  # the same for all settings of the grid, by the number of ratings

    def learn(params: dict[str, Any], ratings: pd.DataFrame) -> Learned:
        if len(ratings) not in shared:
            shared.clear()
            shared[len(ratings)] = sum_residuals(params, dataset, ratings)
        taste = make_taste(params, shared[len(ratings)])

        def predict(rows: pd.DataFrame) -> np.ndarray:
            return expect_rows(taste, dataset, ratings, rows)[0]

        return Learned(taste.vectors.size + taste.base.size, predict=predict)

    return choose_and_refit(learn, params, dataset, split, by=RMSE, quick=True)


def learn_taste(params: dict[str, Any], dataset: Dataset, ratings: pd.DataFrame) -> Taste:
    """Learn the Gaussian from some ratings.

    Args:
        params: all parameters of the model.
        dataset: the canonical tables.
        ratings: to learn from.
    """
    return make_taste(params, sum_residuals(params, dataset, ratings))


def sum_residuals(params: dict[str, Any], dataset: Dataset, ratings: pd.DataFrame) -> Sums:
    """Learn the biases, and sum the products of what they leave; `params` are reg_u and reg_i."""
    users, movies = list_users(dataset), list_movies(dataset)
    known = number_ratings(ratings)
    predict_base = learn_biases(known, params)
    places = pd.Index(known.movies).get_indexer(movies)  # (movies,), -1 where never rated
    rated = make_matrix(dataset, ratings)  # (users, movies)
    kept = list_most_rated(rated)
    cells = np.searchsorted(users, ratings["user_id"]), np.searchsorted(movies, ratings["movie_id"])
    left = known.stars - predict_base(known.user, known.movie)  # (ratings,)
    residuals = sparse.csr_matrix((left, cells), shape=rated.shape)[:, kept]
    seen = rated[:, kept]
    return Sums(
        predict_base(np.full(len(movies), -1), places),
        count_ratings(rated).astype("float64"),
        kept,
        (seen.T @ seen).toarray().astype("float64"),
        (residuals.T @ residuals).toarray(),
        known.scale,
    )


def make_taste(params: dict[str, Any], sums: Sums) -> Taste:
    """The Gaussian with the covariance's leading axes; `params` are all of the model."""
    covariance = sums.products / (sums.both + params["shrinkage"])
    values, axes = find_leading(covariance, min(params["dim"], len(covariance)))
    vectors = np.zeros((len(sums.base), 1 + len(values)))  # (movies, 1 + dim)
    vectors[:, 0] = np.sqrt(params["user_variance"])
    vectors[sums.kept, 1:] = axes * np.sqrt(values.clip(min=0))
    doubt = params["noise"] / (sums.counts + params["reg_i"])
    return Taste(sums.base, doubt, vectors, params["noise"], sums.scale)


def find_leading(symmetric: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
    """The largest eigenvalues (number,), ascending, and their vectors (movies, number).

    By Lanczos' iteration where they are few: all of them would cost the cube of the movies.
    """
    size = len(symmetric)
    if 4 * number > size or not symmetric.any():
        values, axes = np.linalg.eigh(symmetric)
        return values[size - number :], axes[:, size - number :]
    start = np.random.default_rng(0).normal(size=size)  # the same bits each time
    return eigsh(symmetric, k=number, which="LA", v0=start)


def expect_rows(
    taste: Taste, dataset: Dataset, known: pd.DataFrame, rows: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Stars of rows, and their standard deviation, each from the known ratings of its user.

    Args:
        taste: what was learned.
        dataset: the canonical tables.
        known: ratings of the users.
        rows: user_id and movie_id of what is to be predicted.

    Returns:
        Stars and deviations, float64 (rows,) each.
    """
    movies = list_movies(dataset)
    places, targets = (np.searchsorted(movies, part["movie_id"]) for part in (known, rows))
    given = known["rating"].to_numpy("float64")
    own = known.groupby("user_id").indices  # positions in `known`
    nothing = np.array([], int)
    stars, deviation = np.empty((2, len(rows)))
    for user, at in rows.groupby("user_id").indices.items():
        rated = own.get(user, nothing)
        found = expect_stars(taste, places[rated], given[rated], targets=targets[at])
        stars[at], deviation[at] = found.stars, found.deviation
    return stars, deviation


def make_star_table(taste: Taste, dataset: Dataset, known: pd.DataFrame) -> Score:
    """From user ids to the stars of all movies, as `expect_rows` gives them, (users, movies).

    Args:
        taste: what was learned.
        dataset: the canonical tables.
        known: ratings of the users.
    """
    users = list_users(dataset)
    rated = make_matrix(dataset, known).astype("float64")
    places = np.searchsorted(list_movies(dataset), known["movie_id"])
    left = known["rating"].to_numpy("float64") - taste.base[places]
    residuals = make_matrix(dataset, known, left)
    size = taste.vectors.shape[1]
    products = (taste.vectors[:, :, None] * taste.vectors[:, None, :]).reshape(-1, size**2)

    def expect(ids: np.ndarray) -> np.ndarray:
        rows = np.searchsorted(users, ids)
        inner = (rated[rows] @ products).reshape(-1, size, size) + taste.noise * np.eye(size)
        own = (residuals[rows] @ taste.vectors)[:, :, None]  # (users, dim + 1, 1)
        return (taste.base + np.linalg.solve(inner, own)[:, :, 0] @ taste.vectors.T).clip(
            *taste.scale
        )

    return expect
