"""What a run is asked for by, and what `run.json` holds of it.

Nothing here needs pandas: results.csv is written of records alone.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from reelbook.errors import ReelbookError
from reelbook.files import compute_sha256
from reelbook.metrics.metric import Metric
from reelbook.paths import get_runs_dir

if TYPE_CHECKING:
    from reelbook.splits.split import Split

RESULT_COLUMNS = [
    "model", "family", "dataset", "protocol", "fold", "seed", "split_part", "metric",
    "value", "low", "high", "best_epoch", "run_id",
]  # fmt: skip


class Request(NamedTuple):
    """What decides a run beside the data set, and what it is asked for: see `load_or_train`.

    `study` stands in place of the split's protocol wherever the figures go, such as `ablation`. It
    is a label and decides nothing: the same rows, model and seed are trained once for all studies.
    """

    model: str
    params: dict[str, Any]
    split: "Split"
    seed: int
    study: str = ""

    @property
    def protocol(self) -> str:
        """The name under which the figures go."""
        return self.study or self.split.protocol


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
    metrics: list[Metric]  # of what was saved, and those of training
    best_epoch: int | None
    seconds: float
    prediction_seconds: float | None  # of 1,000 ratings, or of 1,000 users' scores of all movies
    peak_memory_mb: float
    num_parameters: int
    versions: dict[str, str]
    commit: str
    files: dict[str, str]  # name and SHA-256 of the run's other files: an altered one is noticed
    extra: dict[str, Any] = field(default_factory=dict)  # what only one family has to say
    training_metrics: list[Metric] = field(default_factory=list)  # which only training can measure
    metrics_code: str = ""  # hash of the code that computed all others: see `worker.measure`
    node: str = ""  # where it was trained: a machine, or a node of a cluster
    cpu_seconds: float | None = None  # of the training: other work beside it lengthens `seconds`

    def to_dict(self) -> dict[str, Any]:
        """The record as plain JSON types."""
        return asdict(self)

    def to_json(self) -> str:
        """The text of run.json, with a checksum of the record itself."""
        content = self.to_dict()
        return json.dumps(content | {"sha256": _hash_json(content)}, indent=2, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "RunRecord":
        """The record back from the text of run.json; ValueError where it was altered."""
        content = json.loads(text)
        if content.pop("sha256") != _hash_json(content):
            raise ValueError("the record was altered")
        return cls.from_dict(content)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "RunRecord":
        """The record back from what `to_dict` gave."""
        lists = {
            name: [Metric(**metric) for metric in record[name]]
            for name in ("metrics", "training_metrics")
        }
        return cls(**record | lists)

    def get_metric(self, metric: str, split_part: str = "test") -> Metric:
        """The figure of that name; KeyError if the run has none."""
        for found in self.metrics:
            if (found.metric, found.split_part) == (metric, split_part):
                return found
        raise KeyError(f"run {self.run_id} ({self.model}) has no {split_part} {metric}")


def find_record(path: Path) -> RunRecord | None:
    """The record in a run's folder, or None where it is not there whole, to the byte."""
    try:
        record = RunRecord.from_json((path / "run.json").read_text(encoding="utf-8"))
        whole = all(compute_sha256(path / name) == sha for name, sha in record.files.items())
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return record if whole else None


def read_record(run_id: str) -> RunRecord:
    """The record of a finished run; ReelbookError if there is none or its files were altered."""
    record = find_record(get_runs_dir() / run_id)
    if record is None:
        raise ReelbookError(
            f"Run {run_id} is missing or was altered in {get_runs_dir()}. "
            "Run the notebook that uses it again: it will be trained anew."
        )
    return record


def _hash_json(content: dict[str, Any]) -> str:
    """SHA-256 of plain JSON types."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
