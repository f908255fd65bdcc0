"""What is known of a rating from its neighbours, never from the rating itself.

With e_uj = r_uj - mean - b_u - b_j (damped biases) and w some weights, most features are damped
averages over the user's other ratings, or the movie's,

    sum_j w_j e_uj / (sum_j |w_j| + damping)

weighted by nearness in time, by likeness (`likeness`), or by both. Beside them stand the posterior
of two Gaussian processes (`process`), the place of the rating in the user's history, spreads,
counts and ages. Distances in time count towards the past and the future alike.

The features of a training row come from the other parts of the training rows (`cross_describe`):
PARTS parts are drawn, and each is described by the rest, as a test row is described by all of
them. So no statistic of a row holds its own stars, however indirectly: a feature that does is a
leak inside training, since on test rows it never will.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.models.biases import BIASES, learn_biases, number_ratings
from reelbook.models.features.matrix import list_movies, list_users
from reelbook.models.neighbourhood.likeness import Contents, Likeness, compare_members
from reelbook.models.neighbourhood.process import DAY, Points, condition, make_kernels

PARTS = 6
NEAR = {"near 20 s": (20.0, 2.0), "near 150 s": (150.0, 5.0)}  # seconds, damping
NEAR |= {"near 2000 s": (2000.0, 8.0), "near a day": (80_000.0, 12.0)}
PAGE = 150.0  # seconds in which a page of movies is rated
SPREAD = 10.0  # ratings of spread 1 that a spread is damped by
HIGH, LOW = 0.999, 0.3  # of the scale: five stars, and two or less, of one to five
FAR = 1e8  # seconds, where there is no neighbour


class Known(NamedTuple):
    """Known ratings, with codes in the order of all ids.

    Attributes:
        points: user, movie and time.
        stars: less their mean, in quarters of the range of the stars (known,).
        residuals: e, likewise, float32.
        place: of the stars in their range, 0 to 1.
    """

    points: Points
    stars: np.ndarray
    residuals: np.ndarray
    place: np.ndarray


def cross_describe(
    dataset: Dataset, contents: Contents, ratings: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    """The features of training rows, each described by the other parts, in their order."""
    part = np.random.default_rng(seed).permutation(len(ratings)) % PARTS
    found = [
        describe(dataset, contents, ratings[part != number], ratings[part == number])
        for number in range(PARTS)
    ]
    return pd.concat(found).loc[ratings.index]


def describe(
    dataset: Dataset, contents: Contents, known: pd.DataFrame, rows: pd.DataFrame
) -> pd.DataFrame:
    """The features of rows by known ratings that none of them is among.

    Args:
        dataset: the canonical tables, of which no rating is read.
        contents: of its movies and users.
        known: ratings that train.
        rows: user_id, movie_id and timestamp of what is asked for.

    Returns:
        Stars as a quarter of their range, float32 (rows, features), with the index of the rows.
        `base` is the mean with the biases, the others are for the network to weigh.
    """
    shape = len(dataset.users), len(dataset.movies)
    asked = _encode(dataset, rows)
    base, of_user, of_movie = _learn_base(dataset, known)
    u, i = base.points.owner, base.points.member
    residuals, rated = np.zeros((2, *shape), "float32")
    residuals[u, i], rated[u, i] = base.residuals, 1
    movies = compare_members(residuals, rated)
    users = compare_members(residuals.T, rated.T)
    kernels = make_kernels(movies, users, contents)
    posterior = condition(kernels, base.points, asked, base.stars)
    return pd.DataFrame(
        {
            "process": posterior.of_user + posterior.of_movie,
            "user process": posterior.of_user,
            "movie process": posterior.of_movie,
            "user variance": posterior.user_variance,
            "movie variance": posterior.movie_variance,
            **_ask_user(base, asked, movies, contents),
            **_ask_movie(base, asked, users, contents),
            **_count(base, asked, contents, shape),
            "user bias": of_user[asked.owner],
            "movie bias": of_movie[asked.member],
            "base": of_user[asked.owner] + of_movie[asked.member],
        },
        index=rows.index,
        dtype="float32",
    )


def find_unit(ratings: pd.DataFrame) -> float:
    """A quarter of the range of the stars: 1 for one to five stars."""
    stars = ratings["rating"].to_numpy("float64")
    return float(np.ptp(stars) / 4) or 1.0


def _encode(dataset: Dataset, rows: pd.DataFrame) -> Points:
    return Points(
        np.searchsorted(list_users(dataset), rows["user_id"]),
        np.searchsorted(list_movies(dataset), rows["movie_id"]),
        rows["timestamp"].to_numpy("float64"),
    )


def _learn_base(dataset: Dataset, ratings: pd.DataFrame) -> tuple[Known, np.ndarray, np.ndarray]:
    """The known ratings, and the biases of all users and all movies, 0 where not known."""
    points = _encode(dataset, ratings)
    stars = ratings["rating"].to_numpy("float64")
    low, unit = stars.min(), find_unit(ratings)
    centred = (stars - stars.mean()) / unit
    numbered = number_ratings(ratings)._replace(stars=centred, mean=0.0)
    predict = learn_biases(numbered, BIASES | {"reg_u": 5.0})
    users = pd.Index(numbered.users).get_indexer(list_users(dataset))  # -1 where unknown
    movies = pd.Index(numbered.movies).get_indexer(list_movies(dataset))
    of_user, of_movie = (
        predict(users, np.full_like(users, -1)),
        predict(np.full_like(movies, -1), movies),
    )
    left = centred - of_user[points.owner] - of_movie[points.member]
    known = Known(points, centred, left.astype("float32"), (stars - low) / (4 * unit))
    return known, of_user, of_movie


def _ask_user(
    known: Known, asked: Points, movies: Likeness, contents: Contents
) -> dict[str, np.ndarray]:
    """What the user's known ratings say of each row."""
    weights = {
        "together": (movies.together, 2, 1.0),  # table, power, damping
        "era": (contents.era, 1, 1.0),
        "genres": (contents.genres, 4, 1.0),
        "titles": (contents.titles, 1, 0.5),
        "agreement": (movies.agreement, 1, 0.3),
    }
    names = [*NEAR, *weights, "page", "page spread", "page high", "page low", "user spread"]
    names += ["user high", "user low", "position", "share", "same second", "same minute"]
    names += ["same day", "hours", "gap", "nearest", "so far", "before", "after"]
    names += ["gap before", "gap after"]
    found = {name: np.zeros(len(asked.time), "float32") for name in names}
    order = np.lexsort((known.points.time, known.points.owner))
    for mine, rows in _pair(known.points.owner[order], asked.owner):
        places = order[mine]
        e, time, place = known.residuals[places], known.points.time[places], known.place[places]
        at = asked.time[rows]
        apart = np.abs(at[:, None] - time).astype("float32")  # (rows, known)
        for name, (tau, damping) in NEAR.items():
            found[name][rows] = _average(np.exp(apart * np.float32(-1 / tau)), e, damping)
        cells = np.ix_(asked.member[rows], known.points.member[places])
        for name, (table, power, damping) in weights.items():
            found[name][rows] = _average(table[cells] ** power, e, damping)
        page = np.exp(apart * np.float32(-1 / PAGE))
        found["page"][rows] = _average(page * movies.together[cells] ** 2, e, 0.3)
        stars = known.stars[places]
        total = page.sum(axis=1)
        found["page spread"][rows] = np.sqrt((page @ stars**2 + 2) / (total + 2))
        found["user spread"][rows] = np.sqrt(((e**2).sum() + SPREAD) / (len(e) + SPREAD))
        for name, is_there in (("high", place >= HIGH), ("low", place <= LOW)):
            found[f"page {name}"][rows] = (page @ is_there) / (total + 2)
            found[f"user {name}"][rows] = (is_there.sum() + 1) / (len(e) + 5)
        left, right = np.searchsorted(time, at, "left"), np.searchsorted(time, at, "right")
        found["position"][rows], found["share"][rows] = np.log1p(left), left / len(e)
        found["same second"][rows] = np.log1p(right - left)
        for name, reach in (("same minute", 60), ("same day", DAY / 2)):
            ends = np.searchsorted(time, at + reach, "right"), np.searchsorted(time, at - reach)
            found[name][rows] = np.log1p(ends[0] - ends[1])
        found["hours"][rows] = np.log1p(np.maximum(at - time[0], 0) / 3600)
        nearest = apart.argmin(axis=1)
        gap = apart[np.arange(len(rows)), nearest]
        found["gap"][rows] = np.log1p(gap.clip(max=FAR))
        found["nearest"][rows] = e[nearest] * (gap < 600)
        found["so far"][rows] = np.concatenate([[0], np.cumsum(e)])[right] / (right + 5)
        before, after = (right - 1).clip(min=0), right.clip(max=len(e) - 1)
        gaps = (
            np.where(right > 0, at - time[before], FAR),
            np.where(right < len(e), time[after] - at, FAR),
        )
        for name, near, gap in zip(("before", "after"), (before, after), gaps, strict=True):
            found[name][rows] = e[near] * np.exp(-gap / 1000)
            found[f"gap {name}"][rows] = np.log1p(gap.clip(max=FAR))
    return found


