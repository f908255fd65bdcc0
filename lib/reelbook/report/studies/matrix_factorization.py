"""The study of chapter 02: document A's matrix factorisation and ours, on the same rows."""

from collections.abc import Sequence

from reelbook.data.tables import Dataset
from reelbook.report.studies.study import Study, declare
from reelbook.splits.protocols import make_split

DOCUMENT_MODELS = ["mf.dot", "mf.mlp", "mf.sigmoid"]
OUR_MODELS = ["mf.unregularised", "mf.biased", "mf.implicit"]


def matrix_factorization(
    dataset: Dataset, *, folds: Sequence[int], seeds: Sequence[int], epochs: int
) -> Study:
    """Document A's models under its own protocol, and all models on the official folds.

    Args:
        dataset: what to measure on.
        folds: of protocol `official`.
        seeds: a random split and a training for each, protocol `source`.
        epochs: the most that a model of the document trains.
    """
    source = [make_split(dataset, "source", seed=seed) for seed in seeds]
    official = [make_split(dataset, "official", fold=fold) for fold in folds]
    limits = {"epochs": epochs}
    requests = [
        *declare(DOCUMENT_MODELS, source, params=limits),
        *declare(DOCUMENT_MODELS, official, params=limits),
        *declare(OUR_MODELS, official),
    ]
    return Study(dataset, requests)
