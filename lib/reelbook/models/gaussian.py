"""Stars as draws from one Gaussian: how much a user will like a movie, how sure, and why.

Around mu + b_i (`reelbook.models.baseline`, damped) the stars of a user are a Gaussian vector over
movies, the same for all users (Lawrence and Urtasun 2009, with a linear kernel):

    r_ui = mu + b_i + v_i . z_u + noise,    z_u ~ N(0, I),    noise ~ N(0, s2)

v_i is (s_b, q_i): one coordinate for users who give more stars than others to everything, variance
s_b^2, and the leading `dim` eigenvectors, times the roots of their values, of the movies' shrunk
covariance C_ij = sum_u e_ui e_uj / (n_ij + shrinkage), e the stars less mu + b_u + b_i and n_ij the
users of both. For a user who rated R, with V_R (R, dim + 1) and stars d_R less mu + b,

    P = (V_R' V_R + s2 I)^-1    weights = v_i' P V_R'     prediction = mu + b_i + weights . d_R
    variance = s2 (1 + v_i' P v_i) + s2 / (n_i + reg_i), the last for what is not known of b_i

so each rating's share in a prediction is a number, and a person who is not in the data is one more
draw. Predictions are clipped to the range of the training ratings.
"""

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse.linalg import eigsh

from reelbook.data.tables import Dataset
from reelbook.models.baseline import BIASES, learn_biases, predict_rows, read_ratings
from reelbook.models.features.matrix import list_movies, list_users, make_matrix
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
    grows="movies x movies",
    words={"gaussian.fold_in": "one Gaussian over movies, which a user's ratings narrow down"},
    source="Lawrence and Urtasun 2009",
    unseen="the mean and what is known of the other one",
)


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Fit a model of this family; `reelbook.models.fitting.grid.choose_and_refit` says how."""

    def learn(params: dict[str, Any], ratings: pd.DataFrame) -> Learned:
        taste = learn_taste(params, dataset, ratings)

        def predict(rows: pd.DataFrame) -> np.ndarray:
            return expect_rows(taste, dataset, ratings, rows)[0]

        return Learned(taste.vectors.size + taste.base.size, predict=predict)

    return choose_and_refit(learn, params, dataset, split, by=RMSE)


def learn_taste(params: dict[str, Any], dataset: Dataset, ratings: pd.DataFrame) -> Taste:
    """Learn the Gaussian from some ratings.

    Args:
        params: all parameters of the model.
        dataset: the canonical tables.
        ratings: to learn from.
    """
    users, movies = list_users(dataset), list_movies(dataset)
    known = read_ratings(ratings)
    predict_base, _ = learn_biases(known, params, seed=0)
    places = pd.Index(known.movies).get_indexer(movies)  # (movies,), -1 where never rated
    base = predict_base(np.full(len(movies), -1), places)
    rated = make_matrix(dataset, ratings).toarray().astype("float64")  # (users, movies)
    residuals = np.zeros_like(rated)
    cells = np.searchsorted(users, ratings["user_id"]), np.searchsorted(movies, ratings["movie_id"])
    residuals[cells] = ratings["rating"].to_numpy() - predict_rows(predict_base, known, ratings)
    covariance = residuals.T @ residuals / (rated.T @ rated + params["shrinkage"])
    values, axes = find_leading(covariance, min(params["dim"], len(covariance)))
    factors = axes * np.sqrt(values.clip(min=0))  # (movies, dim)
    level = np.full((len(movies), 1), np.sqrt(params["user_variance"]))
    return Taste(
        base,
        params["noise"] / (rated.sum(axis=0) + params["reg_i"]),
        np.hstack([level, factors]),
        params["noise"],
        known.trainset.rating_scale,
    )


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
    own = {user: (part["movie_id"], part["rating"]) for user, part in known.groupby("user_id")}
    stars, deviation = np.empty((2, len(rows)))
    users, targets = rows["user_id"].to_numpy(), np.searchsorted(movies, rows["movie_id"])
    for user in np.unique(users):
        at = np.flatnonzero(users == user)
        rated, given = own.get(user, (movies[:0], movies[:0]))
        places = np.searchsorted(movies, rated)
        found = expect_stars(taste, places, np.asarray(given, "float64"), targets=targets[at])
        stars[at], deviation[at] = found.stars, found.deviation
    return stars, deviation
