"""Trainings as jobs of a cluster: which runs one job trains, and the memory and time it asks for.

`build/<plan>/trainings.json` says it; the Snakefile makes a job of each entry, and the notebook of
a chapter waits for the jobs of its runs. At home no such file is written: there a chapter trains
its runs itself.
"""

import hashlib
import json
import math
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from reelbook.build.outlook import estimate_seconds, list_requests, read_peaks
from reelbook.build.plan import Plan
from reelbook.build.steps import get_step_record, record_step
from reelbook.data.names import count
from reelbook.errors import ReelbookError
from reelbook.files import replace_when_whole
from reelbook.paths import get_plan_dir, get_runs_dir
from reelbook.runs.record import find_record

if TYPE_CHECKING:
    from reelbook.data.tables import Dataset

JOB_SECONDS = 300  # of training in one job: it loads TensorFlow once, in some ten seconds
BASE_MB = 1000  # what a process takes that has loaded TensorFlow
RATING_MB = 250e-6  # of one rating in tables, batches and splits
TABLES_MB = 16_000  # of a table as large as `registry.LIMITS` allows, with what is made of it
SPARE = 1.5  # estimates are no promises; what is still too little is doubled by a second attempt
START_MINUTES = 10  # to load and split the data, and for a slow file system
NOTEBOOK = {"memory_mb": 2000, "seconds": 600.0}  # of one that never ran, beside its data


class Run(NamedTuple):
    """A run to train, with what it is expected to need."""

    run_id: str
    model: str
    seconds: float
    memory_mb: float


def plan_trainings(plan: Plan) -> dict[str, Any]:
    """Write which jobs train the runs that a plan lacks, and return it.

    Entries of chapters that lack nothing stay: what a finished notebook depends on then stays the
    same, and Snakemake does not run it again.
    """
    from reelbook.data.store import load  # here: it needs seconds to import

    dataset = load(plan.dataset)
    asked = list_requests(plan, dataset)
    requests = {run_id: one for runs in asked.values() for run_id, one in runs.items()}
    seconds = estimate_seconds(requests, dataset)
    memory = estimate_memory({request.model for request in requests.values()}, dataset)
    missing = {i for i in requests if find_record(get_runs_dir() / i) is None}
    kept = read_trainings(plan)
    jobs: dict[str, Any] = {}
    chapters: dict[str, list[str]] = {}
    taken: dict[str, str] = {}  # a run that several chapters ask for, by the job that trains it
    for chapter, runs in asked.items():
        lacking = missing & set(runs)
        models = {run_id: runs[run_id].model for run_id in lacking - set(taken)}
        for group in group_runs([Run(i, m, seconds[i], memory[m]) for i, m in models.items()]):
            entry = describe_job(group, chapter)
            jobs[entry["name"]] = entry
            taken |= {run.run_id: entry["name"] for run in group}
        if lacking:
            chapters[chapter] = sorted({taken[run_id] for run_id in lacking})
        elif names := find_done(plan, kept, chapter):
            chapters[chapter] = names
            jobs |= {name: kept["jobs"][name] for name in names}
    ahead = [name for name, job in jobs.items() if set(job["runs"]) & missing]
    for name in ahead:
        get_step_record(plan.name, f"train-{name}").unlink(missing_ok=True)
    rows_mb = RATING_MB * len(dataset.ratings)
    content = {"jobs": jobs, "ahead": ahead, "chapters": chapters, "rows_mb": rows_mb}
    with replace_when_whole(get_path(plan)) as part:
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return content


def group_runs(runs: list[Run]) -> list[list[Run]]:
    """Runs in groups of one process each: alike in memory, and together short, or one long one."""
    groups: list[list[Run]] = []
    ordered = sorted(runs, key=lambda run: (round_memory(run.memory_mb), run.model, run.run_id))
    for _, alike in groupby(ordered, key=lambda run: round_memory(run.memory_mb)):
        filled = math.inf
        for run in alike:
            if filled + run.seconds > JOB_SECONDS:
                groups.append([])
                filled = 0.0
            groups[-1].append(run)
            filled += run.seconds
    return groups


def describe_job(group: list[Run], chapter: str) -> dict[str, Any]:
    """The entry of a group: what it trains and what it may need, some to spare."""
    run_ids = sorted(run.run_id for run in group)
    seconds = sum(run.seconds for run in group)
    return {
        "name": f"{chapter}-{hashlib.sha256(' '.join(run_ids).encode()).hexdigest()[:8]}",
        "chapter": chapter,
        "models": sorted({run.model for run in group}),
        "runs": run_ids,
        "seconds": round(seconds, 1),
        "memory_mb": round_memory(max(run.memory_mb for run in group)),
        "minutes": count_minutes(seconds),
    }


