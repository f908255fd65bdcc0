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

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.models.biases import learn_biases, number_ratings
from reelbook.models.features.matrix import list_movies, list_users
from reelbook.models.neighbourhood.likeness import Contents, Likeness, compare_members
from reelbook.models.neighbourhood.pairs import Pairs, pair
from reelbook.models.neighbourhood.process import (
    DAY,
    OF_MOVIES,
    OF_USERS,
    Points,
    condition,
    make_kernels,
)

PARTS = 6
DAMPING = 5.0  # of the biases
SESSION = 3600.0  # seconds: ratings as near as this are of one session
# Which of the user's other ratings a row may see, by the seconds since each of them.
SEES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "all": np.isfinite,
    "before": lambda since: since > 0,
    "apart": lambda since: np.abs(since) > SESSION,
}
NEAR = {"near 20 s": (20.0, 2.0), "near 150 s": (150.0, 5.0)}  # seconds, damping
NEAR |= {"near 2000 s": (2000.0, 8.0), "near a day": (80_000.0, 12.0)}
ALIKE = {"together": (2, 1.0), "era": (1, 1.0), "genres": (4, 1.0)}  # power, damping
ALIKE |= {"titles": (1, 0.5), "agreement": (1, 0.3)}
PAGE = 150.0  # seconds in which a page of movies is rated
SPREAD = 10.0  # ratings of spread 1 that a spread is damped by
HIGH, LOW = 0.999, 0.3  # of the scale: five stars, and two or less, of one to five
FAR = 1e8  # seconds, where there is no neighbour


class Known(NamedTuple):
    """Known ratings, with codes in the order of all ids.

    Attributes:
        points: user, movie and time.
        stars: less their mean, in quarters of the range of the stars (known,).
        lifts: e + b_u, likewise, float32.
        residuals: e, likewise, float32.
        place: of the stars in their range, 0 to 1.
    """

    points: Points
    stars: np.ndarray
    lifts: np.ndarray
    residuals: np.ndarray
    place: np.ndarray


def cross_describe(
    dataset: Dataset, contents: Contents, ratings: pd.DataFrame, *, seed: int, **options: Any
) -> pd.DataFrame:
    """The features of training rows, each described by the other parts, in their order."""
    part = np.random.default_rng(seed).permutation(len(ratings)) % PARTS
    found = [
        describe(dataset, contents, ratings[part != number], ratings[part == number], **options)
        for number in range(PARTS)
    ]
    return pd.concat(found).loc[ratings.index]


def describe(
    dataset: Dataset,
    contents: Contents,
    known: pd.DataFrame,
    rows: pd.DataFrame,
    *,
    sees: str = "all",
    lean: bool = False,
) -> pd.DataFrame:
    """The features of rows by known ratings that none of them is among.

    Args:
        dataset: the canonical tables, of which no rating is read.
        contents: of its movies and users.
        known: ratings that train.
        rows: user_id, movie_id and timestamp of what is asked for.
        sees: which of the user's other ratings a row may see, of SEES.
        lean: leave out the processes and the likeness of users, which see all of them.

    Returns:
        Stars as a quarter of their range, float32 (rows, features), with the index of the rows.
        `base` is the mean with the biases, the others are for the network to weigh.

    Raises:
        ReelbookError: `sees` is none of SEES.
    """
    if sees not in SEES:
        raise ReelbookError(f"sees must be one of {', '.join(SEES)}, not {sees!r}.")
    shape = len(dataset.users), len(dataset.movies)
    asked = _encode(dataset, rows)
    base, of_movie = _learn_base(dataset, known)
    u, i = base.points.owner, base.points.member
    residuals, rated = np.zeros((2, *shape), "float32")
    residuals[u, i], rated[u, i] = base.residuals, 1
    movies = compare_members(residuals, rated, *[OF_MOVIES] * (not lean))
    users = None if lean else compare_members(residuals.T, rated.T, OF_USERS)
    del residuals, rated  # the processes need the memory of these and of the tables below
    told = _ask_user(base, asked, movies, contents, sees) | _count(base, asked, contents, shape)
    told["movie bias"] = of_movie[asked.member]
    told["base"] = told["user bias"] + told["movie bias"]
    told |= _ask_movie(base, asked, users, contents)
    if users is not None:
        kernels = make_kernels(movies, users, contents)
        del movies, users
        posterior = condition(kernels, base.points, asked, base.stars)
        told |= posterior._asdict() | {"process": posterior.of_user + posterior.of_movie}
    return pd.DataFrame(told, index=rows.index, dtype="float32")


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


