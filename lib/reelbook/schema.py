"""Column names, the canonical tables and the record of a run."""

from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd
import pandera.pandas as pa

RATINGS_SCHEMA = pa.DataFrameSchema(
    {
        "user_id": pa.Column("int32", pa.Check.ge(1)),
        "movie_id": pa.Column("int32", pa.Check.ge(1)),
        "rating": pa.Column("float32", pa.Check.in_range(0.5, 5.0)),
        "timestamp": pa.Column("int64", pa.Check.ge(0)),  # seconds, UTC
    },
    unique=["user_id", "movie_id"],
    strict=True,
    ordered=True,
)

USERS_SCHEMA = pa.DataFrameSchema(
    {
        "user_id": pa.Column("int32", pa.Check.ge(1), unique=True),
        "age": pa.Column("int32", pa.Check.in_range(0, 120)),
        "gender": pa.Column("str", pa.Check.isin(["F", "M"])),
        "occupation": pa.Column("str"),
        "zip_code": pa.Column("str"),  # text: leading zeros and letters matter
    },
    strict=True,
    ordered=True,
)

MOVIES_SCHEMA = pa.DataFrameSchema(
    {
        "movie_id": pa.Column("int32", pa.Check.ge(1), unique=True),
        "title": pa.Column("str"),  # without the year; not unique
        "year": pa.Column("Int32", nullable=True),
        "genres": pa.Column("object"),  # a list of names, possibly empty
    },
    strict=True,
    ordered=True,
)


@dataclass(frozen=True)
class Dataset:
    """The three canonical tables of a data set, and where they come from.

    Attributes:
        ratings: user_id, movie_id, rating, timestamp, in the publisher's order.
        users: user_id, age, gender, occupation, zip_code.
        movies: movie_id, title, year, genres.
        sha256: fingerprint of the contents of the three tables.
        source: where the rows came from, for a person to read.
        note: empty for the publisher's whole data set, else what differs, such as
            "415,323 of the 1,000,209 ratings of ml-1m".
        people: movie_id, director, star (`reelbook.people`); None without a film graph.
    """

    name: str
    ratings: pd.DataFrame
    users: pd.DataFrame
    movies: pd.DataFrame
    sha256: str
    source: str
    note: str = ""
    people: pd.DataFrame | None = None


@dataclass(frozen=True)
class Metric:
    """One figure of a run with its 95% interval; `low` and `high` are None where there is none."""

    split_part: str  # train, validation or test
    metric: str  # rmse, mae, ndcg@10, ...
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class RunRecord:
    """What `build/runs/<run_id>/run.json` holds: a run, what led to it, its figures."""

    run_id: str
    model: str
    family: str
    params: dict[str, Any]
    dataset: dict[str, Any]  # name, sha256, note
    split: dict[str, Any]  # protocol, fold, seed, sizes, fingerprint
    seed: int
    metrics: list[Metric]
    best_epoch: int | None
    seconds: float
    prediction_seconds: float | None  # of 1,000 ratings, or of 1,000 users' scores of all movies
    peak_memory_mb: float
    num_parameters: int
    versions: dict[str, str]
    commit: str
    files: dict[str, str]  # name and SHA-256 of the run's other files: an altered one is noticed
    extra: dict[str, Any] = field(default_factory=dict)  # what only one family has to say

    def to_dict(self) -> dict[str, Any]:
        """The record as plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "RunRecord":
        """The record back from what `to_dict` gave."""
        return cls(**{**record, "metrics": [Metric(**metric) for metric in record["metrics"]]})

    def get_metric(self, metric: str, split_part: str = "test") -> Metric:
        """The figure of that name; KeyError if the run has none."""
        for found in self.metrics:
            if (found.metric, found.split_part) == (metric, split_part):
                return found
        raise KeyError(f"run {self.run_id} ({self.model}) has no {split_part} {metric}")


RESULT_COLUMNS = [
    "model", "family", "dataset", "protocol", "fold", "seed", "split_part", "metric",
    "value", "low", "high", "best_epoch", "run_id",
]  # fmt: skip
