"""A figure with its interval."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One figure of a run with its 95% interval; `low` and `high` are None where there is none."""

    split_part: str  # train, validation or test
    metric: str  # rmse, mae, ndcg@10, ...
    value: float
    low: float | None = None
    high: float | None = None
