"""All that is measured before anything but simple models is trained."""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.report.suitability.cold import measure_cold
from reelbook.report.suitability.habits import Habits, find_habits
from reelbook.report.suitability.order import Order, measure_order
from reelbook.report.suitability.resolution import Resolution, measure_lists, measure_stars
from reelbook.report.suitability.shape import Scale, Shape, measure_scale, measure_shape
from reelbook.runs.store import Run
from reelbook.splits.split import Split


class Measures(NamedTuple):
    """What the files of this folder measure.

    `scale` and `stars` are None without stars, `order` without times, and `stars` and `lists` where
    there are too few ratings to hold any out.
    """

    shape: Shape
    scale: Scale | None
    order: Order | None
    habits: Habits
    cold: pd.DataFrame
    stars: Resolution | None
    lists: Resolution | None


def measure_data(dataset: Dataset, splits: dict[str, Split], runs: Iterable[Run]) -> Measures:
    """Measure a data set.

    Args:
        dataset: the canonical tables.
        splits: by protocol, as `cold.make_splits` gives them.
        runs: those of `studies.data`.
    """
    ratings, runs = dataset.ratings, list(runs)
    has_stars, has_times = (trait in dataset.traits for trait in ("stars", "times"))
    return Measures(
        measure_shape(ratings),
        measure_scale(ratings) if has_stars else None,
        measure_order(ratings, has_stars=has_stars) if has_times else None,
        find_habits(ratings, dataset.traits),
        measure_cold(ratings, splits),
        measure_stars(runs),
        measure_lists(runs),
    )
