"""The stars that someone will give to movies, by what `reelbook.models.gaussian` learned.

The equations stand there. This file needs only numpy, so a list is made without what learns.
"""

from typing import NamedTuple

import numpy as np


class Taste(NamedTuple):
    """What was learned, over the movies in the order of their ids.

    Attributes:
        base: mu + b_i, stars (movies,).
        doubt: variance of what is not known of b_i (movies,).
        vectors: v (movies, dim + 1).
        noise: s2.
        scale: the lowest and the highest rating there can be.
    """

    base: np.ndarray
    doubt: np.ndarray
    vectors: np.ndarray
    noise: float
    scale: tuple[float, float]


class Expected(NamedTuple):
    """Of some movies for one user.

    Attributes:
        stars: predictions (movies,).
        deviation: their standard deviation, in stars (movies,).
        pulls: what each of the user's ratings adds to a prediction, in stars (movies, ratings).
    """

    stars: np.ndarray
    deviation: np.ndarray
    pulls: np.ndarray


def expect_stars(
    taste: Taste, rated: np.ndarray, given: np.ndarray, *, targets: np.ndarray
) -> Expected:
    """What a user who gave these stars will give.

    Args:
        taste: what was learned.
        rated: which movies the user rated, places in the order of the ids (ratings,).
        given: the stars (ratings,).
        targets: of which movies to predict the stars, places (movies,).
    """
    own, asked = taste.vectors[rated], taste.vectors[targets]
    inner = own.T @ own + taste.noise * np.eye(own.shape[1])  # (dim + 1, dim + 1)
    solved = np.linalg.solve(inner, asked.T)  # (dim + 1, movies)
    pulls = (own @ solved).T * (given - taste.base[rated])  # (movies, ratings)
    variance = taste.noise * (1 + np.sum(asked.T * solved, axis=0)) + taste.doubt[targets]
    stars = (taste.base[targets] + pulls.sum(axis=1)).clip(*taste.scale)
    return Expected(stars, np.sqrt(variance), pulls)
