"""Damped biases of users and movies: the part of a rating that says nothing about taste.

With mu the mean of the known ratings,

    b_ui = mu + b_u + b_i
    b_i  = sum_u (r_ui - mu - b_u) / (reg_i + n_i)
    b_u  = sum_i (r_ui - mu - b_i) / (reg_u + n_u)

by alternating least squares from b_u = 0 (Koren 2010, section 2.1), in as many rounds as the
package Surprise makes. A user or movie without a known rating has the bias 0.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

BIASES: dict[str, Any] = {
    "reg_u": 10.0,
    "reg_i": 5.0,
}  # each as if this many more ratings had no residual
ROUNDS = 10

# From places of users and movies, -1 where unknown, to stars, all of shape (rows,).
Predictor = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Known(NamedTuple):
    """Ratings to learn from, with users and movies numbered in the order of their first rating.

    Attributes:
        users: ids of the users by their number.
        movies: ids of the movies by their number.
        user: number of each rating's user (ratings,).
        movie: number of each rating's movie (ratings,).
        stars: float64 (ratings,).
        mean: of the stars.
        scale: the lowest and the highest stars.
    """

    users: np.ndarray
    movies: np.ndarray
    user: np.ndarray
    movie: np.ndarray
    stars: np.ndarray
    mean: float
    scale: tuple[float, float]


def number_ratings(ratings: pd.DataFrame) -> Known:
    """Ratings with user_id, movie_id and rating, numbered."""
    user, users = pd.factorize(ratings["user_id"])
    movie, movies = pd.factorize(ratings["movie_id"])
    stars = ratings["rating"].to_numpy("float64")
    scale = float(stars.min()), float(stars.max())
    return Known(
        np.asarray(users), np.asarray(movies), user, movie, stars, float(stars.mean()), scale
    )


def learn_biases(known: Known, params: dict[str, Any]) -> Predictor:
    """Learn b_u and b_i.

    Args:
        known: what to learn from.
        params: with reg_u and reg_i.
    """
    centred = known.stars - known.mean  # (ratings,)
    rated = params["reg_i"] + np.bincount(known.movie)  # (movies,)
    given = params["reg_u"] + np.bincount(known.user)  # (users,)
    of_user = np.zeros(len(known.users))
    for _ in range(ROUNDS):
        of_movie = np.bincount(known.movie, centred - of_user[known.user]) / rated
        of_user = np.bincount(known.user, centred - of_movie[known.movie]) / given
    return predict_by_biases(known.mean, of_user, of_movie)


def predict_by_biases(mean: float, of_user: np.ndarray, of_movie: np.ndarray) -> Predictor:
    """The sum mu + b_u + b_i, where those of the unknown are 0."""
    of_user, of_movie = np.append(of_user, 0.0), np.append(of_movie, 0.0)  # place -1 is the last
    return lambda users, movies: mean + of_user[users] + of_movie[movies]


def predict_rows(predict: Predictor, rows: pd.DataFrame, *, known: Known) -> np.ndarray:
    """Stars of rows with user_id and movie_id, float64 (rows,), by what `known` taught."""
    return predict(
        pd.Index(known.users).get_indexer(rows["user_id"]),  # -1 where unknown
        pd.Index(known.movies).get_indexer(rows["movie_id"]),
    )
