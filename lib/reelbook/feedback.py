"""The shape of a set of ratings: how dense it is, what popularity says, and what time can say.

These decide what a model can learn at all, and how it may be tested.
"""

import numpy as np
import pandas as pd

HOUR = 3600  # seconds


def compute_density(ratings: pd.DataFrame) -> float:
    """Share of all pairs of a user and a movie in these rows that hold a rating."""
    return len(ratings) / (ratings["user_id"].nunique() * ratings["movie_id"].nunique())


def compute_concentration(ratings: pd.DataFrame, key: str) -> pd.DataFrame:
    """How the ratings pile up on few: cumulated share of the ratings, the most active first.

    Args:
        ratings: the canonical ratings.
        key: `movie_id` or `user_id`.

    Returns:
        share_of_ids and share_of_ratings, both from 0 to 1; their diagonal is an even spread.
    """
    counts = ratings[key].value_counts().to_numpy()
    return pd.DataFrame(
        {
            "share_of_ids": np.arange(len(counts) + 1) / len(counts),
            "share_of_ratings": np.r_[0, counts.cumsum()] / counts.sum(),
        }
    )


def find_share_of_top(ratings: pd.DataFrame, key: str, top: float = 0.1) -> float:
    """Share of the ratings that falls on the most rated (or most active) tenth."""
    curve = compute_concentration(ratings, key)
    return float(np.interp(top, curve["share_of_ids"], curve["share_of_ratings"]))


def correlate_popularity(movies: pd.DataFrame, *, min_ratings: int = 20) -> float:
    """Spearman's correlation of a movie's number of ratings and its mean, from -1 to 1.

    Args:
        movies: the result of `exploration.summarize_movies`.
        min_ratings: movies with fewer do not count, their means are mostly noise.
    """
    enough = movies[movies["ratings"] >= min_ratings]
    return float(enough["ratings"].rank().corr(enough["mean"].rank()))


def count_over_time(ratings: pd.DataFrame) -> pd.DataFrame:
    """Ratings and users seen for the first time, by week, or by month if there are over 104 weeks.

    Returns:
        start (of the week or month, UTC), ratings, new_users.
    """
    times = pd.to_datetime(ratings["timestamp"], unit="s")
    period = "W" if (times.max() - times.min()).days <= 7 * 104 else "M"
    starts = times.dt.to_period(period).dt.start_time
    first = starts.groupby(ratings["user_id"]).min()
    table = pd.DataFrame({"ratings": starts.value_counts(), "new_users": first.value_counts()})
    every = pd.period_range(times.min(), times.max(), freq=period).start_time
    return table.reindex(every).fillna(0).astype("int64").rename_axis("start").reset_index()


def count_tie_sizes(ratings: pd.DataFrame) -> pd.DataFrame:
    """Ratings by how many ratings their user gave in the same second (itself counted).

    Returns:
        size and share of the ratings, the smallest size first.
    """
    groups = ratings.groupby(["user_id", "timestamp"]).size()
    shares = groups.groupby(groups).sum() / len(ratings)
    return shares.rename_axis("size").reset_index(name="share")


def measure_time(ratings: pd.DataFrame) -> dict[str, float]:
    """What stands in the way of an order by time, as shares from 0 to 1.

    Returns:
        tied_ratings: ratings that share their second with another one of their user.
        users_with_tied_last: users whose last second holds several ratings.
        users_within_an_hour: users whose first and last rating lie at most an hour apart.
    """
    by_user = ratings.groupby("user_id")["timestamp"]
    last = by_user.transform("max")
    at_last = ratings[ratings["timestamp"] == last].groupby("user_id").size()
    return {
        "tied_ratings": float(ratings.duplicated(["user_id", "timestamp"], keep=False).mean()),
        "users_with_tied_last": float((at_last > 1).mean()),
        "users_within_an_hour": float((by_user.max() - by_user.min() <= HOUR).mean()),
    }
