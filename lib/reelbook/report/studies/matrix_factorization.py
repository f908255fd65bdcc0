"""The study of chapter 02: document A's matrix factorisation and ours, on the same rows."""

from collections.abc import Sequence

from reelbook.data.tables import Dataset
from reelbook.models.registry import resolve_params
from reelbook.report.studies.study import Study, declare, keep_defaults
from reelbook.splits.protocols import make_split

DOCUMENT_MODELS = ["mf.dot", "mf.mlp", "mf.sigmoid"]
OUR_MODELS = ["mf.unregularised", "mf.biased", "mf.implicit"]
BATCHES = "batches"  # the label of runs whose batches do not grow with the rows


def matrix_factorization(
    dataset: Dataset,
    *,
    folds: Sequence[int],
    seeds: Sequence[int],
    epochs: int,
    tuned: bool = True,
) -> Study:
    """Document A's models under its own protocol, and all models on the official folds.

    Study `batches` trains those whose batches grew on the first fold once more without that.

    Args:
        dataset: what to measure on.
        folds: of protocol `official`.
        seeds: a random split and a training for each, protocol `source`.
        epochs: the most that a model of the document trains.
        tuned: whether settings are chosen on validation rows; otherwise models keep their defaults.
    """
    source = [make_split(dataset, "source", seed=seed) for seed in seeds]
    official = [make_split(dataset, "official", fold=fold) for fold in folds]
    limits = {"epochs": epochs}
    requests = [
        *declare(DOCUMENT_MODELS, source, params=limits),
        *declare(DOCUMENT_MODELS, official, params=limits),
        *declare(OUR_MODELS, official),
    ]
    for model, given in {"mf.mlp": limits, "mf.biased": {}}.items():
        usual = resolve_params(model, {})
        if len(official[0].train) > usual["max_steps"] * usual["batch_size"]:
            never = given | {"max_steps": len(dataset.ratings)}
            requests += declare(model, official[0], params=never, study=BATCHES)
    return Study(dataset, requests if tuned else keep_defaults(requests))
