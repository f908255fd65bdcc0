"""Train and measure what was asked for: one run here, or several in processes of their own."""

import ctypes
import dataclasses
import itertools
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import pandas as pd
from filelock import FileLock
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.files import compute_sha256, replace_when_whole
from reelbook.metrics import catalogue
from reelbook.metrics.metric import Metric
from reelbook.metrics.ratings import evaluate_ratings
from reelbook.models import registry
from reelbook.models.features.ids import check_vocabulary
from reelbook.paths import get_build_dir, get_runs_dir
from reelbook.processes import collect_rarely, count_epochs_in, end_with_parent, is_cluster_job
from reelbook.provenance import get_commit, get_node
from reelbook.runs.identity import find_code, hash_metrics
from reelbook.runs.record import Request, RunRecord, find_record
from reelbook.runs.slots import hold_slot
from reelbook.splits.split import Split


def check_training(model: str, dataset: Dataset, split: Split) -> None:
    """Stop a training whose figures would mean nothing.

    Raises:
        ReelbookError: data without what the model requires or with more users and movies than it
            can take, rated movies or users that their table does not have, or an empty test part.
    """
    if obstacle := registry.find_obstacle(model, dataset):
        raise ReelbookError(
            f"{obstacle} `python -m reelbook models` lists what each model needs and how it grows."
        )
    if len(split.test) == 0:
        raise ReelbookError(
            f"Protocol {split.protocol}: the test part is empty, so nothing would be measured."
        )
    check_vocabulary(dataset.ratings["movie_id"], dataset.movies["movie_id"])
    check_vocabulary(dataset.ratings["user_id"], dataset.users["user_id"])


def report_progress(text: str) -> None:
    """Leave a line for whoever watches the build; silent in a notebook that a person runs."""
    if path := os.environ.get("REELBOOK_PROGRESS"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text + "\n")


def train_in_processes(
    missing: Sequence[tuple[str, Request]], dataset: Dataset, num_processes: int
) -> None:
    """Train in several processes; after an error or Ctrl-C none of them goes on."""
    # Not forked: a copy of a process in which TensorFlow has run can hang.
    context = multiprocessing.get_context("spawn")
    epochs = context.Value("i", 0)
    with ProcessPoolExecutor(num_processes, context, _start_worker, (epochs,)) as pool:
        try:
            # Processes that start now inherit the mask: Ctrl-C is ours to hear, and ends them.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                done = pool.map(train, *zip(*missing, strict=True), itertools.repeat(dataset))
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            watch(done, len(missing), epochs)
        except BaseException as error:
            for process in multiprocessing.active_children():
                process.terminate()
            if isinstance(error, BrokenProcessPool):
                raise ReelbookError(
                    "A training process was killed; perhaps memory ran out. Run again with JOBS=1; "
                    "what was finished is kept."
                ) from error
            raise


def train_here(missing: Sequence[tuple[str, Request]], dataset: Dataset) -> None:
    """Train one after the other in this process."""
    epochs = multiprocessing.Value("i", 0)
    count_epochs_in(epochs)
    watch((train(run_id, request, dataset) for run_id, request in missing), len(missing), epochs)


def _start_worker(epochs: "Synchronized[int]") -> None:
    """End with the process that asked, even where it is killed; and count for it."""
    count_epochs_in(epochs)
    collect_rarely()
    end_with_parent()
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    """Wait for the end of the process that asked, where the system does not tell of it."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def is_watched() -> bool:
    """Whether a person runs this in a notebook; a build has lines of its own."""
    return "ipykernel" in sys.modules and "REELBOOK_PROGRESS" not in os.environ


def watch(done: Iterable[str], num_runs: int, epochs: "Synchronized[int]") -> None:
    """Take the runs as they finish; a person sees how far they are."""
    if num_runs and is_watched():
        return _watch_in_notebook(done, num_runs, epochs)
    hidden = "REELBOOK_PROGRESS" in os.environ or not num_runs or None  # None: if no terminal
    for _ in tqdm(done, "training", num_runs, leave=False, unit="run", disable=hidden):
        pass


def _watch_in_notebook(done: Iterable[str], num_runs: int, epochs: "Synchronized[int]") -> None:
    """The same with a line below the cell that counts epochs, too: a first run may take minutes."""
    from IPython.display import display  # here: a build and the command line do without

    start, finished, ended = time.monotonic(), 0, threading.Event()

    def describe() -> dict[str, str]:
        seconds = f"{time.monotonic() - start:.0f} s"
        if not finished and not epochs.value:
            return {"text/plain": f"Loading TensorFlow: {seconds}. Runs to train: {num_runs}"}
        text = f"Runs trained: {finished} of {num_runs}, epochs: {epochs.value}, {seconds}"
        return {"text/plain": text}

    line = display(describe(), raw=True, display_id=True)

    def follow() -> None:
        while not ended.wait(1):
            line.update(describe(), raw=True)

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        for _ in done:
            finished += 1
    finally:
        ended.set()
        thread.join()
        line.update(describe(), raw=True)


def get_jobs() -> int:
    """How many may train at once: REELBOOK_JOBS, or one a core."""
    return int(os.environ.get("REELBOOK_JOBS") or os.cpu_count() or 1)


def train(run_id: str, request: Request, dataset: Dataset) -> str:
    """Train when it is our turn, and write the run's folder; gives its id back."""
    # First: only threads of packages that are loaded are limited.
    registry.get_family(request.model)
    # Products of matrices add floats in another order with more threads.
    with wait_for_turn(run_id), threadpool_limits(1):
        if find_record(get_runs_dir() / run_id) is None:
            _train_now(run_id, request, dataset)
    return run_id


