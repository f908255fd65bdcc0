"""What the chapter on the two-tower models trains."""

from collections.abc import Sequence
from typing import Any

from reelbook.data.tables import Dataset
from reelbook.report import rankings
from reelbook.report.studies.study import Study, declare
from reelbook.runs.record import Request
from reelbook.splits.protocols import make_split

WEIGHTS = "source-weights"  # the label of the sweep over the weight of the retrieval task


def two_tower(
    dataset: Dataset,
    *,
    seeds: Sequence[int],
    trained: Sequence[str],
    listed: Sequence[str],
    epochs: int,
    tuned_epochs: int,
    best_epochs: int,
    batch_size: int,
    retrieval_weights: Sequence[float],
) -> Study:
    """Document B's models as it splits, with its spelling of titles and with one; and their lists.

    Args:
        dataset: the canonical tables.
        seeds: of the trainings on `source`, and of the splits of `stratified`. With the first one
            each epoch is measured on test rows; the document's spelling and the sweep have no
            other.
        trained: names of document B's models.
        listed: those of them that make lists by the ranking protocols.
        epochs: of the document's models that are not tuned.
        tuned_epochs: of the tuned one.
        best_epochs: most epochs of `two_tower.best`.
        batch_size: of the document's models.
        retrieval_weights: of the joint model, beside 1 for the ratings.
    """
    source = make_split(dataset, "source", test_share=0.25, validation_share=0.075, seed=42)
    ranking = rankings.make_splits(dataset, seeds)
    first, *others = seeds
    plain: dict[str, Any] = {"epochs": epochs, "batch_size": batch_size}
    tuned = plain | {"epochs": tuned_epochs}
    limits = {f"two_tower.{name}": tuned if "tuned" in name else plain for name in trained}
    requests: list[Request] = []
    for model, given in limits.items():
        watched = given | {"measure_epochs": True}
        requests += declare([model, f"{model}_mismatched"], source, seeds=[first], params=watched)
        requests += declare(model, source, seeds=others, params=given)
    for weight in retrieval_weights:
        swept = plain | {"retrieval_weight": weight}
        requests += declare("two_tower.joint", source, seeds=[first], params=swept, study=WEIGHTS)
    best = {"epochs": best_epochs}
    requests += declare("two_tower.best", source, seeds=seeds, params=best)
    requests += declare("two_tower.best", ranking, params=best)
    for model in [f"two_tower.{name}" for name in listed]:
        requests += declare(model, ranking, params=limits[model])
    return Study(dataset, requests)
