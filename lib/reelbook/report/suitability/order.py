"""Whether ratings have an order in time, and whether that order carries anything.

With e_1, ..., e_n what damped biases leave of a user's ratings in the order of time, and k the
number of pairs e_t, e_t+1 that were given at different times,

    correlation = sum_u (P_u - k_u E_u) / sum_u (k_u V_u)

where P is the sum of e_t e_t+1 over these pairs, V the mean of e_t squared, and E the mean of the
product of two different ratings of the user: what a drawn order gives. So a user who is generous or
noisy as a whole adds nothing. The interval is the normal approximation for a ratio of sums over
users, who are drawn independently of each other.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from reelbook.data.tables import order_by_time
from reelbook.report.exploration import DAY, measure_time
from reelbook.report.suitability.resolution import FEW_USERS

DAMPING = {"user_id": 10.0, "movie_id": 5.0}  # ratings without a residual (Koren 2010)
ROUNDS = 5  # of alternating fits; the biases then move in the third decimal at most
LEAST = 1e-9  # a variance below is rounding


class Correlation(NamedTuple):
    """Of successive residuals, beyond that of a drawn order, with its 95% interval."""

    value: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


class Order(NamedTuple):
    """What time says.

    Attributes:
        tied: share of the ratings with the time of another one of their user.
        within_a_day: share of the users whose ratings all lie within a day.
        correlation: of successive ratings; None without stars, where nothing varies, or where fewer
            than FEW_USERS users rated at different times.
    """

    tied: float
    within_a_day: float
    correlation: Correlation | None


def measure_order(ratings: pd.DataFrame, *, has_stars: bool) -> Order:
    """What time says of canonical ratings that have times.

    Args:
        ratings: the canonical ratings.
        has_stars: whether the ratings are more than ones.
    """
    times = ratings.groupby("user_id")["timestamp"]
    within_a_day = (times.max() - times.min() < DAY).mean()
    found = correlate_successive(ratings, compute_residuals(ratings)) if has_stars else None
    return Order(measure_time(ratings)["tied_ratings"], float(within_a_day), found)


def compute_residuals(ratings: pd.DataFrame) -> np.ndarray:
    """What is left of each rating without the mean and damped biases of user and movie, (rows,)."""
    stars = ratings["rating"].to_numpy("float64")
    rest = stars - stars.mean()
    codes = {key: pd.factorize(ratings[key])[0] for key in ("movie_id", "user_id")}
    bias = {key: np.zeros(code.max() + 1) for key, code in codes.items()}
    for _ in range(ROUNDS):
        for key, code in codes.items():
            rest += bias[key][code]
            bias[key] = np.bincount(code, rest) / (np.bincount(code) + DAMPING[key])
            rest -= bias[key][code]
    return rest


def correlate_successive(ratings: pd.DataFrame, residuals: np.ndarray) -> Correlation | None:
    """The correlation of the head of this file and its interval; None where it says nothing."""
    order = order_by_time(ratings)
    rest = residuals[order]
    users = pd.factorize(ratings["user_id"].to_numpy()[order])[0]
    times = ratings["timestamp"].to_numpy()[order]
    is_pair = (users[1:] == users[:-1]) & (times[1:] != times[:-1])
    number = np.bincount(users)
    pairs = np.bincount(users[1:][is_pair], minlength=len(number))
    products = np.bincount(users[1:][is_pair], (rest[1:] * rest[:-1])[is_pair], len(number))
    sums, squares = np.bincount(users, rest), np.bincount(users, rest**2)
    drawn = (sums**2 - squares) / (number * np.maximum(number - 1, 1))
    excess, scale = products - pairs * drawn, pairs * squares / number
    if (pairs > 0).sum() < FEW_USERS or scale.sum() <= LEAST * pairs.sum():
        return None
    value = excess.sum() / scale.sum()
    half = 1.96 * np.sqrt(((excess - value * scale) ** 2).sum()) / scale.sum()
    return Correlation(float(value), float(value - half), float(value + half))
