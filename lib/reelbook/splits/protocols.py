"""The protocols: how the ratings of a data set are split, by fold, user, time or movie."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset, clean_users
from reelbook.errors import ReelbookError
from reelbook.splits.split import Rules, Split

NUM_FOLDS = 5


def make_split(
    dataset: Dataset, protocol: str, *, fold: int | None = None, seed: int = 0, **options: Any
) -> Split:
    """Split the ratings of a data set under a protocol.

    Args:
        dataset: the canonical tables.
        protocol: for ratings `official` (five folds) or `source` (random shares, as the documents
            split); for ranking `stratified`, `leave-last`, `global-time` or `cold-movies`.
        fold: 1 to 5 for `official`, None otherwise.
        seed: draws every random choice; the same seed gives the same rows.
        **options: `test_share` of all ratings and `validation_share` of what is not tested, where
            the protocol has them. For `source` both are shares of all ratings, so that what trains
            is as much as in the documents, and with `cleaned` only ratings of users with a plain
            zip code are taken, as in document B (section 4b).

    Raises:
        ReelbookError: unknown protocol, fold or option, times that say nothing where the protocol
            splits by them, or a part that would be empty.
    """
    if protocol not in PROTOCOLS:
        known = ", ".join(PROTOCOLS)
        raise ReelbookError(f"Unknown protocol {protocol!r}; the known ones are: {known}.")
    known_options = sorted(PROTOCOLS[protocol].__kwdefaults__ or {})
    for name in options:
        if name not in known_options:
            raise ReelbookError(
                f"Protocol {protocol} has no option {name!r}; it has: {', '.join(known_options)}."
            )
    return PROTOCOLS[protocol](dataset, fold=fold, seed=seed, **options)


def _split_official(
    dataset: Dataset, *, fold: int | None, seed: int, validation_share: float = 0.1
) -> Split:
    """One of five folds; each rating is tested in exactly one of them.

    For ml-100k these are GroupLens' own u1 to u5: five consecutive blocks of 20,000 rows in the
    publisher's order. Other data sets get five random folds. The seed draws the validation rows
    only: no seed ever moves a test row.
    """
    if fold is None or isinstance(fold, bool) or fold not in range(1, NUM_FOLDS + 1):
        raise ReelbookError(f"Protocol official has the folds 1 to {NUM_FOLDS}, not {fold!r}.")
    rows = np.arange(len(dataset.ratings))
    if dataset.name != "ml-100k":
        rows = np.random.default_rng(0).permutation(rows)
    blocks = np.array_split(rows, NUM_FOLDS)
    test = blocks.pop(fold - 1)
    rng = np.random.default_rng([seed, fold])
    train, validation = _draw(np.concatenate(blocks), validation_share, rng)
    return Split("official", fold, seed, train, validation, np.sort(test))


def _split_source(
    dataset: Dataset,
    *,
    fold: int | None,
    seed: int,
    test_share: float = 0.07,
    validation_share: float = 0.03,
    cleaned: bool = False,
) -> Split:
    """Random shares of the ratings; the documents test what is here tested or validates."""
    _refuse_fold("source", fold)
    rng = np.random.default_rng(seed)
    rows = np.arange(len(dataset.ratings))
    if cleaned:
        rows = rows[dataset.ratings["user_id"].isin(clean_users(dataset.users)["user_id"])]
    _check_share(test_share + validation_share)
    rest, test = _draw(rows, test_share, rng)
    train, validation = _draw(rest, validation_share * len(rows) / len(rest), rng)
    rules = Rules(validation_trains=False, reports_test_epochs=True)
    return Split("source", None, seed, train, validation, test, rules)


def _split_stratified(
    dataset: Dataset,
    *,
    fold: int | None,
    seed: int,
    test_share: float = 0.25,
    validation_share: float = 0.1,
) -> Split:
    """A random share of each user's ratings, as Microsoft Recommenders' table for ML-100K.

    The validation rows are a share of what each user has left.
    """
    _refuse_fold("stratified", fold)
    rng = np.random.default_rng(seed)
    rest, test = draw_by_user(dataset, np.arange(len(dataset.ratings)), test_share, rng)
    train, validation = draw_by_user(dataset, rest, validation_share, rng)
    return Split("stratified", None, seed, train, validation, test)


def _split_leave_last(dataset: Dataset, *, fold: int | None, seed: int) -> Split:
    """The last rating of each user is tested, the one before it validates.

    Users with fewer than three ratings only train. The seed draws the order of ratings that share
    their second: the publisher's order is not one of time.
    """
    _refuse_fold("leave-last", fold)
    ratings = dataset.ratings
    ties = np.random.default_rng(seed).permutation(len(ratings))
    users, times = (ratings[column].to_numpy() for column in ("user_id", "timestamp"))
    order = np.lexsort((ties, times, users))
    is_next = np.diff(users[order]) == 0  # the next row is of the same user
    if not (np.diff(times[order]) > 0)[is_next].any():
        raise ReelbookError(
            "Protocol leave-last cannot split these ratings: no user rated at two different times, "
            "so no rating is the last one."
        )
    ends = np.append(np.flatnonzero(~is_next), len(order) - 1) + 1  # behind each user's last row
    ends = ends[np.diff(ends, prepend=0) >= 3]
    validation, test = (np.sort(order[ends - place]) for place in (2, 1))
    trains = np.ones(len(order), bool)
    trains[validation] = trains[test] = False
    train = np.flatnonzero(trains)
    return Split("leave-last", None, seed, train, validation, test)


def _split_global_time(
    dataset: Dataset,
    *,
    fold: int | None,
    seed: int,
    test_share: float = 0.2,
    validation_share: float = 0.1,
) -> Split:
    """One point in time for all: what was rated from then on is tested; nothing is drawn.

    Validation is the last share of what comes before. Ratings of one second stand on one side, the
    later one, so the shares are met up to a second.
    """
    _refuse_fold("global-time", fold)
    times = dataset.ratings["timestamp"].to_numpy()
    if np.ptp(times) == 0:
        raise ReelbookError(
            "Protocol global-time cannot split these ratings: all have the same time, so none is "
            "later than another."
        )
    rest, test = _cut_by_time(times, np.arange(len(times)), test_share)
    train, validation = _cut_by_time(times, rest, validation_share)
    return Split("global-time", None, seed, train, validation, test)


def _split_cold_movies(
    dataset: Dataset,
    *,
    fold: int | None,
    seed: int,
    test_share: float = 0.2,
    validation_share: float = 0.1,
) -> Split:
    """All ratings of a random share of the movies: as if nobody had rated these yet.

    Shares are of the movies that have ratings, validation's of those that are not tested.
    """
    _refuse_fold("cold-movies", fold)
    rng = np.random.default_rng(seed)
    movies = dataset.ratings["movie_id"].to_numpy()
    rest, test = _draw(np.sort(pd.unique(movies)), test_share, rng)
    train, validation = _draw(rest, validation_share, rng)
    train, validation, test = (
        np.flatnonzero(np.isin(movies, part)) for part in (train, validation, test)
    )
    return Split("cold-movies", None, seed, train, validation, test, Rules(only_new_movies=True))


def _draw(
    rows: np.ndarray, share: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The rows without a random share of them, and that share."""
    _check_share(share)
    shuffled = rng.permutation(rows)
    size = round(share * len(rows))
    return np.sort(shuffled[size:]), np.sort(shuffled[:size])


