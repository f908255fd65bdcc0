"""What the chapter on baselines trains."""

from collections.abc import Sequence

from reelbook.data.tables import Dataset
from reelbook.models import baseline as simple
from reelbook.models import bayes, topn
from reelbook.report import rankings
from reelbook.report.studies.study import Study, declare
from reelbook.splits.protocols import make_split

PLAIN = "topn.bpr_plain"  # an ablation: no model for the boards


def baselines(
    dataset: Dataset, *, folds: Sequence[int], seeds: Sequence[int], draws: int = 0
) -> Study:
    """Simple models for stars on `official`, and for lists by each of the ranking protocols.

    Args:
        dataset: the canonical tables.
        folds: of `official`.
        seeds: of the splits of `stratified`; the ablation runs on the first.
        draws: of the Bayesian models; 0 takes those of their defaults.
    """
    official = [make_split(dataset, "official", fold=fold) for fold in folds]
    ranking = rankings.make_splits(dataset, seeds)
    first = make_split(dataset, "stratified", seed=seeds[0])
    drawn = {"draws": draws} if draws else {}
    return Study(
        dataset,
        [
            *declare(simple.MODELS, official, seeds=[0]),
            *declare(bayes.MODELS, official, seeds=[0], params=drawn),
            *declare((name for name in topn.MODELS if name != PLAIN), ranking),
            *declare(PLAIN, first, study="ablation"),
        ],
    )
