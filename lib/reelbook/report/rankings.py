"""The ranking protocols in the chapters: their splits, and tables of models beside plain rules."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.metrics.catalogue import Score
from reelbook.metrics.lists import K
from reelbook.metrics.registry import LIST_METRICS, RANKING_METRICS
from reelbook.report.compare import Groups, average_metrics, group_runs, measure_score
from reelbook.runs.store import Run
from reelbook.splits.protocols import make_split
from reelbook.splits.split import Split

# Each ranking protocol, with the caption of its tables.
PROTOCOLS = {
    "stratified": "Protocol stratified: a quarter of each user's ratings, mean over draws.",
    "leave-last": "Protocol leave-last: the last rating of each user.",
    "global-time": "Protocol global-time: the last fifth of all ratings.",
}
# What gives every movie a score without training, once it knows data set and split.
Rule = Callable[[Dataset, Split], Score]


def make_splits(dataset: Dataset, seeds: Iterable[int]) -> list[Split]:
    """The splits of PROTOCOLS: `stratified` once a seed, the others once where times allow it."""
    drawn = [make_split(dataset, "stratified", seed=seed) for seed in seeds]
    return [*drawn, *split_by_time(dataset)[0]]


def describe_left_out(dataset: Dataset) -> str:
    """Which of PROTOCOLS cannot split these ratings, and why; empty where all can."""
    return "\n\n".join(f"Left out: {fault}" for fault in split_by_time(dataset)[1])


def split_by_time(
    dataset: Dataset, protocols: Iterable[str] = ("leave-last", "global-time")
) -> tuple[list[Split], list[str]]:
    """The splits of the protocols that go by time, and why there is none of the others."""
    splits, faults = [], []
    for protocol in protocols:
        try:
            splits.append(make_split(dataset, protocol))
        except ReelbookError as error:
            faults.append(str(error))
    return splits, faults


def group_by_protocol(runs: Iterable[Run]) -> dict[str, Groups]:
    """The runs of each of PROTOCOLS that was run, by model."""
    runs = list(runs)
    groups = {protocol: group_runs(runs, protocol=protocol) for protocol in PROTOCOLS}
    return {protocol: found for protocol, found in groups.items() if found}


def list_rankings(groups: Groups, *, rules: pd.DataFrame | None = None) -> pd.DataFrame:
    """A row a model, the highest nDCG@10 first: its name and the mean of each metric over its runs.

    The metrics are all there are for lists of ten.

    Args:
        groups: the runs of each model.
        rules: more rows with the same columns, as `measure_rules` gives them.
    """
    lengths = {name: metric.lengths for name, metric in RANKING_METRICS.items()}
    lengths |= {name: metric.lengths for name, metric in LIST_METRICS.items()}
    table = average_metrics(groups, [f"{name}@{K}" for name, ks in lengths.items() if K in ks])
    if rules is not None:
        table = pd.concat([table, rules[list(table)]], ignore_index=True)
    return table.sort_values("ndcg@10", ascending=False, ignore_index=True)


def measure_rules(
    rules: Mapping[str, Rule], dataset: Dataset, splits: Iterable[Split]
) -> pd.DataFrame:
    """A row a rule that needs no training: its name as model and the mean of each ranking metric.

    Args:
        rules: name to rule, such as `catalogue.make_popularity_score`.
        dataset: the canonical tables.
        splits: to measure on.
    """
    splits = list(splits)
    rows = [
        measure_score(name, rule(dataset, split), dataset, split)
        for name, rule in rules.items()
        for split in splits
    ]
    return pd.DataFrame(rows).groupby("model", sort=False).mean().reset_index()


def make_chance(seed: int = 0) -> Rule:
    """Scores that say nothing, drawn anew for each user and split."""
    rng = np.random.default_rng(seed)
    return lambda dataset, split: lambda users: rng.random((len(users), len(dataset.movies)))


def score_by_future(dataset: Dataset, split: Split) -> Score:
    """How often each movie is rated in all, test rows among them: what only the future knows."""
    counts = dataset.ratings["movie_id"].value_counts()
    counts = counts.reindex(np.sort(dataset.movies["movie_id"]), fill_value=0)
    return lambda users: np.tile(counts.to_numpy(), (len(users), 1))


def count_new_users(dataset: Dataset, split: Split) -> tuple[int, int]:
    """How many test users of a split have no training or validation row, and how many there are."""
    users = dataset.ratings["user_id"].to_numpy()
    tested = np.sort(pd.unique(users[split.test]))
    known = users[np.concatenate([split.train, split.validation])]
    return int((~np.isin(tested, known)).sum()), len(tested)
