"""How small a difference between models these data can show, from runs of simple models."""

from collections.abc import Iterable
from typing import NamedTuple

from reelbook.report.compare import compare_models, estimate_rankings, group_runs
from reelbook.runs.store import Run

FEW_USERS = 30  # intervals over fewer users come out too narrow
PAIRS = [("baseline.mean", "baseline.biases"), ("baseline.user_mean", "baseline.biases")]


class Resolution(NamedTuple):
    """What test rows can tell apart.

    Attributes:
        users: how many are tested.
        value: of the simple model, RMSE in stars or nDCG@10.
        half_width: of a 95% interval: of the difference between two models for stars, of the
            simple model itself for lists.
        gain: by how much biases lower the RMSE of the mean; 0 for lists.
        clear: whether the 95% interval of the gain lies above zero.
    """

    users: int
    value: float
    half_width: float
    gain: float = 0.0
    clear: bool = False


def measure_stars(runs: Iterable[Run]) -> Resolution | None:
    """From the mean, the users' means and biases on a fold; None where these were not run."""
    groups = group_runs(runs, protocol="official")
    if not groups:
        return None
    gain, pair = compare_models(groups, PAIRS).to_dict("records")
    (biases,) = groups["baseline.biases"]
    return Resolution(
        users=biases.predictions["user_id"].nunique(),
        value=biases.record.get_metric("rmse").value,
        half_width=(pair["high"] - pair["low"]) / 2,
        gain=gain["value"],
        clear=gain["low"] > 0,
    )


def measure_lists(runs: Iterable[Run]) -> Resolution | None:
    """From popularity on `stratified`; None where it was not run."""
    groups = group_runs(runs, protocol="stratified")
    if not groups:
        return None
    (row,) = estimate_rankings(groups).to_dict("records")
    (popularity,) = groups["topn.popularity"]
    users = popularity.ranks["user_id"].nunique()
    return Resolution(users, row["value"], (row["high"] - row["low"]) / 2)
