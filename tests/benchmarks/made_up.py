"""Made-up ratings in the sizes of GroupLens' data sets, as their ratings.csv and movies.csv.

    python tests/benchmarks/made_up.py ml-32m FOLDER

Long tails of users and movies, half stars around a mean with biases and a few factors, and times in
sittings. The same factors are the taste by which users choose what they rate, so that a model that
ranks has more to learn than popularity, as on real ratings; no figure says how good it is on them.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from reelbook.data.store import PUBLISHED_COUNTS

FACTORS = 4
# How strongly taste decides what a user rates: in ml-1m's size EASE and iALS then have about twice
# the nDCG@10 of popularity, as they have on ml-1m itself.
TASTE = 7.5
START, DAY = 1_000_000_000, 86_400  # seconds


def make_ratings(num_ratings: int, num_users: int, num_movies: int, *, seed: int = 0) -> pa.Table:
    """Ratings by user, then by movie: userId, movieId, rating, timestamp."""
    rng = np.random.default_rng(seed)
    activity = rng.lognormal(0, 1.2, num_users) + 0.15
    popularity = 1 / (np.arange(num_movies) + 20) ** 1.1
    of_user = rng.normal(0, 0.4, (num_users, 1 + FACTORS)).astype("float32")
    of_movie = rng.normal(0, 0.5, (num_movies, 1 + FACTORS)).astype("float32")

    def compute_liking(user: np.ndarray, movie: np.ndarray) -> np.ndarray:
        liking = np.zeros(len(user), "float32")
        for factor in range(1, 1 + FACTORS):
            liking += of_user[user, factor] * of_movie[movie, factor]
        return liking

    pairs = np.zeros(0, "int64")
    while len(pairs) < num_ratings:
        per_user = rng.multinomial(num_ratings, activity / activity.sum())
        user = np.repeat(np.arange(num_users), per_user)
        movie = rng.choice(num_movies, num_ratings, p=popularity / popularity.sum())
        chance = 1 / (1 + np.exp(2 - TASTE * compute_liking(user, movie)))
        chosen = rng.random(num_ratings, "float32") < chance
        drawn = user[chosen] * num_movies + movie[chosen]
        pairs = np.sort(np.concatenate([pairs, drawn]))  # np.unique takes eight times as long
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]
    pairs = np.sort(rng.choice(pairs, num_ratings, replace=False))
    user, movie = pairs // num_movies, pairs % num_movies
    stars = 3.5 + of_user[user, 0] + of_movie[movie, 0] + rng.normal(0, 0.8, num_ratings)
    stars += compute_liking(user, movie)
    first = START + rng.integers(0, 5_000 * DAY, num_users)
    sitting = DAY * rng.geometric(0.3, num_ratings) ** 2
    return pa.table(
        {
            "userId": user + 1,
            "movieId": rng.permutation(num_movies)[movie] + 1,
            "rating": (2 * stars).round().clip(1, 10) / 2,
            "timestamp": first[user] + sitting + rng.integers(0, 3_600, num_ratings),
        }
    )


def write_files(dataset: str, folder: Path) -> None:
    """ratings.csv and movies.csv with as many ratings, users and movies as a data set has."""
    counts = PUBLISHED_COUNTS[dataset]
    folder.mkdir(parents=True, exist_ok=True)
    csv.write_csv(
        make_ratings(*counts.values()),
        folder / "ratings.csv",
        csv.WriteOptions(quoting_style="none"),
    )
    ids = np.arange(1, counts["movies"] + 1)
    genres = np.array(["Comedy", "Drama|Romance", "Action|Thriller"])[ids % 3]
    titles = [f"Movie {number} ({1950 + number % 60})" for number in ids]
    movies = pd.DataFrame({"movieId": ids, "title": titles, "genres": genres})
    movies.to_csv(folder / "movies.csv", index=False)


if __name__ == "__main__":
    write_files(sys.argv[1], Path(sys.argv[2]))
