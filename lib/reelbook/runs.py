"""Load a training run or train it: the record of a run and its files.

A run lives in `build/runs/<run_id>/`: run.json, history.csv, the weights where it has any,
predictions.parquet of a model that predicts stars, and ranks.parquet and recommendations.parquet of
one that ranks.
`run_id` hashes all that decides the numbers, so a stale result can never be found: whatever is
there under the right name, whole, is right.
"""

import functools
import hashlib
import itertools
import json
import multiprocessing
import os
import resource
import shutil
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from reelbook import evaluation, models, recommending
from reelbook.errors import ReelbookError
from reelbook.files import compute_sha256, replace_when_whole
from reelbook.guards import check_training
from reelbook.paths import get_build_dir, get_runs_dir
from reelbook.provenance import get_commit, get_versions, hash_code
from reelbook.schema import Dataset, RunRecord
from reelbook.splits import Split
from reelbook.turns import take_turn

# Raise it when run.json or its neighbours change their form: older runs are then trained anew.
RECORD_FORMAT = 2

_used_run_ids: set[str] = set()


class Request(NamedTuple):
    """What decides a run beside the data set: see `load_or_train`."""

    model: str
    params: dict[str, Any]
    split: Split
    seed: int


@dataclass(frozen=True)
class Run:
    """A finished run: its record, and its files read when they are asked for."""

    record: RunRecord
    path: Path

    @functools.cached_property
    def predictions(self) -> pd.DataFrame:
        """user_id, movie_id, rating and prediction, in stars, of each test row."""
        return pd.read_parquet(self.path / "predictions.parquet")

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


def load_or_train(
    model: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int
) -> Run:
    """The run of these inputs: found if it was ever finished, else trained and kept.

    Args:
        model: a name such as `mf.dot`; what stands before the dot is a module of `reelbook.models`.
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
    REELBOOK_JOBS of them, or one a core. Notebooks that run beside each other share that number.

    Raises:
        ReelbookError: as `load_or_train`; what was finished before is kept.
    """
    ids = [_compute_id(request, dataset) for request in requests]
    missing = [
        (run_id, request)
        for run_id, request in dict(zip(ids, requests, strict=True)).items()
        if _find_record(get_runs_dir() / run_id) is None
    ]
    num_processes = min(len(missing), _get_jobs())
    if num_processes > 1:
        _train_in_processes(missing, dataset, num_processes)
    else:
        _watch((_train(run_id, request, dataset) for run_id, request in missing), len(missing))
    for run_id in ids:
        _note_use(run_id)
    return [read_run(run_id) for run_id in ids]