def _learn_base(dataset: Dataset, ratings: pd.DataFrame) -> tuple[Known, np.ndarray]:
    """The known ratings, and the biases of all movies, 0 where not known."""
    points = _encode(dataset, ratings)
    stars = ratings["rating"].to_numpy("float64")
    low, unit = stars.min(), find_unit(ratings)
    centred = (stars - stars.mean()) / unit
    numbered = number_ratings(ratings)._replace(stars=centred, mean=0.0)
    predict = learn_biases(numbered, {"reg_u": DAMPING, "reg_i": DAMPING})
    users = pd.Index(numbered.users).get_indexer(list_users(dataset))  # -1 where unknown
    movies = pd.Index(numbered.movies).get_indexer(list_movies(dataset))
    of_user, of_movie = (
        predict(users, np.full_like(users, -1)),
        predict(np.full_like(movies, -1), movies),
    )
    lifts = (centred - of_movie[points.member]).astype("float32")
    residuals = (lifts - of_user[points.owner]).astype("float32")
    return Known(points, centred, lifts, residuals, (stars - low) / (4 * unit)), of_movie


def _ask_user(
    known: Known, asked: Points, movies: Likeness, contents: Contents, sees: str
) -> dict[str, np.ndarray]:
    """What those of the user's known ratings say of each row that it may see."""
    names = ["user bias", "user count", "user spread", "user high", "user low", *NEAR, *ALIKE]
    names += ["page", "page spread", "page high", "page low", "position", "share", "hours"]
    names += ["same second", "same minute", "same day", "gap", "nearest", "so far", "before"]
    names += ["after", "gap before", "gap after"]
    found = {name: np.zeros(len(asked.time), "float32") for name in names}
    for name in ("gap", "gap before", "gap after"):
        found[name] += np.float32(np.log1p(FAR))  # of a user without known ratings
    known = _sort(known, np.lexsort((known.points.time, known.points.owner)))
    for pairs in pair(known.points.owner, asked.owner):
        rows, row, mine = pairs.rows, pairs.row, pairs.known
        y, place = known.lifts[mine], known.place[mine]
        since = (asked.time[rows][row] - known.points.time[mine]).astype("float32")  # (pairs,)
        apart = np.abs(since)
        seen = SEES[sees](since).astype("float32")
        count = pairs.add_up(seen)
        bias = pairs.add_up(seen * y) / (count + DAMPING)

        told = {"user bias": bias, "user count": np.log1p(count)}
        average = functools.partial(_average, pairs, y, shift=bias)
        for name, (tau, damping) in NEAR.items():
            told[name] = average(np.exp(apart * np.float32(-1 / tau)) * seen, damping)
        alike = _compare(asked.member[rows][row], known.points.member[mine], movies, contents)
        for name, (power, damping) in ALIKE.items():
            told[name] = average(_raise(alike[name], power) * seen, damping)
        page = np.exp(apart * np.float32(-1 / PAGE)) * seen
        told["page"] = average(page * _raise(alike["together"], 2), 0.3)
        total = pairs.add_up(page)
        squares = pairs.add_up(page * known.stars[mine] ** 2)
        told["page spread"] = np.sqrt((squares + 2) / (total + 2))
        squares = pairs.add_up(seen * y**2) - 2 * bias * pairs.add_up(seen * y) + bias**2 * count
        told["user spread"] = np.sqrt((squares.clip(min=0) + SPREAD) / (count + SPREAD))
        for name, is_there in (("high", place >= HIGH), ("low", place <= LOW)):
            told[f"page {name}"] = pairs.add_up(page * is_there) / (total + 2)
            told[f"user {name}"] = (pairs.add_up(seen * is_there) + 1) / (count + 5)
        past = seen * (since > 0)
        num_past = pairs.add_up(past)
        told["position"] = np.log1p(num_past)
        told["share"] = num_past / np.maximum(count, 1)
        for name, reach in (("second", 0), ("minute", 60), ("day", DAY / 2)):
            told[f"same {name}"] = np.log1p(pairs.add_up(seen * (apart <= reach)))
        told["hours"] = np.log1p(pairs.find_largest(past * since) / 3600)
        told["so far"] = average(seen * (since >= 0), 5.0)
        sides = {
            "nearest": seen > 0,
            "before": seen * (since >= 0) > 0,
            "after": seen * (since < 0) > 0,
        }
        for name, is_there in sides.items():
            # Of equally near ones the last in time before, the first after.
            gaps = np.where(is_there, apart, np.float32(FAR))
            at = pairs.find_least(gaps, last=name == "before")
            gap = gaps[at].clip(max=FAR)
            fade = gap < 600 if name == "nearest" else np.exp(-gap / 1000)
            told[name] = (y[at] - bias) * fade
            told["gap" if name == "nearest" else f"gap {name}"] = np.log1p(gap)
        for name, values in told.items():
            found[name][rows] = values
    return found


