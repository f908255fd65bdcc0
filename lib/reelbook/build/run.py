"""The road of `make book`: Snakemake over the Snakefile of a plan, and the last words.

Nothing here imports pandas or TensorFlow: a build with nothing to do takes as long as Snakemake.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from reelbook.build.cluster import Cluster, empty_queue, read_cluster
from reelbook.build.console import erase_last, tell
from reelbook.build.golden import list_departures
from reelbook.build.notebook import list_outputs
from reelbook.build.outlook import list_trained
from reelbook.build.plan import Plan, read_plan
from reelbook.build.results import format_leaderboard
from reelbook.build.snakemake import (
    KEPT,
    describe_failure,
    follow_build,
    make_command,
    run_snakemake,
)
from reelbook.build.steps import find_altered, find_damage
from reelbook.build.trainings import read_trainings
from reelbook.data.names import DOCUMENTED, name_dataset
from reelbook.errors import ReelbookError
from reelbook.paths import format_path, get_build_dir, get_data_dir, get_plan_dir


def build(
    plan_name: str, *, jobs: int | None, data: str | None = None, profile: str | None = None
) -> None:
    """Bring the report of a plan up to date and say where it is.

    Args:
        plan_name: of the plan.
        jobs: notebooks at once; on a cluster, jobs in its queue at once. None for as many as there
            are cores, or as the profile says.
        data: a data set in place of that of the plan.
        profile: of the cluster on which trainings and notebooks run; None for this machine.

    Raises:
        ReelbookError: the plan is wrong, another build is running, or a step failed; what the
            failed steps said is in the message, and the steps that could run without them have run.
    """
    start = time.monotonic()
    plan = read_plan(plan_name, data)
    cluster = read_cluster(profile) if profile else None
    if plan.notebook:
        raise ReelbookError(f"Plan {plan.name} is a batch: make batch PLAN={plan.name}")
    if plan.dataset not in DOCUMENTED:  # which chapters fit is seen from the tables
        from reelbook.data.store import prepare  # here: it needs seconds to import
        from reelbook.data.understood import describe_understood

        tables = prepare(plan.dataset)
        if plan.is_own:
            print(describe_understood(tables))
        plan = read_plan(plan_name, data)
        for name, lacking in plan.left_out.items():
            print(f"[{plan.name}] {name} is left out: these data hold no {', no '.join(lacking)}")
    with hold_lock(plan) as lock:
        if cluster:
            plan_jobs(plan, cluster)
        at_once = len(read_trainings(plan)["jobs"]) if cluster else os.cpu_count()
        with tell_outlook(plan, jobs or at_once or 1):
            if fault := run_steps(plan, jobs, lock, cluster):
                raise ReelbookError(fault)
    report = get_plan_dir(plan.name) / "html" / "index.html"
    print(format_leaderboard(get_plan_dir(plan.name) / "results.csv"), end="")
    print(f"Report: {format_path(report)} ({format_seconds(time.monotonic() - start)})")
    if departures := list_departures(plan.name, plan.data_name):
        raise ReelbookError(
            "The report is built, but figures left the range of book/golden.yml:\n  "
            + "\n  ".join(departures)
            + "\nFind out why. `python -m reelbook golden --update` accepts the new ones."
        )


def plan_jobs(plan: Plan, cluster: Cluster) -> None:
    """Write which jobs train the runs that a plan lacks, in a queue without jobs of ours.

    Raises:
        ReelbookError: the cluster does not answer, or the data or a study are wrong.
    """
    empty_queue(cluster)  # a build that was killed could not
    command = [sys.executable, "-m", "reelbook", "trainings", "--plan", plan.file]
    command += ["--data", plan.dataset] if plan.is_own else []
    # A process of its own: it loads pandas and perhaps TensorFlow.
    if subprocess.run(command, stdout=sys.stderr).returncode:
        raise ReelbookError("The trainings could not be planned, see above.")


def run_steps(plan: Plan, jobs: int | None, lock: int, cluster: Cluster | None = None) -> str:
    """Bring the steps of a plan up to date; what went wrong, or an empty text.

    Raises:
        ReelbookError: Snakemake was killed.
    """
    forget_damaged(plan)
    # Snakemake sees neither what changes out there nor what was altered here.
    for dataset in plan.datasets:
        if os.environ.get("REELBOOK_DATA") or is_damaged(name_dataset(dataset)):
            from reelbook.data.store import prepare  # here: it needs seconds to import

            prepare(dataset)
    errors = get_plan_dir(plan.name) / "logs" / "errors"
    shutil.rmtree(errors, ignore_errors=True)
    errors.mkdir(parents=True)
    jobs = jobs or (None if cluster else os.cpu_count() or 1)
    command = make_command(plan, jobs, cluster)
    environment = {"REELBOOK_ERRORS": str(errors)}
    environment |= cluster.environment if cluster else {"REELBOOK_JOBS": str(jobs)}
    environment |= {"REELBOOK_PROCESSES": str(plan.processes)} if plan.processes else {}
    log = errors.parent / "snakemake.log"
    log.unlink(missing_ok=True)
    code = run_snakemake(command, environment, lock, log, cluster)
    if code < 0:
        raise ReelbookError(f"Snakemake was killed by signal {-code}. {KEPT}")
    return describe_failure(command, errors, log) if code else ""


@contextmanager
def hold_lock(plan: Plan) -> Iterator[int]:
    """Keep other builds out of this build folder; the system frees the lock of a dead build.

    By fcntl, where others use filelock: Snakemake inherits this lock through its descriptor, so
    that it outlives a killed build as long as Snakemake itself.
    """
    get_build_dir().mkdir(parents=True, exist_ok=True)
    with (get_build_dir() / ".lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise ReelbookError(
                f"Another build is running in {format_path(get_build_dir())} ({file.read()}). "
                "Wait for it to end, or stop it with Ctrl-C."
            ) from None
        file.truncate(0)
        file.write(f"plan {plan.name}, process {os.getpid()}")
        file.flush()
        yield file.fileno()


def forget_damaged(plan: Plan) -> None:
    """Unmark as done what Snakemake cannot see is lost or altered, so that it is made again."""
    steps = get_plan_dir(plan.name) / "steps"
    damaged = {path: damage for path in steps.glob("*.json") if (damage := find_damage(path))}
    for path, damage in damaged.items():
        tell(f"[{plan.name}] {damage}: made anew")
        path.unlink(missing_ok=True)
    if damaged:  # Snakemake looks for what is missing only on the way to something that is
        (steps / "book.json").unlink(missing_ok=True)
    executed = get_plan_dir(plan.name) / "executed"
    wanted = {path for name in plan.notebooks for path in list_outputs(executed / f"{name}.ipynb")}
    for path in set(executed.glob("*")) - wanted:  # of a chapter that the plan no longer has
        path.unlink()


def is_damaged(dataset: str) -> bool:
    """Whether tables were prepared that are no longer whole."""
    folder = get_data_dir(dataset)
    try:
        files = json.loads((folder / "data.json").read_text(encoding="utf-8"))["files"]
        return find_altered(folder, files) is not None
    except (OSError, ValueError, LookupError, AttributeError, TypeError):
        return (folder / "data.json").exists()


@contextmanager
def tell_outlook(plan: Plan, jobs: int) -> Iterator[None]:
    """Let `reelbook.build.outlook.follow` tell what is ahead while a build goes on."""
    if not list_trained(plan):
        yield
        return
    command = [sys.executable, "-m", "reelbook", "outlook", "--follow", "--jobs", str(jobs)]
    command += ["--plan", plan.file, *(["--data", plan.dataset] if plan.is_own else [])]
    with subprocess.Popen(command, preexec_fn=follow_build) as process:
        try:
            yield
        finally:
            process.kill()
            process.wait()
            erase_last()


def format_seconds(seconds: float) -> str:
    """Seconds for a person to read."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
