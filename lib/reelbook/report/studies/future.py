"""What the chapter on the future trains: the same models, seeing more or less of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.models import registry
from reelbook.models.features.vocabularies import list_features
from reelbook.report import rankings
from reelbook.report.studies.study import Study, declare, keep_defaults
from reelbook.runs.record import Request
from reelbook.splits.past import make_leaky_split, make_past_splits
from reelbook.splits.protocols import make_split
from reelbook.splits.split import Split

# Labels: these figures are no others' on the boards, where a plan may train models longer.
DRAWN_STARS, LATER_STARS = "drawn-stars", "later-stars"
LISTS = {"stratified": "drawn-lists", "leave-last": "last-lists", "global-time": "later-lists"}
# Compared everywhere; on drawn rows and by time alone; on the protocols of lists; with a leak.
MODELS = {
    "rating": [
        "baseline.biases", "gaussian.fold_in", "mf.biased", "mf.implicit", "bayes.timesvd",
        "bst.best", "neighbourhood.process", "neighbourhood.network",
    ],
    "later": [
        "baseline.user_mean", "baseline.knn", "baseline.svd", "bayes.mf", "autoencoder.autorec",
        "mf.dot", "mf.sigmoid", "dcn.stacked", "dcn.best",
    ],
    "lists": [
        "topn.popularity", "topn.item_knn", "topn.ease", "topn.edlae", "topn.ials",
        "timely.edlae", "timely.blend",
    ],
    "leaky": [
        "baseline.biases", "gaussian.fold_in", "neighbourhood.process",
        "topn.popularity", "topn.edlae", "topn.ials",
    ],
}  # fmt: skip


def future(
    dataset: Dataset,
    models: Mapping[str, Sequence[str]],
    *,
    folds: Sequence[int],
    seeds: Sequence[int],
    leaks: Sequence[float],
    epochs: int | None = None,
    draws: int | None = None,
    tuned: bool = True,
) -> Study:
    """Models of stars and of lists where they see all, some or none of what comes later.

    Where times cannot split the ratings, those splits are left out.

    Args:
        dataset: the canonical tables.
        models: those of each of MODELS; none of a kind takes the chapter's own.
        folds: of `official`.
        seeds: of `stratified`.
        leaks: shares of the later ratings that training sees.
        epochs: of models with epochs, at most; None takes those of their defaults.
        draws: of the Bayesian models; None takes those of their defaults.
        tuned: whether settings are chosen on validation rows; otherwise models keep their defaults.
    """
    given = {"epochs": epochs, "draws": draws, "features": list_features(dataset)}
    chosen = {kind: models.get(kind) or own for kind, own in MODELS.items()}

    def ask(names: Sequence[str], splits: Sequence[Split], **options: Any) -> list[Request]:
        return [
            request
            for model in names
            for request in declare(model, splits, params=_fit_params(model, given), **options)
        ]

    official = [make_split(dataset, "official", fold=fold) for fold in folds]
    by_time = rankings.split_by_time(dataset, ["global-time"])[0]
    both = [*chosen["rating"], *chosen["later"]]
    requests = [
        *ask(both, official, seeds=[0], study=DRAWN_STARS),
        *ask(both, by_time, seeds=[0], study=LATER_STARS),
        *ask(chosen["rating"], _split_past(dataset), seeds=[0]),
    ]
    for split in rankings.make_splits(dataset, seeds):
        requests += ask(chosen["lists"], [split], study=LISTS[split.protocol])
    for leak in leaks if by_time else []:
        split = make_leaky_split(dataset, leak)
        requests += ask(chosen["leaky"], [split], seeds=[0], study=name_leak(leak))
    return Study(dataset, requests if tuned else keep_defaults(requests))


def name_leak(share: float) -> str:
    """The label of the runs that a share of the later ratings was let into."""
    return f"leaky-{share:.2f}"


def _split_past(dataset: Dataset) -> list[Split]:
    try:
        return make_past_splits(dataset)
    except ReelbookError:
        return []


def _fit_params(model: str, given: dict[str, Any]) -> dict[str, Any]:
    """Those parameters that are given and that the model has."""
    known = registry.resolve_params(model, {})
    return {name: value for name, value in given.items() if name in known and value is not None}