def round_memory(memory_mb: float) -> int:
    """Memory to ask for: some to spare, in steps of half a gigabyte."""
    return math.ceil(memory_mb * SPARE / 500) * 500


def count_minutes(seconds: float) -> int:
    """Minutes to ask for: twice what is expected, since nodes differ more than memory does."""
    return START_MINUTES + math.ceil(2 * seconds / 60)


def estimate_memory(models: set[str], dataset: "Dataset") -> dict[str, float]:
    """The peak memory, in MB, of training each model.

    It is that of earlier runs on these data, else by what its family says that it grows with.
    """
    from reelbook.models import registry  # here: it needs seconds to import

    known = read_peaks(dataset.sha256)
    sizes = registry.measure_sizes(dataset)
    expected = {}
    for model in models:
        grows = registry.describe_model(model).grows
        shares = [size / registry.LIMITS[part] for part, size in sizes.items() if part in grows]
        share = min(max(shares, default=0.0), 1.0)  # beyond it the model is left out
        guess = BASE_MB + RATING_MB * len(dataset.ratings) + TABLES_MB * share
        expected[model] = known.get(model) or guess
    return expected


def estimate_notebook(plan: Plan, name: str, trainings: dict[str, Any]) -> tuple[int, int]:
    """Memory in MB and minutes to ask for: what a notebook took when it last ran, or a guess."""
    meta = get_plan_dir(plan.name) / "executed" / f"{name}.meta.json"
    try:
        found = json.loads(meta.read_text(encoding="utf-8"))
        memory_mb, seconds = found["peak_memory_mb"], found["seconds"]
    except (OSError, ValueError, LookupError, TypeError):
        memory_mb, seconds = NOTEBOOK["memory_mb"] + trainings["rows_mb"], NOTEBOOK["seconds"]
    return round_memory(memory_mb), count_minutes(seconds)


def train_job(plan: Plan, name: str) -> None:
    """Train the runs of a job one after the other; after one that fails the others go on.

    Raises:
        ReelbookError: there is no such job, the runs are no longer those that are asked for, or
            what the trainings that failed said.
    """
    from reelbook.data.store import load  # here: these need seconds to import
    from reelbook.runs.worker import train

    known = read_trainings(plan)["jobs"]
    if name not in known:
        raise ReelbookError(f"{get_path(plan)} holds no job '{name}'.")
    entry = known[name]
    dataset = load(plan.dataset)
    asked = list_requests(plan, dataset, only=entry["chapter"])[entry["chapter"]]
    if not set(entry["runs"]) <= set(asked):
        raise ReelbookError(f"The code or the data changed since job {name} was planned.")
    faults = []
    for run_id in sorted(entry["runs"], key=lambda run_id: asked[run_id].model):
        try:
            train(run_id, asked[run_id], dataset)
        except ReelbookError as error:
            faults.append(f"{asked[run_id].model}: {error}")
    if faults:
        raise ReelbookError("\n".join(dict.fromkeys(faults)))
    record_step(plan.name, f"train-{name}", [])  # a notebook's own record holds its runs' files


def describe_jobs(content: dict[str, Any]) -> list[str]:
    """What `plan_trainings` found: how many runs are missing, and each job that is to train."""
    todo = [content["jobs"][name] for name in content["ahead"]]
    told = [f"{count(sum(len(job['runs']) for job in todo), 'run')} to train"]
    told[0] += f" in {count(len(todo), 'job')}" * bool(todo)
    return told + [
        f"  {job['name']}: {count(len(job['runs']), 'run')}, {job['memory_mb']:,} MB, "
        f"{job['minutes']} min"
        for job in todo
    ]


def get_path(plan: Plan) -> Path:
    """The file that says which jobs train what."""
    return get_plan_dir(plan.name) / "trainings.json"


def read_trainings(plan: Plan) -> dict[str, Any]:
    """What `plan_trainings` last wrote; nothing to train where it never did."""
    try:
        content: dict[str, Any] = json.loads(get_path(plan).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"jobs": {}, "ahead": [], "chapters": {}, "rows_mb": 0.0}
    return content


def find_done(plan: Plan, trainings: dict[str, Any], chapter: str) -> list[str]:
    """The jobs that trained a chapter, where all of them are done; else none."""
    names: list[str] = trainings["chapters"].get(chapter, [])
    done = all(get_step_record(plan.name, f"train-{name}").exists() for name in names)
    return names if done else []
