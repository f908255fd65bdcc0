"""From a model's scores to ranks, lists and figures: one way for every model that ranks.

The catalogue is the whole table of movies. A user's list leaves out what he or she rated before:
in training and validation rows when test rows are ranked, in training rows when validation rows
are. Where a split's rules say `only_new_movies`, no list has a movie that anyone rated before.
Figures are means over the users that have held-out ratings, each user counting once; intervals are
percentile bootstraps over these users. Where that would take more than MOST_SCORES scores, it is a
sample of these users, the same for all models of a split.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.metrics import ranking
from reelbook.metrics.bootstrap import (
    compute_interval,
    draw_users,
    resample_columns,
    resample_means,
)
from reelbook.metrics.lists import HIT_RATES, K, compute_by_user, compute_ndcg, sort_held_out
from reelbook.metrics.metric import Metric
from reelbook.metrics.registry import LIST_METRICS, RANKING_METRICS
from reelbook.splits.split import Split

# From ids of users to scores of shape (users, movies), the movies in ascending order of their ids.
Score = Callable[[np.ndarray], np.ndarray]

LIST_LENGTH = 100  # of what is kept of each user's list
USERS = 1024  # scored at a time, and fewer where there are many movies
BLOCK = 16_000_000  # scores at a time: more would only move memory
MOST_SCORES = 1_000_000_000  # of one ranking: all users of ml-10m, 11,844 of ml-32m
SAMPLE_SEED = 0


class Ranked(NamedTuple):
    """What a model made of the held-out ratings.

    Attributes:
        ranks: user_id, movie_id, rating and rank (from 1) of each held-out rating.
        recommendations: user_id, rank, movie_id, score of the best movies left for each user.
    """

    ranks: pd.DataFrame
    recommendations: pd.DataFrame


class Asked(NamedTuple):
    """Whom a part of a split asks lists for, and which movies its figures look for.

    Attributes:
        users: ids, ascending.
        movies: ids of the catalogue, ascending.
        old: movies that no list may have, bool (movies,).
        seen: what the users rated before, bool (users, movies).
        held_out: what they rated in this part, bool (users, movies).
    """

    users: np.ndarray
    movies: np.ndarray
    old: np.ndarray
    seen: sparse.csr_matrix
    held_out: sparse.csr_matrix


def rank_catalogue(
    score: Score,
    dataset: Dataset,
    split: Split,
    *,
    part: str = "test",
) -> Ranked:
    """Rank the catalogue for each user with ratings in a part of the split.

    Args:
        score: see `Score`.
        dataset: the canonical tables.
        split: row positions in `dataset.ratings`.
        part: `test` or `validation`.

    Raises:
        ReelbookError: scores of the wrong shape, or that are no numbers.
    """
    asked = ask(dataset, split, part)
    ranks, lists = [], []
    for users, scores, excluded, held_out in _score_blocks(score, asked):
        table = ranking.rank_held_out(scores, excluded, held_out)
        movie_id = asked.movies[table["column"]]
        ranks.append(table.assign(user_id=users[table["row"]], movie_id=movie_id))
        columns, best = ranking.find_top(scores, excluded, k=LIST_LENGTH)
        lists.append(_list_movies(users, asked.movies, columns, best))
    keys = ["user_id", "movie_id"]
    rated = dataset.ratings.iloc[getattr(split, part)][[*keys, "rating"]]
    found = rated.merge(pd.concat(ranks)[[*keys, "rank"]], on=keys)
    return Ranked(found, pd.concat(lists, ignore_index=True))


def ask(dataset: Dataset, split: Split, part: str) -> Asked:
    """What a part of a split, `test` or `validation`, asks of a model."""
    held_out = dataset.ratings.iloc[getattr(split, part)]
    known = dataset.ratings.iloc[split.train if part == "validation" else split.known]
    movies = np.sort(dataset.movies["movie_id"].to_numpy())
    old = np.isin(movies, known["movie_id"]) & split.rules.only_new_movies  # (movies,)
    users = sample_users(np.sort(held_out["user_id"].unique()), num_movies=len(movies))
    tables = [_make_table(rows, users, movies) for rows in (known, held_out)]
    return Asked(users, movies, old, *tables)


def _score_blocks(
    score: Score, asked: Asked
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Block after block of users: their ids, scores, excluded and held-out movies."""
    num_movies = len(asked.movies)
    size = max(1, min(USERS, BLOCK // num_movies))
    for start in range(0, len(asked.users), size):
        part_of_users = slice(start, start + size)
        users = asked.users[part_of_users]
        scores = score(users)
        if scores.shape != (len(users), num_movies):
            raise ReelbookError(
                f"Scores are {scores.shape}, but there are {len(users)} users and "
                f"{num_movies} movies."
            )
        excluded = asked.seen[part_of_users].toarray() | asked.old
        yield users, scores, excluded, asked.held_out[part_of_users].toarray()


def limit_users(num_movies: int) -> int:
    """How many users can be ranked for at most: those that need MOST_SCORES scores."""
    return MOST_SCORES // num_movies


def sample_users(users: np.ndarray, *, num_movies: int) -> np.ndarray:
    """The users to rank for, ascending: all, or a seeded sample of `limit_users`."""
    size = limit_users(num_movies)
    if len(users) <= size:
        return users
    return np.sort(np.random.default_rng(SAMPLE_SEED).choice(users, size, replace=False))


def measure_ndcg(score: Score, dataset: Dataset, split: Split, *, part: str) -> float:
    """Mean nDCG@10 of a part of the split: what settings and epochs are chosen by."""
    return make_ndcg(dataset, split, part=part)(score)


def make_ndcg(dataset: Dataset, split: Split, *, part: str) -> Callable[[Score], float]:
    """The same for one score after the other: what the part asks for is looked up once."""
    asked = ask(dataset, split, part)

    def measure(score: Score) -> float:
        ranks = []
        for users, scores, excluded, held_out in _score_blocks(score, asked):
            table = ranking.rank_held_out(scores, excluded, held_out)
            ranks.append(table.assign(user_id=users[table["row"]]))
        return float(pd.Series(compute_ndcg(sort_held_out(pd.concat(ranks)), K)).mean())

    return measure


def evaluate_ranking(ranked: Ranked, dataset: Dataset, split: Split) -> list[Metric]:
    """The figures of a run on its test rows: every metric of ranks, with interval, and of lists."""
    held_out = sort_held_out(ranked.ranks)
    values = {
        f"{name}@{k}": pd.Series(metric.compute(held_out, k))
        for name, metric in RANKING_METRICS.items()
        for k in metric.lengths
    }
    samples = resample_columns(pd.DataFrame(values))  # (resamples, metrics)
    metrics = [
        Metric("test", name, float(found.mean()), *compute_interval(resampled))
        for (name, found), resampled in zip(values.items(), samples.T, strict=True)
    ]
    movies = np.sort(dataset.movies["movie_id"].to_numpy())
    known = dataset.ratings["movie_id"].iloc[split.known]
    counts = np.bincount(np.searchsorted(movies, known), minlength=len(movies))
    for name, found in LIST_METRICS.items():
        for k in found.lengths:
            top = ranked.recommendations["movie_id"][ranked.recommendations["rank"] <= k]
            columns = np.searchsorted(movies, top)
            metrics.append(Metric("test", f"{name}@{k}", found.compute(columns, counts)))
    return metrics


def time_score(score: Score, dataset: Dataset, split: Split) -> float:
    """Seconds that the scores of the whole catalogue take for a thousand users, by those tested."""
    users = np.sort(dataset.ratings["user_id"].iloc[split.test].unique())[:USERS]
    start = time.perf_counter()
    score(users)
    return 1000 * (time.perf_counter() - start) / len(users)


def make_popularity_score(dataset: Dataset, split: Split) -> Score:
    """Scores that are the same for all: how often each movie was rated before."""
    known = dataset.ratings["movie_id"].iloc[split.known]
    counts = known.value_counts().reindex(np.sort(dataset.movies["movie_id"]), fill_value=0)
    return lambda users: np.tile(counts.to_numpy("float32"), (len(users), 1))


def estimate_ranking(parts: Sequence[pd.DataFrame], *, metric: str = "ndcg@10") -> Metric:
    """A metric as the mean over runs, with the interval of that mean.

    Args:
        parts: `Ranked.ranks` of one or more runs.
        metric: name@k.
    """
    values = average_over_runs(parts, metric)
    return Metric("test", metric, float(values.mean()), *compute_interval(resample_means(values)))


def compare_rankings(
    first: Sequence[pd.DataFrame], second: Sequence[pd.DataFrame], *, metric: str = "ndcg@10"
) -> Metric:
    """By how much the first model's metric exceeds the second's on the same users, with interval.

    Raises:
        ReelbookError: the two were not measured on the same users.
    """
    values = [average_over_runs(parts, metric) for parts in (first, second)]
    if not values[0].index.equals(values[1].index):
        raise ReelbookError("A paired comparison needs the same users on both sides.")
    gain = values[0] - values[1]
    return Metric("test", metric, float(gain.mean()), *compute_interval(resample_means(gain)))


def estimate_top_accuracy(
    ranks: pd.DataFrame, ks: Sequence[int] = HIT_RATES, *, name: str = "top"
) -> list[Metric]:
    """Share of the test ratings whose movie ranks among the first k, as TFRS counts, by rating.

    Args:
        ranks: user_id and rank, a row a rating.
        ks: lengths of the lists.
        name: what stands before the @.
    """
    users = ranks["user_id"].to_numpy()
    sizes = ranks.groupby("user_id").size()
    metrics = []
    for k, value in ranking.compute_top_accuracy(ranks["rank"].to_numpy(), ks).items():
        hits = (ranks["rank"] <= k).groupby(users).sum().to_numpy()
        samples = [
            hits[draws].sum(axis=1) / sizes.to_numpy()[draws].sum(axis=1)
            for draws in draw_users(len(sizes))
        ]
        interval = compute_interval(np.concatenate(samples))
        metrics.append(Metric("test", f"{name}@{k}", value, *interval))
    return metrics


def average_over_runs(parts: Sequence[pd.DataFrame], metric: str) -> pd.Series:
    """Each user's value, averaged over the runs that he or she is in."""
    return pd.concat([compute_by_user(part, metric) for part in parts]).groupby(level=0).mean()


def _make_table(ratings: pd.DataFrame, users: np.ndarray, movies: np.ndarray) -> sparse.csr_matrix:
    """Which movies these users rated, bool (users, movies); both sorted."""
    own = ratings[ratings["user_id"].isin(users)]
    rows = np.searchsorted(users, own["user_id"])
    columns = np.searchsorted(movies, own["movie_id"])
    ones = np.ones(len(own), bool)
    return sparse.csr_matrix((ones, (rows, columns)), shape=(len(users), len(movies)))


def _list_movies(
    users: np.ndarray, movies: np.ndarray, columns: np.ndarray, scores: np.ndarray
) -> pd.DataFrame:
    """The lists as rows: user_id, rank, movie_id, score."""
    table = pd.DataFrame(
        {
            "user_id": np.repeat(users, columns.shape[1]),
            "rank": np.tile(np.arange(1, columns.shape[1] + 1), len(users)),
            "movie_id": movies[columns.ravel()],
            "score": scores.ravel().astype("float32"),
        }
    )
    return table[columns.ravel() >= 0].reset_index(drop=True)
