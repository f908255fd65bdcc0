"""Stars as the sum of two Gaussian processes: one for each user, and one for each movie.

    r_ui = mean + f_u(i, t) + g_i(u, t) + noise,    noise ~ N(0, NOISE)

f_u are draws, one for each user, from a process over movies and times, g_i draws, one for each
movie, from a process over users and times. Two ratings at distance d in time covary by

    k = base + sum_k part_k likeness_k + sum_m slow_m exp(-d / tau_m) + page together exp(-d / TAU)

so that a movie's neighbours are what is like it and what was rated when it was (Rasmussen and
Williams 2006, equations 2.25 and 2.26; sums of processes: Duvenaud et al. 2011). The sum's mean is
found by backfitting: each process in turn explains what the other one leaves, SWEEPS times.

A process conditions on at most MOST ratings: those of a user or movie with more are cut by time
into parts of equal number, and a row belongs to the part that its time falls into. The variances,
in squares of a quarter of the range of the stars, and the times were laid out by coordinate search
on the validation rows of u2 and u5 of ML-100K.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import lapack

from reelbook.models.neighbourhood.likeness import Contents, Likeness, cut_rows

DAY = 86_400  # seconds
NOISE = 0.75
SWEEPS = 3
MOST = 400
# Shrinkage and number of axes of the residuals' covariances, which the kernels weigh.
OF_MOVIES, OF_USERS = (200.0, 15), (60.0, 5)


class Kernel(NamedTuple):
    """What two ratings of a user, or of a movie, share.

    Attributes:
        table: the part that time does not decide, float32 (members, members).
        together: see `likeness`.
        slow: variances and times, in seconds, of what they share by time alone.
        page: variance and time of what those share that are together and near in time.
    """

    table: np.ndarray
    together: np.ndarray
    slow: list[tuple[float, float]]
    page: tuple[float, float]


class Points(NamedTuple):
    """Ratings, known or asked for: codes of owner and member, and times in seconds, (points,)."""

    owner: np.ndarray
    member: np.ndarray
    time: np.ndarray


class Group(NamedTuple):
    """Known ratings that are conditioned on together, and the rows that are asked for with them.

    Attributes:
        known: places of the known ratings (k,).
        rows: places of the rows (n,).
        factor: Cholesky factor of the known ratings' covariance with noise, of which only the
            triangle is kept, as LAPACK packs it for products of blocks, float64 (k (k + 1) / 2,).
    """

    known: np.ndarray
    rows: np.ndarray
    factor: np.ndarray


class Posterior(NamedTuple):
    """Mean and variance of f_u and g_i at each row, in the units of the residuals, (rows,) each."""

    of_user: np.ndarray
    of_movie: np.ndarray
    user_variance: np.ndarray
    movie_variance: np.ndarray


def make_kernels(movies: Likeness, users: Likeness, contents: Contents) -> tuple[Kernel, Kernel]:
    """The covariances over the movies of a user, and over the users of a movie."""
    of_user, of_movie = np.empty_like(movies.together), np.empty_like(users.together)
    for part in cut_rows(len(of_user)):
        together = movies.together[part]
        of_user[part] = (
            5.1
            + 0.45 * together
            + 0.26 * together**2
            + 0.135 * contents.era[part]
            + 0.12 * contents.titles[part]
            + 0.29 * (movies.axes[part] @ movies.axes.T)
        )
    for part in cut_rows(len(of_movie)):
        together = users.together[part]
        of_movie[part] = (
            0.75
            + 0.32 * together
            + 0.04 * together**2
            + 0.042 * contents.people[part]
            + 0.5 * (users.axes[part] @ users.axes.T)
        )
    slow = [(0.2, 145.0), (0.05, 1.3 * DAY), (0.107, 93.0 * DAY)]
    return (
        Kernel(of_user, movies.together, slow, (0.051, 2700.0)),
        Kernel(of_movie, users.together, [(0.004, DAY / 6), (0.011, 60.0 * DAY)], (0.0, DAY)),
    )


def condition(
    kernels: tuple[Kernel, Kernel], known: Points, rows: Points, residuals: np.ndarray
) -> Posterior:
    """What the known ratings say of the rows.

    Args:
        kernels: over the movies of a user, and over the users of a movie.
        known: the known ratings, users as owners.
        rows: what is asked for, users as owners.
        residuals: the known stars less their mean, float64 (known,).
    """
    sides = [(kernels[0], known, rows), (kernels[1], _swap(known), _swap(rows))]
    by_user, by_movie = (_make_groups(*side) for side in sides)
    f = np.zeros_like(residuals)
    for _ in range(SWEEPS):
        g, movie_weights = _explain(by_movie, residuals - f)
        f, user_weights = _explain(by_user, residuals - g)
    of_user, user_variance = _ask(*sides[0], by_user, user_weights)
    of_movie, movie_variance = _ask(*sides[1], by_movie, movie_weights)
    return Posterior(of_user, of_movie, user_variance, movie_variance)


def find_groups(known: Points, rows: Points) -> list[tuple[np.ndarray, np.ndarray]]:
    """Known ratings that go together, and the rows that belong to them, as places in each.

    Rows whose owner has no known rating belong to none.
    """
    order = np.lexsort((known.time, known.owner))
    by_owner = np.split(order, np.flatnonzero(np.diff(known.owner[order])) + 1)
    parts = []
    for part in by_owner:
        parts += np.array_split(part, -(-len(part) // MOST)) if len(part) > MOST else [part]
    first = [part[0] for part in parts]
    low = min(known.time.min(), rows.time.min(initial=np.inf))
    span = max(known.time.max(), rows.time.max(initial=-np.inf)) - low + 1
    starts = known.owner[first] * span + (known.time[first] - low)
    found = np.searchsorted(starts, rows.owner * span + (rows.time - low), "right") - 1
    owner = known.owner[first]
    found += (found < 0) | (owner[found.clip(min=0)] != rows.owner)  # before the owner's first one
    found = found.clip(max=len(parts) - 1)
    belongs = np.flatnonzero(owner[found] == rows.owner)
    belongs = belongs[np.argsort(found[belongs], kind="stable")]
    ends = np.searchsorted(found[belongs], np.arange(len(parts) + 1))
    return [(part, belongs[ends[n] : ends[n + 1]]) for n, part in enumerate(parts)]


def _make_groups(kernel: Kernel, known: Points, rows: Points) -> list[Group]:
    groups = []
    for places, asked in find_groups(known, rows):
        covariance = _covary(kernel, known, places, known, places)
        np.einsum("ii->i", covariance)[:] += NOISE
        packed, _ = lapack.dtrttf(covariance.T, uplo="L")  # .T: as Fortran has it, not copied
        factor, _ = lapack.dpftrf(len(places), packed, uplo="L", overwrite_a=True)
        groups.append(Group(places, asked, factor))
    return groups


def _ask(
    kernel: Kernel, known: Points, rows: Points, groups: list[Group], weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance at the rows, from K^-1 residuals of the known ratings, each (rows,)."""
    # Who has no known rating is as uncertain as the process is at first.
    mean, variance = np.zeros(len(rows.time)), _vary(kernel)[rows.member].astype("float64")
    for group in groups:
        if len(group.rows) == 0:
            continue
        cross = _covary(kernel, rows, group.rows, known, group.known)  # (n, k)
        mean[group.rows] = cross @ weights[group.known]
        half = lapack.dtfsm(1.0, group.factor, cross.T, uplo="L", overwrite_b=True)  # (k, n)
        variance[group.rows] -= np.einsum("kn,kn->n", half, half)
    return mean, variance


