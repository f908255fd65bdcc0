"""From one million ratings to 32: does time grow in proportion?

    python tests/benchmarks/bench_growth.py [ml-1m ml-10m ml-32m]

Made-up ratings in these sizes (`made_up.py`) are read, split, ranked by popularity and explored,
and train one epoch of mf.biased, mf.implicit and two_tower.best, one iteration of topn.ials, and
baseline.biases. Each step should take at most a fifth more CPU seconds than in proportion to
the ratings, or for ranking to the scores. The exit code is 1 where one takes longer. 32 million
ratings take some 6 GB of memory, and some minutes to make up.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_up
import pandas as pd

from reelbook import data
from reelbook.data.tables import Dataset
from reelbook.metrics.catalogue import (
    MOST_SCORES,
    evaluate_ranking,
    make_popularity_score,
    rank_catalogue,
)
from reelbook.models import biases, mf, topn
from reelbook.models.features.matrix import make_matrix
from reelbook.models.fitting import loop
from reelbook.models.registry import resolve_params
from reelbook.models.two_tower import best
from reelbook.report import demographics, exploration
from reelbook.report.suitability.habits import find_habits
from reelbook.report.suitability.order import measure_order
from reelbook.report.suitability.shape import measure_shape
from reelbook.splits.protocols import make_split

SLACK = 1.2
NETWORKS = ("mf.biased", "mf.implicit", "two_tower.best")
EPOCHS = 3  # the first one traces the graph


def main(sizes: list[str]) -> int:
    """Print the seconds of each step by size, and by how much they exceed proportion."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["REELBOOK_BUILD"] = f"{folder}/build"
        table = pd.DataFrame([measure(size, Path(folder)) for size in sizes], index=sizes)
    print(table.to_string(float_format="{:.1f}".format))
    steps = table.drop(columns=["ratings", "scores"])
    work = pd.DataFrame(
        {s: table["scores" if s in ("rank", "evaluate") else "ratings"] for s in steps}
    )
    growth = (steps / work).pct_change().dropna() + 1
    print("\nseconds for each rating or score, beside the size before:")
    print(growth.to_string(float_format="{:.2f}".format))
    return int((growth > SLACK).any(axis=None))


def measure(size: str, folder: Path) -> dict[str, float]:
    """CPU seconds of each step on ratings of a size."""
    made_up.write_files(size, folder / size)
    dataset, read = clock(lambda: data.load(str(folder / size)))
    split, split_seconds = clock(lambda: make_split(dataset, "stratified"))
    score = make_popularity_score(dataset, split)
    ranked, rank = clock(lambda: rank_catalogue(score, dataset, split))
    ratings = dataset.ratings.iloc[split.train]
    return {
        "ratings": len(dataset.ratings),
        "scores": min(len(dataset.users) * len(dataset.movies), MOST_SCORES),
        "read": read,
        "split": split_seconds,
        "rank": rank,
        "evaluate": clock(lambda: evaluate_ranking(ranked, dataset, split))[1],
        "explore": clock(lambda: explore(dataset))[1],
        **{model: time_epoch(model, dataset, ratings) for model in NETWORKS},
        "topn.ials": time_iteration(dataset, ratings),
        "baseline.biases": time_biases(ratings),
    }


def explore(dataset: Dataset) -> None:
    """What chapters 00 and 01 count of all ratings."""
    rows, ratings = demographics.join_tables(dataset), dataset.ratings
    exploration.count_days(rows)
    exploration.rank_movies(rows, "damped_mean")
    exploration.count_release_years(rows)
    exploration.count_genres(rows)
    exploration.count_over_time(ratings)
    exploration.count_tie_sizes(ratings)
    measure_shape(ratings)
    measure_order(ratings, has_stars=True)
    find_habits(ratings, dataset.traits)


def time_epoch(model: str, dataset: Dataset, ratings: pd.DataFrame) -> float:
    """CPU seconds of an epoch of a network, as a run trains it."""
    params = resolve_params(model, {})
    loop.set_seed(0)
    if model == "two_tower.best":
        network = best.make_network(model, dataset, params, ratings)
    else:
        network = mf.make_network(model, params, ratings)
    num_rows = len(next(iter(network.rows.values())))
    options = loop.grow_batches(loop.pick_options(params), num_rows, max_steps=network.max_steps)
    ends: list[float] = []

    def note(loss: float) -> dict[str, float]:
        ends.append(time.process_time())
        return {"loss": loss}

    options |= {"epochs": EPOCHS, "seed": 0, "report": note}
    loop.train(network.model, network.rows, network.compute_loss, **options)
    return (ends[-1] - ends[0]) / (EPOCHS - 1)


def time_iteration(dataset: Dataset, ratings: pd.DataFrame) -> float:
    """CPU seconds of an iteration of topn.ials."""
    x, params = make_matrix(dataset, ratings), resolve_params("topn.ials", {})
    _, one = clock(lambda: topn.learn_als(x, params | {"iterations": 1}, 0))
    _, two = clock(lambda: topn.learn_als(x, params | {"iterations": 2}, 0))
    return two - one


def time_biases(ratings: pd.DataFrame) -> float:
    """CPU seconds of baseline.biases with one setting."""
    params = resolve_params("baseline.biases", {})
    return clock(lambda: biases.learn_biases(biases.number_ratings(ratings), params))[1]


def clock(step: Callable[[], Any]) -> tuple[Any, float]:
    """What a step gives, and its CPU seconds."""
    start = time.process_time()
    return step(), time.process_time() - start


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["ml-1m", "ml-10m"]))