def _compute_id(request: Request, dataset: Dataset) -> str:
    """Hash of all that decides the numbers: inputs, code, and versions of the numeric packages."""
    family = models.get_family(request.model).__name__
    inputs = {
        "format": RECORD_FORMAT,
        "model": request.model,
        "params": models.resolve_params(request.model, request.params),
        "dataset": [dataset.name, dataset.sha256],
        "split": [request.split.protocol, request.split.fingerprint],
        "seed": request.seed,
        "code": hash_code(family, models.__name__, evaluation.__name__, recommending.__name__),
        "versions": get_versions(),
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def read_record(run_id: str) -> RunRecord:
    """The record of a finished run; ReelbookError if there is none or its files were altered."""
    record = _find_record(get_runs_dir() / run_id)
    if record is None:
        raise ReelbookError(
            f"Run {run_id} is missing or was altered in {get_runs_dir()}. "
            "Run the notebook that uses it again: it will be trained anew."
        )
    return record


def read_run(run_id: str) -> Run:
    """A finished run; ReelbookError if there is none or its files were altered."""
    return Run(read_record(run_id), get_runs_dir() / run_id)


def report_progress(text: str) -> None:
    """Leave a line for whoever watches the build; silent in a notebook that a person runs."""
    if path := os.environ.get("REELBOOK_PROGRESS"):
        with Path(path).open("a") as file:
            file.write(text + "\n")


def _find_record(path: Path) -> RunRecord | None:
    """The record in a run's folder, or None where it is not there whole, to the byte."""
    try:
        record = RunRecord.from_dict(json.loads((path / "run.json").read_text()))
        whole = all(compute_sha256(path / name) == sha for name, sha in record.files.items())
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return record if whole else None


def _train_in_processes(
    missing: Sequence[tuple[str, Request]], dataset: Dataset, num_processes: int
) -> None:
    """Train in several processes; after an error or Ctrl-C none of them goes on."""
    # Not forked: a copy of a process in which TensorFlow has run can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(num_processes, context) as pool:
        try:
            done = pool.map(_train, *zip(*missing, strict=True), itertools.repeat(dataset))
            _watch(done, len(missing))
        except BaseException as error:
            for process in multiprocessing.active_children():
                process.terminate()
            if isinstance(error, BrokenProcessPool):
                raise ReelbookError(
                    "A training process was killed; perhaps memory ran out. Run again with JOBS=1; "
                    "what was finished is kept."
                ) from error
            raise


def _watch(done: Iterable[str], num_runs: int) -> None:
    """Take the runs as they finish, with a bar in a notebook; a build has lines of its own."""
    in_build = "REELBOOK_PROGRESS" in os.environ
    for _ in tqdm(
        done, total=num_runs, desc="training", unit="run", disable=in_build or not num_runs
    ):
        pass


def _get_jobs() -> int:
    return int(os.environ.get("REELBOOK_JOBS") or os.cpu_count() or 1)


def _train(run_id: str, request: Request, dataset: Dataset) -> str:
    """Train when it is our turn, and write the run's folder; gives its id back."""
    models.get_family(request.model)  # first: only threads of packages that are loaded are limited
    # Products of matrices add floats in another order with more threads.
    with take_turn(get_build_dir() / "turns", _get_jobs()), threadpool_limits(1):
        return _train_now(run_id, request, dataset)


def _train_now(run_id: str, request: Request, dataset: Dataset) -> str:
    """Train, evaluate on the test rows, and write the run's folder in one go; gives its id back."""
    model, split, seed = request.model, request.split, request.seed
    params = models.resolve_params(model, request.params)
    check_training(dataset, split)
    _reset_peak_memory()
    start = time.perf_counter()
    fit = models.get_family(model).fit(model, params, dataset, split, seed)
    seconds = time.perf_counter() - start
    metrics = list(fit.metrics)
    prediction_seconds = fit.prediction_seconds
    tables = {}
    if fit.predictions is not None:
        tables["predictions"] = fit.predictions
        metrics = [*evaluation.evaluate_ratings(fit.predictions), *metrics]
    if fit.score is not None:
        prediction_seconds = recommending.time_score(fit.score, dataset, split)
        ranked = recommending.rank_catalogue(fit.score, dataset, split)
        tables |= ranked._asdict()
        metrics += recommending.evaluate_ranking(ranked, dataset, split)
    path = get_runs_dir() / run_id
    shutil.rmtree(path, ignore_errors=True)  # damaged, or we would have found it
    with replace_when_whole(path) as folder:
        folder.mkdir()
        fit.history.to_csv(folder / "history.csv", index=False, lineterminator="\n")
        for name, table in tables.items():
            table.to_parquet(folder / f"{name}.parquet", index=False)
        if fit.model is not None:
            fit.model.save_weights(folder / "model.weights.h5")
        record = RunRecord(
            run_id=run_id,
            model=model,
            family=model.split(".")[0],
            params=params,
            dataset={"name": dataset.name, "sha256": dataset.sha256, "note": dataset.note},
            split={
                "protocol": split.protocol,
                "fold": split.fold,
                "seed": split.seed,
                "sizes": split.sizes,
                "fingerprint": split.fingerprint,
            },
            seed=seed,
            metrics=metrics,
            best_epoch=fit.best_epoch,
            seconds=round(seconds, 3),
            prediction_seconds=prediction_seconds,
            peak_memory_mb=_get_peak_memory_mb(),
            num_parameters=fit.num_parameters,
            versions=get_versions(),
            commit=get_commit(),
            files={file.name: compute_sha256(file) for file in sorted(folder.iterdir())},
            extra=fit.extra,
        )
        text = json.dumps(record.to_dict(), indent=2, allow_nan=False)
        (folder / "run.json").write_text(text + "\n")
    fold = f" fold {split.fold}" if split.fold is not None else ""
    report_progress(f"{model} on {split.protocol}{fold}, seed {seed}: {seconds:.1f} s")
    return run_id


def _note_use(run_id: str) -> None:
    """Keep the list of the runs that this notebook used, for results.csv."""
    _used_run_ids.add(run_id)
    if path := os.environ.get("REELBOOK_RUNS_LIST"):
        with replace_when_whole(Path(path)) as file:
            file.write_text(json.dumps(sorted(_used_run_ids), indent=1) + "\n")


def _reset_peak_memory() -> None:
    """Ask Linux to forget the peak so far, so that a run's peak is its own; harmless elsewhere."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _get_peak_memory_mb() -> float:
    """Peak resident memory of this process in MB (since the last reset, on Linux)."""
    try:
        status = Path("/proc/self/status").read_text()
        kilobytes = int(status.split("VmHWM:")[1].split()[0])
    except (OSError, IndexError):
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(kilobytes / 1024, 1)
