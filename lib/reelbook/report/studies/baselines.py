"""What the chapter on baselines trains."""

from collections.abc import Sequence

from reelbook.data.tables import Dataset
from reelbook.models import registry
from reelbook.report import rankings
from reelbook.report.studies.study import Study, declare, fit_params, keep_defaults
from reelbook.splits.protocols import make_split

CHAPTER = "06_baselines"
PLAIN = "topn.bpr_plain"  # an ablation: no model for the boards


def baselines(
    dataset: Dataset,
    *,
    folds: Sequence[int],
    seeds: Sequence[int],
    draws: int | None = None,
    tuned: bool = True,
) -> Study:
    """Simple models for stars on `official`, and for lists by each of the ranking protocols.

    They are all models whose family names no other chapter, so a new file is in by itself.

    Args:
        dataset: the canonical tables.
        folds: of `official`.
        seeds: of the splits of `stratified`; the ablation runs on the first.
        draws: of the Bayesian models; None takes those of their defaults.
        tuned: whether settings are chosen on validation rows; otherwise models keep their defaults.
    """
    official = [make_split(dataset, "official", fold=fold) for fold in folds]
    ranking = rankings.make_splits(dataset, seeds)
    first = make_split(dataset, "stratified", seed=seeds[0])
    requests = declare(PLAIN, first, study="ablation")
    for model, about in registry.list_models().items():
        if about.chapter != CHAPTER or model == PLAIN:
            continue
        drawn = fit_params(model, {"draws": draws or None})
        if about.predicts != "lists":
            requests += declare(model, official, seeds=[0], params=drawn)
        if about.predicts != "stars":
            requests += declare(model, ranking, params=drawn)
    return Study(dataset, requests if tuned else keep_defaults(requests))
