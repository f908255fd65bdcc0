"""What the chapter that recommends to people trains to tell how good its stars are."""

from collections.abc import Sequence

from reelbook.data.tables import Dataset
from reelbook.report.studies.study import Study, declare, keep_defaults
from reelbook.splits.protocols import make_split


def recommend(dataset: Dataset, *, folds: Sequence[int], tuned: bool = True) -> Study:
    """The model behind the stars of a list, on `official`.

    Args:
        dataset: the canonical tables.
        folds: of `official`.
        tuned: whether settings are chosen on validation rows; otherwise models keep their defaults.
    """
    official = [make_split(dataset, "official", fold=fold) for fold in folds]
    requests = declare("gaussian.fold_in", official, seeds=[0])
    return Study(dataset, requests if tuned else keep_defaults(requests))
