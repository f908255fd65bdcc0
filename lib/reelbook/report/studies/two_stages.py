"""What the chapter on two stages trains."""

from collections.abc import Sequence

from reelbook.data.tables import Dataset
from reelbook.report.studies.study import Study, declare, keep_defaults
from reelbook.splits.inner import make_inner_split
from reelbook.splits.protocols import make_split

# Labels: these figures are no others' on the boards.
TESTED, CHOOSING = "two-stages", "two-stages-choice"
RANKER = "gaussian.fold_in"


def two_stages(
    dataset: Dataset,
    *,
    seeds: Sequence[int],
    retrievers: Sequence[str],
    epochs: int,
    tuned: bool = True,
) -> Study:
    """Models that find candidates and the one whose stars order them, on `stratified`.

    Each is trained twice: on all that is known before the test rows; and on the training rows
    alone, with default settings, to choose on the validation rows how much stars count.

    Args:
        dataset: the canonical tables.
        seeds: of the splits.
        retrievers: models that rank.
        epochs: of those with epochs, at most.
        tuned: whether settings are chosen on validation rows; otherwise models keep their defaults.
    """
    splits = [make_split(dataset, "stratified", seed=seed) for seed in seeds]
    inner = [make_inner_split(dataset, split) for split in splits]
    requests, choosing = [], []
    for model in [*retrievers, RANKER]:
        params = {"epochs": epochs} if model.startswith("two_tower.") else {}
        requests += declare(model, splits, params=params, study=TESTED)
        choosing += declare(model, inner, params=params, study=CHOOSING)
    requests = requests if tuned else keep_defaults(requests)
    return Study(dataset, requests + keep_defaults(choosing))