def draw_by_user(
    dataset: Dataset, rows: np.ndarray, share: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The rows without a random share of each user's, rounded, and these shares."""
    _check_share(share)
    users = dataset.ratings["user_id"].to_numpy()[rows]
    order = np.lexsort((rng.random(len(rows)), users))
    _, first, counts = np.unique(users[order], return_index=True, return_counts=True)
    place = np.arange(len(rows)) - np.repeat(first, counts)  # within the user, from 0
    drawn = place < np.repeat(np.rint(share * counts), counts)
    return np.sort(rows[order[~drawn]]), np.sort(rows[order[drawn]])


def _cut_by_time(
    times: np.ndarray, rows: np.ndarray, share: float
) -> tuple[np.ndarray, np.ndarray]:
    """The rows before the point in time from which on the last share of them lies, and the rest."""
    _check_share(share)
    size = round(share * len(rows))
    later = times[rows] >= (np.sort(times[rows])[-size] if size else np.inf)
    return rows[~later], rows[later]


def _check_share(share: float) -> None:
    if not 0 < share < 1:
        raise ReelbookError(f"A share of the ratings must lie between 0 and 1, not {share!r}.")


def _refuse_fold(protocol: str, fold: int | None) -> None:
    if fold is not None:
        raise ReelbookError(f"Protocol {protocol} has no folds: leave fold empty, not {fold!r}.")


PROTOCOLS: dict[str, Callable[..., Split]] = {
    "official": _split_official,
    "source": _split_source,
    "stratified": _split_stratified,
    "leave-last": _split_leave_last,
    "global-time": _split_global_time,
    "cold-movies": _split_cold_movies,
}
