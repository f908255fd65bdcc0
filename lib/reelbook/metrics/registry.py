"""Which metrics there are: each is one function, registered where it stands with its equation.

A metric of a registry appears by itself in records, boards and results.csv.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

Function = TypeVar("Function", bound=Callable[..., object])


class RatingMetric(NamedTuple):
    """`finish` of the mean of the losses that `compute` gives of ratings and predictions.

    Both arguments have the shape (rows,).
    """

    compute: Callable[[np.ndarray, np.ndarray], np.ndarray]
    finish: Callable[[np.ndarray], np.ndarray]


class RankingMetric(NamedTuple):
    """The mean over users of the values (users,) that `compute` gives of held-out ranks and k."""

    compute: Callable[..., np.ndarray]
    lengths: tuple[int, ...]  # the k for which runs are measured


class ListMetric(NamedTuple):
    """What `compute` gives of all users' lists of length k and the popularity of the catalogue."""

    compute: Callable[[np.ndarray, np.ndarray], float]
    lengths: tuple[int, ...]


RATING_METRICS: dict[str, RatingMetric] = {}
RANKING_METRICS: dict[str, RankingMetric] = {}
LIST_METRICS: dict[str, ListMetric] = {}


def rating_metric(
    name: str, *, finish: Callable[[np.ndarray], np.ndarray] = np.asarray
) -> Callable[[Function], Function]:
    """Register a function of ratings and predictions (rows,) that gives losses (rows,)."""

    def register(compute: Function) -> Function:
        RATING_METRICS[name] = RatingMetric(compute, finish)  # type: ignore[arg-type]
        return compute

    return register


def ranking_metric(name: str, *, lengths: tuple[int, ...]) -> Callable[[Function], Function]:
    """Register a function of `lists.HeldOut` and k that gives a value a user, as `name@k`."""

    def register(compute: Function) -> Function:
        RANKING_METRICS[name] = RankingMetric(compute, lengths)  # type: ignore[arg-type]
        return compute

    return register


def list_metric(name: str, *, lengths: tuple[int, ...]) -> Callable[[Function], Function]:
    """Register a function of lists (users, k) and counts (movies,) that gives one value."""

    def register(compute: Function) -> Function:
        LIST_METRICS[name] = ListMetric(compute, lengths)  # type: ignore[arg-type]
        return compute

    return register
