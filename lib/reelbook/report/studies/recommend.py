"""What the chapter that recommends to people trains to tell how good its stars are."""

from collections.abc import Sequence

from reelbook.data.tables import Dataset
from reelbook.report.studies.study import Study, declare
from reelbook.splits.protocols import make_split


def recommend(dataset: Dataset, *, folds: Sequence[int]) -> Study:
    """The model behind the stars of a list, on `official`.

    Args:
        dataset: the canonical tables.
        folds: of `official`.
    """
    official = [make_split(dataset, "official", fold=fold) for fold in folds]
    return Study(dataset, declare("gaussian.fold_in", official, seeds=[0]))
