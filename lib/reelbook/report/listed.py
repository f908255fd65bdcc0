"""What the lists of finished runs hold: popular, new, varied movies, of the genres of a profile."""

import itertools
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.metrics import beyond
from reelbook.metrics.lists import K, compute_by_user, compute_coverage, sort_held_out
from reelbook.models.features.matrix import count_ratings, list_movies, list_users, make_matrix
from reelbook.report.compare import Groups
from reelbook.report.demographics import explode_genres
from reelbook.report.groups import TASTE, TASTES, group_users
from reelbook.splits.protocols import make_split

TAKEN = "held-out movies"  # what users rated stands as a list beside those of the models
BETAS = (0.0, 0.5, 1.0)  # of popularity-stratified recall
MOST_RATERS = 5000  # whose ratings tell which movies are alike


class Setting(NamedTuple):
    """What lists on one split are measured against.

    Attributes:
        users: ids of those with lists, ascending (users,).
        movies: ids of the catalogue, ascending (movies,).
        profiles: which movies these users rated before, sparse (users, movies).
        held_out: which they rated in the test rows.
        counts: known ratings of each movie (movies,).
        num_users: with known ratings.
        raters: who rated each movie, at most MOST_RATERS users (movies, raters).
        years: of release, NaN where unknown (movies,).
        genres: of each movie, sparse (movies, genres); without columns where the data have none.
        tastes: of TASTES, whose profiles these are (users,).
    """

    users: np.ndarray
    movies: np.ndarray
    profiles: sparse.csr_matrix
    held_out: sparse.csr_matrix
    counts: np.ndarray
    num_users: int
    raters: sparse.csr_matrix
    years: np.ndarray
    genres: sparse.csr_matrix
    tastes: np.ndarray


class Measured(NamedTuple):
    """What the lists of all models hold.

    Attributes:
        values: by model, what `measure_lists` gives of each user, averaged over splits.
        exposure: model, seed, coverage and gini, a row a run.
        overlaps: first, second, jaccard and rbo of every two models, mean over users and splits.
    """

    values: dict[str, pd.DataFrame]
    exposure: pd.DataFrame
    overlaps: pd.DataFrame


def keep_lists(groups: Groups, dataset: Dataset, *, protocol: str) -> tuple[Groups, list[int]]:
    """The runs on the splits of a protocol, of models that have all of these, and the seeds.

    Raises:
        ReelbookError: no run of the protocol made lists.
    """
    known = {
        seed: make_split(dataset, protocol, seed=seed).fingerprint
        for seed in sorted({run.record.split["seed"] for runs in groups.values() for run in runs})
    }
    own = {
        model: [r for r in runs if known[r.record.split["seed"]] == r.record.split["fingerprint"]]
        for model, runs in groups.items()
    }
    most = max(map(len, own.values()), default=0)
    if not most:
        raise ReelbookError(
            f"No run made lists on protocol {protocol}: add a chapter that ranks, or drop 81_lists."
        )
    kept = {model: runs for model, runs in own.items() if len(runs) == most}
    return kept, [run.record.split["seed"] for run in next(iter(kept.values()))]


def make_setting(dataset: Dataset, users: np.ndarray, *, protocol: str, seed: int) -> Setting:
    """See `Setting`; `users` are ids in ascending order."""
    split = make_split(dataset, protocol, seed=seed)
    rows = np.searchsorted(list_users(dataset), users)
    known, held_out = (
        make_matrix(dataset, dataset.ratings.iloc[part]) for part in (split.known, split.test)
    )
    rated = np.flatnonzero(np.diff(known.indptr))  # who has known ratings
    drawn = np.random.default_rng(0).permutation(len(rated))[:MOST_RATERS]
    tastes = group_users(dataset, dataset.ratings.iloc[split.known])
    raters = known[np.sort(rated[drawn])].T.tocsr()
    movies = dataset.movies.sort_values("movie_id")
    return Setting(
        users,
        list_movies(dataset),
        known[rows].astype("float64"),
        held_out[rows].astype("float64"),
        count_ratings(known).astype("float64"),
        len(rated),
        raters.astype("float64"),
        movies["year"].to_numpy("float64", na_value=np.nan),
        mark_genres(dataset),
        tastes[TASTE].loc[users].to_numpy(object),
    )


def mark_genres(dataset: Dataset) -> sparse.csr_matrix:
    """1 where a movie is of a genre, both in ascending order, float64 (movies, genres)."""
    table = explode_genres(dataset.movies).drop_duplicates()
    rows = np.searchsorted(list_movies(dataset), table["movie_id"])
    columns, names = pd.factorize(table["genre"], sort=True)
    shape = len(dataset.movies), len(names)
    return sparse.csr_matrix((np.ones(len(table)), (rows, columns)), shape=shape)


