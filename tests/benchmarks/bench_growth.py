"""From one million ratings to 32: does time grow in proportion?

    python tests/benchmarks/bench_growth.py [ml-1m ml-10m ml-32m]

Made-up ratings in these sizes (`made_up.py`) are read, split and ranked by popularity, and train
one epoch of mf.biased. Each step should take at most a fifth more CPU seconds than in proportion to
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
from reelbook.metrics.catalogue import MOST_SCORES, make_popularity_score, rank_catalogue
from reelbook.models import mf
from reelbook.models.fitting import loop
from reelbook.models.registry import resolve_params
from reelbook.splits.protocols import make_split

SLACK = 1.2
EPOCHS = 3  # the first one traces the graph


def main(sizes: list[str]) -> int:
    """Print the seconds of each step by size, and by how much they exceed proportion."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["REELBOOK_BUILD"] = f"{folder}/build"
        table = pd.DataFrame([measure(size, Path(folder)) for size in sizes], index=sizes)
    print(table.to_string(float_format="{:.1f}".format))
    steps = table.drop(columns=["ratings", "scores"])
    work = pd.DataFrame({s: table["scores" if s == "rank" else "ratings"] for s in steps})
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
    _, rank = clock(lambda: rank_catalogue(score, dataset, split))
    return {
        "ratings": len(dataset.ratings),
        "scores": min(len(dataset.users) * len(dataset.movies), MOST_SCORES),
        "read": read,
        "split": split_seconds,
        "rank": rank,
        "mf.biased": time_epoch(dataset.ratings.iloc[split.train]),
    }


def time_epoch(ratings: pd.DataFrame) -> float:
    """CPU seconds of an epoch of mf.biased, as a run trains it."""
    params = resolve_params("mf.biased", {})
    loop.set_seed(0)
    network = mf.make_network("mf.biased", params, ratings)
    options = loop.grow_batches(loop.pick_options(params), len(ratings))
    ends: list[float] = []

    def note(loss: float) -> dict[str, float]:
        ends.append(time.process_time())
        return {"loss": loss}

    options |= {"epochs": EPOCHS, "seed": 0, "report": note}
    loop.train(network.model, network.rows, network.compute_loss, **options)
    return (ends[-1] - ends[0]) / (EPOCHS - 1)


def clock(step: Callable[[], Any]) -> tuple[Any, float]:
    """What a step gives, and its CPU seconds."""
    start = time.process_time()
    return step(), time.process_time() - start


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["ml-1m", "ml-10m"]))