def _vary(kernel: Kernel) -> np.ndarray:
    """The variance of each member before any rating is known, (members,)."""
    by_time = sum(variance for variance, _ in kernel.slow)
    return np.diag(kernel.table) + by_time + kernel.page[0] * np.diag(kernel.together)


def _covary(
    kernel: Kernel, left: Points, left_places: np.ndarray, right: Points, right_places: np.ndarray
) -> np.ndarray:
    """Covariance of some points with others, float64 (left, right)."""
    # Flat: a table is read several times sooner by one number a cell than by a row and a column.
    cells = left.member[left_places][:, None] * len(kernel.table) + right.member[right_places]
    since = left.time[left_places][:, None] - right.time[right_places]
    apart = np.abs(since, dtype="float32", casting="same_kind")
    part = np.empty_like(apart)

    def fade(variance: float, tau: float) -> np.ndarray:
        np.multiply(apart, np.float32(-1 / tau), out=part)
        np.exp(part, out=part)
        return np.multiply(part, np.float32(variance), out=part)

    found = kernel.table.reshape(-1).take(cells)
    for variance, tau in kernel.slow:
        found += fade(variance, tau)
    if kernel.page[0]:
        found += np.multiply(fade(*kernel.page), kernel.together.reshape(-1).take(cells), out=part)
    return found.astype("float64")


def _explain(groups: list[Group], residuals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The processes' mean at the known ratings, and K^-1 residuals, each (known,)."""
    weights = np.empty_like(residuals)
    for places, _, factor in groups:
        given = residuals[places]
        weights[places] = lapack.dpftrs(len(places), factor, given, uplo="L")[0]
    return residuals - NOISE * weights, weights


def _swap(points: Points) -> Points:
    return Points(points.member, points.owner, points.time)
