"""What it costs to weigh only the most rated movies: nDCG@10 of topn.ease by how many it weighs.

    python tests/benchmarks/bench_most_rated.py [DATA ...]

Of more than MOST_MOVIES movies, linear weights stand between the most rated ones, and all others
come behind by popularity. Here the same is done with fewer movies, on data where all of them fit,
so that what is lost shows: beside the share of the ratings that the kept movies have. The first
split of `stratified`, the penalty chosen each time. The exit code is 1 where movies that have 85%
of the ratings lose more than a hundredth of the nDCG@10.
"""

import sys

import numpy as np
import pandas as pd

from reelbook import data
from reelbook.metrics.catalogue import measure_ndcg
from reelbook.models import registry
from reelbook.models.features import matrix
from reelbook.splits.protocols import make_split

SHARES = (0.02, 0.05, 0.1, 0.2, 0.4, 1.0)  # of the movies
ENOUGH, LOSS = 0.85, 0.01


def main(names: list[str]) -> int:
    """Print a table for each data set."""
    missed = False
    for name in names:
        table = measure(name)
        print(f"{name}\n{table.to_string(index=False, float_format='{:.4f}'.format)}\n")
        whole = table["ndcg@10"].iloc[-1]
        enough = table[table["of ratings"] >= ENOUGH]
        missed |= bool((enough["ndcg@10"] < (1 - LOSS) * whole).any())
    return int(missed)


def measure(name: str) -> pd.DataFrame:
    """A row for each number of movies that are weighed."""
    dataset = data.load(name)
    split = make_split(dataset, "stratified")
    counts = np.sort(dataset.ratings["movie_id"].value_counts())[::-1]
    rows = []
    for share in SHARES:
        matrix.MOST_MOVIES = max(round(share * len(dataset.movies)), 1)
        params = registry.resolve_params("topn.ease", {})
        fit = registry.fit("topn.ease", params, dataset, split, 0)
        assert fit.score is not None
        kept = min(matrix.MOST_MOVIES, len(counts))
        rows.append(
            {
                "movies": kept,
                "of ratings": counts[:kept].sum() / counts.sum(),
                "ndcg@10": measure_ndcg(fit.score, dataset, split, part="test"),
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["ml-100k"]))
