"""Bursts, and users that look like machines: counted, never dropped."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from reelbook.report.exploration import DAY, count_pairs

ENOUGH = 20  # ratings of a user or a movie before a habit shows
FAST = 60  # ratings in a minute: one a second, a whole minute long
FENCE = 3.0  # interquartile ranges above the upper quartile: far out (Tukey 1977, chapter 2)
BURST = 0.5  # of a movie's ratings on one day ...
QUIET = 0.1  # ... that has less than this share of all ratings


class Habits(NamedTuple):
    """How many users and movies stand out.

    Attributes:
        most_a_minute: the most ratings that a user gave within a minute; None without times.
        fast: users who gave FAST in a minute or more; None without times.
        constant: users who gave ENOUGH ratings or more, all of one value; None without stars.
        prolific: users whose number of ratings is far out, on a logarithmic scale.
        bursts: movies of ENOUGH ratings or more that have BURST of them on one day that has less
            than QUIET of all; None without times.
    """

    most_a_minute: int | None
    fast: int | None
    constant: int | None
    prolific: int
    bursts: int | None


def find_habits(ratings: pd.DataFrame, traits: frozenset[str]) -> Habits:
    """The habits in canonical ratings.

    Args:
        ratings: the canonical ratings.
        traits: of the data set; of `stars` and `times` what it has.
    """
    most_a_minute = fast = bursts = constant = None
    if "times" in traits:
        minutes = ratings[["user_id"]].assign(minute=ratings["timestamp"] // 60)
        most = count_pairs(minutes, "user_id", "minute").groupby("user_id")["ratings"].max()
        most_a_minute, fast = int(most.max()), int((most >= FAST).sum())
        bursts = _count_bursts(ratings)
    by_user = ratings.groupby("user_id")["rating"].agg(["size", "min", "max"])
    if "stars" in traits:
        constant = int(((by_user["min"] == by_user["max"]) & (by_user["size"] >= ENOUGH)).sum())
    return Habits(most_a_minute, fast, constant, _count_prolific(by_user["size"]), bursts)


def _count_prolific(counts: pd.Series) -> int:
    """How many counts are far out; a spread below that of a doubling counts as one."""
    logs = np.log2(counts)
    low, high = logs.quantile([0.25, 0.75])
    return int((logs > high + FENCE * max(high - low, 1.0)).sum())


def _count_bursts(ratings: pd.DataFrame) -> int:
    days = ratings[["movie_id"]].assign(day=ratings["timestamp"] // DAY)
    table = count_pairs(days, "movie_id", "day")
    of_movie, of_day = (
        table.groupby(key)["ratings"].transform("sum") for key in ("movie_id", "day")
    )
    is_burst = (of_movie >= ENOUGH) & (table["ratings"] >= BURST * of_movie)
    is_quiet = of_day < QUIET * len(ratings)
    return int(table.loc[is_burst & is_quiet, "movie_id"].nunique())