def spread_lists(recommendations: pd.DataFrame, setting: Setting, *, k: int = K) -> np.ndarray:
    """Columns of the movies at the first k places of each user's list (users, k), -1 for none."""
    top = recommendations[recommendations["rank"] <= k]
    columns = np.full((len(setting.users), k), -1)
    places = np.searchsorted(setting.users, top["user_id"]), top["rank"].to_numpy() - 1
    columns[places] = np.searchsorted(setting.movies, top["movie_id"])
    return columns


def measure_lists(lists: sparse.csr_matrix, setting: Setting, *, few: int) -> pd.DataFrame:
    """A row a user: what is in the list, and what of it the profile has; see `beyond`.

    Args:
        lists: as `beyond.mark_lists` gives them.
        setting: of the split.
        few: a movie with fewer known ratings is new.

    Returns:
        listed, rated (mean popularity of the list and of the profile), both also for each of TASTES
        and NaN for the other users, novelty, new, year, distance, and with genres variety and
        miscalibration.
    """
    popularity = setting.counts / setting.num_users
    table = {
        "listed": beyond.average_movies(lists, popularity),
        "rated": beyond.average_movies(setting.profiles, popularity),
        "novelty": beyond.compute_novelty(lists, setting.counts, setting.num_users),
        "new": beyond.share_new(lists, setting.counts, few=few),
        "year": beyond.average_movies(lists, setting.years),
        "distance": beyond.compute_diversity(lists, setting.raters),
    }
    for name, taste in itertools.product(("listed", "rated"), TASTES):
        table[f"{name} {taste}"] = np.where(setting.tastes == taste, table[name], np.nan)
    if setting.genres.shape[1]:
        rated, listed = (
            beyond.share_genres(rows, setting.genres) for rows in (setting.profiles, lists)
        )
        table["variety"] = beyond.compute_diversity(lists, setting.genres)
        table["miscalibration"] = beyond.compute_miscalibration(rated, listed)
    return pd.DataFrame(table, index=pd.Index(setting.users, name="user_id"))


def measure_ranks(ranks: pd.DataFrame, setting: Setting) -> pd.DataFrame:
    """A row a user: ndcg, and found and there for each of BETAS, see `beyond.split_recall`."""
    held_out = sort_held_out(ranks)
    table = {"ndcg": compute_by_user(ranks, f"ndcg@{K}").to_numpy()}
    in_order = ranks.sort_values(["user_id", "rank"], kind="stable")
    counts = setting.counts[np.searchsorted(setting.movies, in_order["movie_id"])]
    for beta in BETAS:
        weights = beyond.weigh_rare(counts, beta)
        found, there = beyond.split_recall(
            held_out.place, in_order["rank"].to_numpy(), weights, k=K
        )
        table |= {f"found {beta:g}": found, f"there {beta:g}": there}
    return pd.DataFrame(table, index=pd.Index(held_out.users, name="user_id"))


def measure_models(
    groups: Groups, dataset: Dataset, *, protocol: str, seeds: list[int], few: int
) -> Measured:
    """What the first K places of all lists hold, of runs as `keep_lists` gives them."""
    parts: dict[str, list[pd.DataFrame]] = {model: [] for model in [TAKEN, *groups]}
    exposure, overlaps = [], []
    for number, seed in enumerate(seeds):
        runs = {model: own[number] for model, own in groups.items()}
        users = np.sort(next(iter(runs.values())).recommendations["user_id"].unique())
        setting = make_setting(dataset, users, protocol=protocol, seed=seed)
        parts[TAKEN].append(measure_lists(setting.held_out, setting, few=few))
        places = {m: spread_lists(run.recommendations, setting) for m, run in runs.items()}
        marked = {m: beyond.mark_lists(own, len(setting.movies)) for m, own in places.items()}
        for model, run in runs.items():
            own = measure_lists(marked[model], setting, few=few)
            parts[model].append(own.join(measure_ranks(run.ranks, setting)))
        for model, lists in {TAKEN: setting.held_out, **marked}.items():
            exposure.append((model, seed, *measure_exposure(lists)))
        for first, second in itertools.combinations(runs, 2):
            jaccard = beyond.compute_jaccard(marked[first], marked[second])
            rbo = beyond.compute_rbo(places[first], places[second])
            overlaps.append((first, second, np.nanmean(jaccard), rbo.mean()))
    columns = ["first", "second", "jaccard", "rbo"]
    return Measured(
        {model: average_splits(own) for model, own in parts.items()},
        pd.DataFrame(exposure, columns=["model", "seed", "coverage", "gini"]),
        pd.DataFrame(overlaps, columns=columns)
        .groupby(columns[:2], sort=False)
        .mean()
        .reset_index(),
    )


def measure_exposure(lists: sparse.csr_matrix) -> tuple[float, float]:
    """Share of the catalogue in at least one list, and Gini of how often its movies are listed."""
    exposure = np.asarray(lists.sum(axis=0)).ravel()
    return compute_coverage(lists.indices, exposure), beyond.compute_gini(exposure)


def average_splits(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Each user's values, averaged over the splits that he or she is in."""
    return pd.concat(parts).groupby(level=0).mean()
