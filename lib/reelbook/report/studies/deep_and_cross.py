"""The study of chapter 04: document B's networks, ours, and networks with less."""

from collections.abc import Sequence
from typing import Any

from reelbook.data.tables import Dataset
from reelbook.models.dcn import QUICK
from reelbook.models.features.vocabularies import list_features
from reelbook.report.studies.study import Study, declare
from reelbook.splits.protocols import make_split

REPORTED_MODELS = ["dcn.stacked", "dcn.low_rank", "dcn.dnn"]  # the document gives their figures
DOCUMENT_MODELS = [*REPORTED_MODELS, "dcn.parallel"]


def deep_and_cross(
    dataset: Dataset,
    *,
    seeds: Sequence[int],
    folds: Sequence[int],
    training_seeds: Sequence[int],
    ranks: Sequence[int],
    epochs: int,
    our_epochs: int,
) -> Study:
    """The document's networks to their last epoch, all on the official folds, and ablations.

    Study `source-ablation` has the rows of the first seed of `source`, and stops early.

    Args:
        dataset: what to measure on.
        seeds: a random split and a training for each, protocol `source`.
        folds: of protocol `official`.
        training_seeds: trainings of the full network on one split, to know what chance does.
        ranks: of the cross weights, beside the full one.
        epochs: the most of the document's models.
        our_epochs: the most of dcn.best.
    """
    features = list_features(dataset)
    shares: dict[str, Any] = {"test_share": 0.175, "validation_share": 0.075, "cleaned": True}
    source = {seed: make_split(dataset, "source", seed=seed, **shares) for seed in seeds}
    official = [make_split(dataset, "official", fold=fold) for fold in folds]
    limits = {"features": features, "epochs": epochs}
    to_the_end = limits | {"patience": epochs}  # the document reports the last epoch
    ours = {"features": features, "epochs": our_epochs}
    requests = [
        *declare(REPORTED_MODELS, source.values(), params=to_the_end),
        *declare(DOCUMENT_MODELS, official, params=limits | QUICK),
        *declare("dcn.best", official, params=ours),
    ]
    split, study = source[seeds[0]], "source-ablation"
    requests += declare(
        "dcn.stacked", split, params=limits | QUICK, seeds=training_seeds, study=study
    )
    requests += declare(
        [f"dcn.rank_{rank}" for rank in ranks], split, params=limits, seeds=[0], study=study
    )
    for missing in features:
        fewer = limits | {"features": [name for name in features if name != missing]}
        requests += declare(f"dcn.without_{missing}", split, params=fewer, seeds=[0], study=study)
    return Study(dataset, requests)
