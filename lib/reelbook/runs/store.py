"""Load a training run or train it: the record of a run and its files.

A run lives in `build/runs/<run_id>/`: run.json, history.csv, the weights where it has any,
predictions.parquet and mostly validation.parquet of a model that predicts stars, and ranks.parquet
and recommendations.parquet of one that ranks.
`run_id` hashes all that decides the numbers, so a stale result can never be found: whatever is
there under the right name, whole, is right.
"""

import functools
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.files import replace_when_whole
from reelbook.models import registry
from reelbook.models.fitting.grid import Learned
from reelbook.paths import get_runs_dir
from reelbook.runs.identity import compute_id, hash_metrics
from reelbook.runs.record import Request, RunRecord, find_record, read_record
from reelbook.runs.worker import (
    get_jobs,
    is_watched,
    measure_again,
    train_here,
    train_in_processes,
)
from reelbook.splits.split import Split

# The type of an output that holds the list of the runs that a notebook used.
RUNS_TYPE = "application/vnd.reelbook.runs+json"
_used: dict[str, set[str]] = {}  # by run_id, the protocols and studies that asked for it


@dataclass(frozen=True)
class Run:
    """A finished run: its record, and its files read when they are asked for.

    `protocol` is the study or the protocol that it was asked for.
    """

    record: RunRecord
    path: Path
    protocol: str = ""

    @functools.cached_property
    def predictions(self) -> pd.DataFrame:
        """user_id, movie_id, rating and prediction, in stars, of each test row."""
        return pd.read_parquet(self.path / "predictions.parquet")

    @functools.cached_property
    def validation(self) -> pd.DataFrame | None:
        """The same of each validation row, by the model before it learned from them.

        None where there was no such model: see `Fit`.
        """
        path = self.path / "validation.parquet"
        return pd.read_parquet(path) if path.is_file() else None

    @functools.cached_property
    def history(self) -> pd.DataFrame:
        """One row an epoch: its number and the RMSE in stars on training and validation rows."""
        return pd.read_csv(self.path / "history.csv")

    @functools.cached_property
    def ranks(self) -> pd.DataFrame:
        """user_id, movie_id, rating and rank of each test row in its user's list."""
        return pd.read_parquet(self.path / "ranks.parquet")

    @functools.cached_property
    def recommendations(self) -> pd.DataFrame:
        """user_id, rank, movie_id and score: the best movies that were left for each test user."""
        return pd.read_parquet(self.path / "recommendations.parquet")

    def restore(self, dataset: Dataset, split: Split) -> Learned:
        """The model as this run left it, with the data and the split that it was made on."""
        params = self.record.params | self.record.extra.get("chosen", {})
        weights = self.path / "model.weights.h5"
        return registry.restore(self.record.model, params, dataset, split, weights)


def load_or_train(
    model: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int
) -> Run:
    """The run of these inputs: found if it was ever finished, else trained and kept.

    Args:
        model: a name such as `mf.dot`; what stands before the dot is a family of `reelbook.models`.
        params: settings that differ from the model's defaults.
        dataset: the canonical tables.
        split: row positions of training, validation and test in `dataset.ratings`.
        seed: decides initial weights, shuffling and dropout.

    Raises:
        ReelbookError: an unknown model or parameter, a wrong type, a training that diverged, or a
            full disk.
    """
    return load_or_train_all([Request(model, params, split, seed)], dataset)[0]


def load_or_train_all(requests: Sequence[Request], dataset: Dataset) -> list[Run]:
    """The runs of these requests, in their order; those to train go to several processes.

    Each process trains with one thread, so the digits are the same however many there are:
    REELBOOK_JOBS of them, or one a core. Notebooks that run beside each other share that number;
    a plan may give each fewer (REELBOOK_PROCESSES).

    Raises:
        ReelbookError: as `load_or_train`; what was finished before is kept.
    """
    asked = {compute_id(request, dataset): request for request in requests}
    missing = []
    for run_id, request in asked.items():
        record = find_record(get_runs_dir() / run_id)
        if record is None:
            missing.append((run_id, request))
        elif record.metrics_code != hash_metrics():
            measure_again(record, dataset, request.split)
    if is_watched() and len(asked) > 1:
        print(f"Training runs found: {len(asked) - len(missing)} of {len(asked)}")
    num_processes = min(len(missing), int(os.environ.get("REELBOOK_PROCESSES") or get_jobs()))
    if num_processes > 1:
        train_in_processes(missing, dataset, num_processes)
    else:
        train_here(missing, dataset)
    runs = [read_run(compute_id(request, dataset), request.protocol) for request in requests]
    _note_use(runs)
    return runs


def read_run(run_id: str, protocol: str = "") -> Run:
    """A finished run; ReelbookError if there is none or its files were altered.

    Args:
        run_id: its name.
        protocol: what it was asked for; that of its own split where that is empty.
    """
    record = read_record(run_id)
    return Run(record, get_runs_dir() / run_id, protocol or record.split["protocol"])


def read_runs(results: pd.DataFrame) -> list[Run]:
    """The runs behind the rows of results.csv, once for each protocol that they went under."""
    pairs = results[["run_id", "protocol"]].drop_duplicates()
    return [read_run(*pair) for pair in pairs.itertuples(index=False)]


def _note_use(runs: Iterable[Run]) -> None:
    """Keep the list of the runs that this notebook used, and for what, for results.csv.

    A build says into which file. Elsewhere, such as under plain papermill, the list goes into the
    notebook, as an output that no page and no JupyterLab shows.
    """
    for run in runs:
        _used.setdefault(run.record.run_id, set()).add(run.protocol)
    used = {name: sorted(protocols) for name, protocols in sorted(_used.items())}
    if path := os.environ.get("REELBOOK_RUNS_LIST"):
        with replace_when_whole(Path(path)) as file:
            file.write_text(json.dumps(used, indent=1) + "\n", encoding="utf-8")
    elif "IPython" in sys.modules:
        from IPython import display, get_ipython  # here: it is there already, or not wanted

        if get_ipython() is not None:
            display.display({RUNS_TYPE: used}, raw=True)