@contextmanager
def wait_for_turn(run_id: str) -> Iterator[None]:
    """Wait for a free core, and for whoever trains the same run.

    In a job of a cluster there is nothing to wait for: its scheduler gave us a core, one job trains
    a run, and locks on a shared file system may hold for no other node, or for ever.
    """
    if is_cluster_job():
        yield
        return
    slots = get_build_dir() / "slots"
    slots.mkdir(parents=True, exist_ok=True)
    # Notebooks beside each other may ask for the same run: one trains it, the others find it.
    with FileLock(slots / f"{run_id}.lock"), hold_slot(slots, get_jobs()):
        yield


def _train_now(run_id: str, request: Request, dataset: Dataset) -> None:
    """Train, evaluate on the test rows, and write the run's folder in one go."""
    model, split, seed = request.model, request.split, request.seed
    params = registry.resolve_params(model, request.params)
    check_training(model, dataset, split)
    _reset_peak_memory()
    start, cpu_start = time.perf_counter(), time.process_time()
    fit = registry.fit(model, request.params, dataset, split, seed)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    prediction_seconds = fit.prediction_seconds
    tables = {} if fit.predictions is None else {"predictions": fit.predictions}
    if fit.validation is not None:
        tables["validation"] = fit.validation
    if fit.score is not None:
        prediction_seconds = catalogue.time_score(fit.score, dataset, split)
        tables |= catalogue.rank_catalogue(fit.score, dataset, split)._asdict()
    path = get_runs_dir() / run_id
    if find_record(path) is None:  # damaged; a whole one is that of another node, meanwhile
        shutil.rmtree(path, ignore_errors=True)
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
            metrics=[*measure(tables, dataset, split), *fit.metrics],
            training_metrics=fit.metrics,
            metrics_code=hash_metrics(),
            best_epoch=fit.best_epoch,
            seconds=round(seconds, 3),
            cpu_seconds=round(cpu_seconds, 3),
            prediction_seconds=prediction_seconds,
            peak_memory_mb=_get_peak_memory_mb(),
            num_parameters=fit.num_parameters,
            versions=find_code(model).versions,
            commit=get_commit(),
            node=get_node(),
            files={file.name: compute_sha256(file) for file in sorted(folder.iterdir())},
            extra=fit.extra,
        )
        (folder / "run.json").write_text(record.to_json() + "\n", encoding="utf-8")
    fold = f" fold {split.fold}" if split.fold is not None else ""
    report_progress(f"{model} on {split.protocol}{fold}, seed {seed}: {seconds:.1f} s")


def measure(tables: dict[str, pd.DataFrame], dataset: Dataset, split: Split) -> list[Metric]:
    """Every metric of the registry that these tables of a run allow, on its test rows.

    Args:
        tables: predictions, or ranks and recommendations, or all three, as a run keeps them.
        dataset: the canonical tables.
        split: of the run.
    """
    metrics = []
    if "predictions" in tables:
        metrics += evaluate_ratings(tables["predictions"])
    if "ranks" in tables:
        ranked = catalogue.Ranked(tables["ranks"], tables["recommendations"])
        metrics += catalogue.evaluate_ranking(ranked, dataset, split)
    return metrics


def measure_again(record: RunRecord, dataset: Dataset, split: Split) -> None:
    """Compute the figures of a finished run anew from what it saved: the metrics have changed."""
    folder = get_runs_dir() / record.run_id
    names = [name for name in record.files if name.endswith(".parquet")]
    tables = {name.removesuffix(".parquet"): pd.read_parquet(folder / name) for name in names}
    metrics = [*measure(tables, dataset, split), *record.training_metrics]
    record = dataclasses.replace(record, metrics=metrics, metrics_code=hash_metrics())
    with replace_when_whole(folder / "run.json") as file:
        file.write_text(record.to_json() + "\n", encoding="utf-8")


def _reset_peak_memory() -> None:
    """Ask Linux to forget the peak so far, so that a run's peak is its own; harmless elsewhere."""
    with suppress(AttributeError):  # what runs before have freed, glibc keeps for itself
        ctypes.CDLL(None).malloc_trim(0)
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    except OSError:
        return


def _get_peak_memory_mb() -> float:
    """Peak resident memory of this process in MB (since the last reset, on Linux)."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        kilobytes = int(status.split("VmHWM:")[1].split()[0])
    except (OSError, IndexError):
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(kilobytes / 1024, 1)
