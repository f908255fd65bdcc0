"""The road of `make book`: Snakemake over the Snakefile of a plan, and the last words.

Nothing here imports pandas or TensorFlow: a build with nothing to do takes as long as Snakemake.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from reelbook.build.golden import list_departures
from reelbook.build.notebook import list_outputs
from reelbook.build.outlook import list_trained
from reelbook.build.plan import Plan, read_plan
from reelbook.build.results import format_leaderboard
from reelbook.build.steps import find_altered, find_damage
from reelbook.data.names import DOCUMENTED, name_dataset
from reelbook.errors import ReelbookError
from reelbook.paths import ROOT, format_path, get_build_dir, get_data_dir, get_plan_dir
from reelbook.processes import end_with_parent

KEPT = "What was finished is kept: the next build goes on from there."


def build(plan_name: str, *, jobs: int, data: str | None = None) -> None:
    """Bring the report of a plan up to date and say where it is.

    Raises:
        ReelbookError: the plan is wrong, another build is running, or a step failed; what the
            failed steps said is in the message, and the steps that could run without them have run.
    """
    start = time.monotonic()
    plan = read_plan(plan_name, data)
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
    with hold_lock(plan) as lock, tell_outlook(plan, jobs):
        if fault := run_steps(plan, jobs, lock):
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


def run_steps(plan: Plan, jobs: int, lock: int) -> str:
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
    code = run_snakemake(plan, jobs, errors, lock)
    if code < 0:
        raise ReelbookError(f"Snakemake was killed by signal {-code}. {KEPT}")
    return describe_failure(plan, errors) if code else ""


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
        print(f"[{plan.name}] {damage}: made anew", file=sys.stderr)
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


def run_snakemake(plan: Plan, jobs: int, errors: Path, lock: int) -> int:
    """Run the Snakefile in the build folder; its exit code.

    Snakemake itself stays silent: the steps say what they do, and leave in `errors` what went
    wrong. It inherits our lock and needs no other.
    """
    command = [*_make_command(plan, jobs), "--quiet", "all"]
    environment = os.environ | {"REELBOOK_ERRORS": str(errors), "REELBOOK_JOBS": str(jobs)}
    with subprocess.Popen(
        command, env=environment, pass_fds=[lock], preexec_fn=_follow_build
    ) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            _stop(process)
            raise


@contextmanager
def tell_outlook(plan: Plan, jobs: int) -> Iterator[None]:
    """Let `reelbook.build.outlook.follow` tell what is ahead while a build goes on."""
    if not list_trained(plan):
        yield
        return
    command = [sys.executable, "-m", "reelbook", "outlook", "--follow", "--jobs", str(jobs)]
    command += ["--plan", plan.file, *(["--data", plan.dataset] if plan.is_own else [])]
    with subprocess.Popen(command, preexec_fn=_follow_build) as process:
        try:
            yield
        finally:
            process.kill()


def _follow_build() -> None:
    """In Snakemake: end with the build, and leave Ctrl-C to it. The steps inherit the latter."""
    end_with_parent(signal.SIGKILL)  # of a politer signal it would wait for its steps
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Tell Snakemake to start nothing more, and each step to end; once is enough."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    told = set()
    while process.poll() is None:
        with suppress(psutil.NoSuchProcess):
            snakemake = psutil.Process(process.pid)
            for started in [snakemake, *snakemake.children()]:
                if started not in told:
                    told.add(started)
                    started.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)


def _make_command(plan: Plan, jobs: int) -> list[str]:
    """Snakemake's command line."""
    return [
        sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"),
        "--directory", str(get_build_dir()), "--cores", str(jobs),
        "--config", f"plan={plan.file}", f"data={plan.data_name if plan.is_own else ''}",
        "--rerun-incomplete", "--keep-going", "--nolock", "--scheduler", "greedy",
    ]  # fmt: skip


def describe_failure(plan: Plan, errors: Path) -> str:
    """What the failed steps said; where none did, what Snakemake says of the Snakefile."""
    texts = [file.read_text(encoding="utf-8").strip() for file in sorted(errors.iterdir())]
    said = [text for text in texts if text]
    if texts and not said:
        return f"A step failed, see above. {format_path(get_build_dir())} has no room left?"
    if not said:
        command = [*_make_command(plan, 1), "--dry-run", "--quiet", "host", "rules", "reason"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        told = shorten_traceback(done.stdout.strip())
        return f"{f'Snakemake failed: {told}' if done.returncode else 'A step was killed.'}\n{KEPT}"
    return "\n".join([*said, KEPT])


def shorten_traceback(text: str) -> str:
    """A text whose traceback, if it holds one, is cut to the error at its end."""
    return text.splitlines()[-1] if "Traceback (most recent call last)" in text else text


def format_seconds(seconds: float) -> str:
    """Seconds for a person to read."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