def _ask_movie(
    known: Known, asked: Points, users: Likeness | None, contents: Contents
) -> dict[str, np.ndarray]:
    """What the movie's known ratings say of each row."""
    names = ["lately", "people", "movie spread"] + ["user agreement"] * (users is not None)
    found = {name: np.zeros(len(asked.time), "float32") for name in names}
    known = _sort(known, np.argsort(known.points.member, kind="stable"))
    for pairs in pair(known.points.member, asked.member):
        rows, row, mine = pairs.rows, pairs.row, pairs.known
        e = known.residuals[mine]
        apart = np.abs(asked.time[rows][row] - known.points.time[mine]).astype("float32")
        cells = asked.owner[rows][row] * len(contents.people) + known.points.owner[mine]
        average = functools.partial(_average, pairs, e)
        found["lately"][rows] = average(np.exp(apart * np.float32(-1 / (20 * DAY))), 10.0)
        found["people"][rows] = average(contents.people.reshape(-1).take(cells), 6.0)
        if users is not None:
            found["user agreement"][rows] = average(users.agreement.reshape(-1).take(cells), 0.3)
        count = pairs.add_up(np.ones_like(e))
        found["movie spread"][rows] = np.sqrt((pairs.add_up(e**2) + SPREAD) / (count + SPREAD))
    return found


def _count(
    known: Known, asked: Points, contents: Contents, shape: tuple[int, int]
) -> dict[str, np.ndarray]:
    """Counts of ratings, ages and times."""
    _, movie, time = known.points
    first = np.full(shape[1], time.min())
    first[movie] = np.inf
    np.minimum.at(first, movie, time)
    return {
        "movie count": np.log1p(np.bincount(movie, minlength=shape[1]))[asked.member],
        "time": (asked.time - time.min()) / 1e7,
        "movie age": (asked.time - first[asked.member]) / (1000 * DAY),
        "year": (contents.year[asked.member] - 1980) / 15,
        "user age": contents.age[asked.owner] / 40,
        "gender": contents.is_male[asked.owner],
    }


def _compare(
    movie: np.ndarray, other: np.ndarray, movies: Likeness, contents: Contents
) -> dict[str, np.ndarray]:
    """How alike the two movies of each pair are, by the names in ALIKE, (pairs,) each."""
    kinds, genres = contents.kinds, contents.genres
    tables = {"together": movies.together, "era": contents.era, "titles": contents.titles}
    tables["agreement"] = movies.agreement
    cells = movie * len(kinds) + other
    found = {name: table.reshape(-1).take(cells) for name, table in tables.items()}
    found["genres"] = genres.reshape(-1).take(kinds[movie] * len(genres) + kinds[other])
    return found


def _sort(known: Known, order: np.ndarray) -> Known:
    points, *others = known
    return Known(Points(*(a[order] for a in points)), *(a[order] for a in others))


def _raise(values: np.ndarray, power: int) -> np.ndarray:
    """Values to the power 1, 2 or 4: as squares they are there sooner."""
    while power > 1:
        values, power = np.square(values), power // 2
    return values


def _average(
    pairs: Pairs,
    values: np.ndarray,
    weights: np.ndarray,
    damping: float,
    shift: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Each row's damped average of values (pairs,) less a shift (rows,) by weights (pairs,)."""
    total, signed = pairs.add_up(np.abs(weights)), pairs.add_up(weights)
    return (pairs.add_up(weights * values) - shift * signed) / (total + damping)
