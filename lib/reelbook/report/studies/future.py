"""What the chapter on the future trains: the same models, seeing more or less of it."""

from collections.abc import Sequence
from typing import Any

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.models.features.vocabularies import list_features
from reelbook.report import rankings
from reelbook.report.studies.study import Study, declare, fit_params, keep_defaults
from reelbook.runs.record import Request
from reelbook.splits.past import make_leaky_split, make_past_splits
from reelbook.splits.protocols import make_split
from reelbook.splits.split import Split

# Labels: these figures are no others' on the boards, where a plan may train models longer.
DRAWN_STARS, LATER_STARS = "drawn-stars", "later-stars"
LISTS = {"stratified": "drawn-lists", "leave-last": "last-lists", "global-time": "later-lists"}
RATING = [
    "baseline.biases", "gaussian.fold_in", "mf.biased", "mf.implicit", "bayes.timesvd",
    "bst.best", "neighbourhood.process", "neighbourhood.network",
]  # fmt: skip
LATER = [
    "baseline.user_mean", "baseline.knn", "baseline.svd", "bayes.mf", "autoencoder.autorec",
    "mf.dot", "mf.sigmoid", "dcn.stacked", "dcn.best",
]  # fmt: skip
RANKING = [
    "topn.popularity", "topn.item_knn", "topn.ease", "topn.edlae", "topn.ials",
    "timely.edlae", "timely.blend",
]  # fmt: skip
LEAKY = [
    "baseline.biases", "gaussian.fold_in", "neighbourhood.process",
    "topn.popularity", "topn.edlae", "topn.ials",
]  # fmt: skip


def future(
    dataset: Dataset,
    *,
    folds: Sequence[int],
    seeds: Sequence[int],
    rating_models: Sequence[str] = (),
    later_models: Sequence[str] = (),
    list_models: Sequence[str] = (),
    leaky_models: Sequence[str] = (),
    leaks: Sequence[float] = (),
    epochs: int | None = None,
    draws: int | None = None,
    tuned: bool = True,
) -> Study:
    """Models of stars and of lists where they see all, some or none of what comes later.

    Where times cannot split the ratings, those splits are left out.

    Args:
        dataset: the canonical tables.
        folds: of `official`.
        seeds: of `stratified`.
        rating_models: compared everywhere; none takes RATING.
        later_models: on drawn rows and by time alone; none takes LATER.
        list_models: on the protocols of lists; none takes RANKING.
        leaky_models: of either kind, with a leak; none takes LEAKY.
        leaks: shares of the later ratings that training sees.
        epochs: of models with epochs, at most; None takes those of their defaults.
        draws: of the Bayesian models; None takes those of their defaults.
        tuned: whether settings are chosen on validation rows; otherwise models keep their defaults.
    """
    given = {"epochs": epochs, "draws": draws, "features": list_features(dataset)}
    rating = list(rating_models or RATING)

    def ask(names: Sequence[str], splits: Sequence[Split], **options: Any) -> list[Request]:
        return [
            request
            for model in names
            for request in declare(model, splits, params=fit_params(model, given), **options)
        ]

    official = [make_split(dataset, "official", fold=fold) for fold in folds]
    by_time = rankings.split_by_time(dataset, ["global-time"])[0]
    both = [*rating, *(later_models or LATER)]
    requests = [
        *ask(both, official, seeds=[0], study=DRAWN_STARS),
        *ask(both, by_time, seeds=[0], study=LATER_STARS),
        *ask(rating, _split_past(dataset), seeds=[0]),
    ]
    for split in rankings.make_splits(dataset, seeds):
        requests += ask(list_models or RANKING, [split], study=LISTS[split.protocol])
    for leak in leaks if by_time else []:
        split = make_leaky_split(dataset, leak)
        requests += ask(leaky_models or LEAKY, [split], seeds=[0], study=name_leak(leak))
    return Study(dataset, requests if tuned else keep_defaults(requests))


def name_leak(share: float) -> str:
    """The label of the runs that a share of the later ratings was let into."""
    return f"leaky-{share:.2f}"


def _split_past(dataset: Dataset) -> list[Split]:
    try:
        return make_past_splits(dataset)
    except ReelbookError:
        return []
