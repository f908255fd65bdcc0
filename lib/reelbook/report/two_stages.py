"""Retrieval and ranking end to end: what each number of candidates and each order gives."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.metrics.catalogue import Score
from reelbook.metrics.graded import average_users, compare_lists, estimate_lists
from reelbook.metrics.metric import Metric
from reelbook.models import gaussian, registry
from reelbook.models.measured_orders import measure_orders
from reelbook.models.two_stages import CANDIDATES, WEIGHTS, choose_weight
from reelbook.report.studies.study import Study, find_run
from reelbook.report.studies.two_stages import CHOOSING, RANKER, TESTED
from reelbook.runs.store import Run
from reelbook.splits.split import Split

ORDERS = ("score", "stars", "both")
USED = ("topn.edlae", CANDIDATES)  # of the lists for people: its weights are their reasons, too
KEYS = ["retriever", "candidates", "order"]
# By retriever, number of candidates and order: the figures of the users, over all splits.
Lists = dict[tuple[str, int, str], pd.DataFrame]


class Measured(NamedTuple):
    """What two stages give.

    Attributes:
        lists: see `Lists`.
        weights: retriever, candidates, seed, weight (w) that validation rows chose, and value, the
            nDCG@10 with liked movies as hits that it has on them.
    """

    lists: Lists
    weights: pd.DataFrame


def measure_stages(
    study: Study, runs: Iterable[Run], *, seeds: Sequence[int], sizes: Sequence[int]
) -> Measured:
    """Order the candidates of each retriever in each way, on the test rows of each split.

    Args:
        study: as `studies.two_stages` gives it.
        runs: of the study.
        seeds: of its splits.
        sizes: numbers of candidates.
    """
    runs = list(runs)
    parts: dict[tuple[str, int, str], list[pd.DataFrame]] = {}
    chosen = []
    retrievers = dict.fromkeys(r.model for r in study.requests if r.model != RANKER)
    for seed in seeds:
        rankers = {
            label: find_run(runs, RANKER, protocol=label, seed=seed) for label in (CHOOSING, TESTED)
        }
        splits = {label: study.find_split(run) for label, run in rankers.items()}
        stars = {
            label: restore_stars(run, study.dataset, splits[label])
            for label, run in rankers.items()
        }
        for model in retrievers:
            found = {
                label: restore_score(
                    find_run(runs, model, protocol=label, seed=seed), study.dataset, split
                )
                for label, split in splits.items()
            }
            tried = measure_orders(
                found[CHOOSING],
                stars[CHOOSING],
                study.dataset,
                splits[CHOOSING],
                weights=dict.fromkeys(sizes, WEIGHTS),
            )
            best = {size: choose_weight(average_liked(tried, size)) for size in sizes}
            tested = measure_orders(
                found[TESTED],
                stars[TESTED],
                study.dataset,
                splits[TESTED],
                weights={size: (0.0, 1.0, best[size]) for size in sizes},
            )
            for size in sizes:
                for order, weight in zip(ORDERS, (0.0, 1.0, best[size]), strict=True):
                    parts.setdefault((model, size, order), []).append(tested[size, weight])
                chosen.append((model, size, seed, best[size], max(average_liked(tried, size))))
    lists = {key: average_users(found) for key, found in parts.items()}
    return Measured(lists, pd.DataFrame(chosen, columns=[*KEYS[:2], "seed", "weight", "value"]))


def average_liked(tried: dict[tuple[int, float], pd.DataFrame], size: int) -> list[float]:
    """nDCG@10 with liked movies as hits, by each of WEIGHTS."""
    return [float(tried[size, weight]["liked"].mean()) for weight in WEIGHTS]


def restore_score(run: Run, dataset: Dataset, split: Split) -> Score:
    """The scores of a run that ranks: from its weights, or learned again where it keeps none."""
    if hasattr(registry.get_family(run.record.model), "restore"):
        score = run.restore(dataset, split).score
    else:
        params = run.record.params | run.record.extra.get("chosen", {})
        params |= {"grid": {}} if "grid" in params else {}
        score = registry.fit(run.record.model, params, dataset, split, run.record.seed).score
    assert score is not None  # of a model that ranks
    return score


def restore_stars(run: Run, dataset: Dataset, split: Split) -> Score:
    """The stars of all movies by a run of RANKER, learned again: it takes less than a second."""
    known = dataset.ratings.iloc[split.known]
    params = run.record.params | run.record.extra.get("chosen", {})
    taste = gaussian.learn_taste(params, dataset, known)
    return gaussian.make_star_table(taste, dataset, known)


def list_stages(measured: Measured) -> pd.DataFrame:
    """A row a retriever, number of candidates and order; one for the order by score.

    That one is the same for any number of candidates from K on, and has none.

    Returns:
        retriever, candidates, order, weight (mean over splits, of the order by both), liked with
        low and high, any, graded and disliked.
    """
    weights = measured.weights.groupby(KEYS[:2])["weight"].mean()
    least = min(size for _, size, _ in measured.lists)
    rows = []
    for (model, size, order), values in measured.lists.items():
        if order == "score" and size != least:
            continue
        found = estimate_lists(values)
        rows.append(
            {
                "retriever": model,
                "candidates": pd.NA if order == "score" else size,
                "order": order,
                "weight": weights[model, size] if order == "both" else np.nan,
                "liked": found["liked"].value,
                "low": found["liked"].low,
                "high": found["liked"].high,
                **{name: found[name].value for name in ("any", "graded", "disliked")},
            }
        )
    return pd.DataFrame(rows).astype({"candidates": "Int64"})


def find_best(measured: Measured) -> tuple[str, int]:
    """The retriever and the number of candidates that are best on validation rows.

    By the mean over splits of what the chosen weights have there; no test row chooses.
    """
    values = measured.weights.groupby(KEYS[:2], sort=False)["value"].mean()
    model, size = values.index[int(np.argmax(values.to_numpy()))]
    return str(model), int(size)


def compare_orders(measured: Measured, retriever: str, size: int) -> dict[str, Metric]:
    """By how much the order by both exceeds that by score, for the same users and candidates."""
    lists = measured.lists
    return compare_lists(lists[retriever, size, "both"], lists[retriever, size, "score"])


def compare_used(measured: Measured) -> dict[str, Metric]:
    """By how much lists for people, of USED, exceed the best ones by both, for the same users.

    Empty where USED was not measured, or is the best.
    """
    best = find_best(measured)
    if best == USED or (*USED, "both") not in measured.lists:
        return {}
    return compare_lists(measured.lists[*USED, "both"], measured.lists[*best, "both"])