def _ask_movie(
    known: Known, asked: Points, users: Likeness, contents: Contents
) -> dict[str, np.ndarray]:
    """What the movie's known ratings say of each row."""
    names = ["lately", "people", "user agreement", "movie spread"]
    found = {name: np.zeros(len(asked.time), "float32") for name in names}
    order = np.argsort(known.points.member, kind="stable")
    for mine, rows in _pair(known.points.member[order], asked.member):
        places = order[mine]
        e, time = known.residuals[places], known.points.time[places]
        apart = np.abs(asked.time[rows][:, None] - time)
        cells = np.ix_(asked.owner[rows], known.points.owner[places])
        lately = np.exp(apart / (-20 * DAY)).astype("float32")
        found["lately"][rows] = _average(lately, e, 10.0)
        found["people"][rows] = _average(contents.people[cells], e, 6.0)
        found["user agreement"][rows] = _average(users.agreement[cells], e, 0.3)
        found["movie spread"][rows] = np.sqrt(((e**2).sum() + SPREAD) / (len(e) + SPREAD))
    return found


def _count(
    known: Known, asked: Points, contents: Contents, shape: tuple[int, int]
) -> dict[str, np.ndarray]:
    """Counts of ratings, ages and times."""
    user, movie, time = known.points
    first = np.full(shape[1], time.min())
    first[movie] = np.inf
    np.minimum.at(first, movie, time)
    return {
        "user count": np.log1p(np.bincount(user, minlength=shape[0]))[asked.owner],
        "movie count": np.log1p(np.bincount(movie, minlength=shape[1]))[asked.member],
        "time": (asked.time - time.min()) / 1e7,
        "movie age": (asked.time - first[asked.member]) / (1000 * DAY),
        "year": (contents.year[asked.member] - 1980) / 15,
        "user age": contents.age[asked.owner] / 40,
        "gender": contents.is_male[asked.owner],
    }


def _pair(owner: np.ndarray, asked: np.ndarray) -> list[tuple[slice, np.ndarray]]:
    """Runs of equal owners, who ascend, with the places of their rows among those asked for."""
    order = np.argsort(asked, kind="stable")
    owners, starts = np.unique(owner, return_index=True)
    ends = np.append(starts[1:], len(owner))
    low, high = (np.searchsorted(asked[order], owners, side) for side in ("left", "right"))
    return [
        (slice(a, b), order[c:d])
        for a, b, c, d in zip(starts, ends, low, high, strict=True)
        if d > c
    ]


def _average(weights: np.ndarray, values: np.ndarray, damping: float) -> np.ndarray:
    """The damped average of values (known,) by weights (rows, known), (rows,)."""
    with np.errstate(invalid="ignore"):  # BLAS flags lanes that it does not use
        return (weights @ values) / (np.abs(weights).sum(axis=1) + damping)
