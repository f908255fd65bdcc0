"""What the chapter on the ratings around a rating trains."""

from collections.abc import Sequence
from typing import Any

from reelbook.data.tables import Dataset
from reelbook.report import rankings
from reelbook.report.leads import BY_TIME
from reelbook.report.studies.study import Study, declare, keep_defaults
from reelbook.splits.protocols import make_split

# The same network on all other ratings of the user, on the earlier ones, on those of other hours.
VIEWS = ["neighbourhood.lean", "neighbourhood.before", "neighbourhood.apart"]


def neighbourhood(
    dataset: Dataset,
    *,
    folds: Sequence[int],
    blend_folds: Sequence[int],
    view_folds: Sequence[int],
    epochs: int | None = None,
    draws: int | None = None,
    tuned: bool = True,
) -> Study:
    """Models of a rating's neighbours on `official`, where they see the future, and by time.

    Where times cannot split the ratings, `global-time` is left out.

    Args:
        dataset: the canonical tables.
        folds: of `official`.
        blend_folds: of `official`, for the blend, which takes longest.
        view_folds: of `official`, for the networks that see a part of the user's ratings.
        epochs: of the networks, at most; None takes those of their defaults.
        draws: of the Bayesian model; None takes those of its defaults.
        tuned: whether settings are chosen on validation rows; otherwise models keep their defaults.
    """
    official = [make_split(dataset, "official", fold=fold) for fold in folds]
    blended = [make_split(dataset, "official", fold=fold) for fold in blend_folds]
    viewed = [make_split(dataset, "official", fold=fold) for fold in view_folds]
    later = rankings.split_by_time(dataset, ["global-time"])[0]
    limits = {"epochs": epochs} if epochs else {}
    drawn = {"draws": draws} if draws else {}
    simple = ["neighbourhood.process", "baseline.biases"]
    requests = [
        *declare("neighbourhood.blend", blended, seeds=[0], params=limits | drawn),
        *declare(VIEWS, viewed, seeds=[0], params=limits),
    ]
    for splits, label in ((official, ""), (later, BY_TIME)):
        options: dict[str, Any] = {"seeds": [0], "study": label}
        requests += declare("neighbourhood.network", splits, params=limits, **options)
        requests += declare("bayes.timesvd", splits, params=drawn, **options)
        requests += declare(simple, splits, **options)
    return Study(dataset, requests if tuned else keep_defaults(requests))
