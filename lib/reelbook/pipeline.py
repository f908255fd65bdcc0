"""The road of `make book`: a plan, Snakemake over the Snakefile, results.csv, the last words.

Nothing here imports pandas or TensorFlow: a build with nothing to do takes as long as Snakemake.
"""

import csv
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import psutil
import yaml

from reelbook.errors import ReelbookError
from reelbook.files import compute_sha256, replace_when_whole
from reelbook.notebook import format_path, list_outputs
from reelbook.parameters import check_parameters, read_parameters
from reelbook.paths import (
    NOTEBOOKS,
    PLANS,
    ROOT,
    get_build_dir,
    get_data_dir,
    get_plan_dir,
)
from reelbook.steps import find_damage

if TYPE_CHECKING:
    from reelbook.schema import RunRecord

RESERVED = {"data", "runs", "verify", "export", "logs", "turns"}  # folders beside those of plans


@dataclass(frozen=True)
class Plan:
    """A data set and the notebooks to run on it, in the order of the book, with parameters."""

    name: str
    dataset: str
    notebooks: dict[str, dict[str, Any]]

    @property
    def chapters(self) -> list[str]:
        """Notebooks that explore or train; results.csv is made of their runs."""
        return [name for name in self.notebooks if not self.is_results(name)]

    def is_results(self, notebook: str) -> bool:
        """Whether a notebook, 90 and up, shows what came of the chapters."""
        return notebook.startswith("9")

    def list_earlier(self, notebook: str) -> list[str]:
        """What a notebook waits for: one of the results for all before it, a chapter for none."""
        names = list(self.notebooks)
        return names[: names.index(notebook)] if self.is_results(notebook) else []


def read_plan(name: str) -> Plan:
    """The plan `notebooks/plans/<name>.yml`, checked against the notebooks that it names.

    `dataset` and `plan` are given to every notebook that declares them.

    Raises:
        ReelbookError: an unknown plan, key or notebook, or parameters that do not fit.
    """
    file = PLANS / f"{name}.yml"
    known = sorted(path.stem for path in PLANS.glob("*.yml"))
    if name in RESERVED:
        raise ReelbookError(f"A plan cannot be named '{name}': build/{name}/ holds other files.")
    if name not in known:
        raise ReelbookError(f"There is no plan '{name}'. The plans are {', '.join(known)}.")
    try:
        content = yaml.safe_load(file.read_text())
    except yaml.YAMLError as error:
        raise ReelbookError(f"{format_path(file)} is not YAML: {error}") from error
    if not isinstance(content, dict) or set(content) != {"dataset", "notebooks"}:
        keys = ", ".join(map(str, content)) if isinstance(content, dict) else "none"
        raise ReelbookError(
            f"{format_path(file)} must have the keys dataset and notebooks, and no other; "
            f"it has {keys}."
        )
    if not isinstance(content["dataset"], str) or not isinstance(content["notebooks"], dict):
        raise ReelbookError(
            f"{format_path(file)}: dataset must be a name, and notebooks names with parameters."
        )
    common = {"dataset": content["dataset"], "plan": name}
    notebooks = {}
    for notebook, parameters in content["notebooks"].items():
        path = find_notebook(notebook)
        if not isinstance(parameters or {}, dict):
            raise ReelbookError(f"{format_path(file)}: {notebook} must have parameters by name.")
        declared = read_parameters(path)
        fitting = {key: value for key, value in common.items() if key in declared}
        notebooks[notebook] = fitting | (parameters or {})
        check_parameters(path, notebooks[notebook])
    return Plan(name, content["dataset"], dict(sorted(notebooks.items())))


def find_notebook(name: str) -> Path:
    """The file of a notebook; ReelbookError with the known names if there is none."""
    known = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    if name not in known:
        raise ReelbookError(f"There is no notebook '{name}'. The notebooks are {', '.join(known)}.")
    return NOTEBOOKS / f"{name}.ipynb"


def build(plan_name: str, *, jobs: int) -> None:
    """Bring the report of a plan up to date and say where it is.

    Raises:
        ReelbookError: the plan is wrong, another build is running, or a step failed; what the
            failed steps said is in the message, and the steps that could run without them have run.
    """
    start = time.monotonic()
    plan = read_plan(plan_name)
    with hold_lock(plan) as lock:
        forget_damaged(plan)
        # Snakemake sees neither what changes out there nor what was altered here.
        if os.environ.get("REELBOOK_DATA") or is_damaged(plan.dataset):
            from reelbook.data import prepare  # here: it needs seconds to import

            prepare(plan.dataset)
        errors = get_plan_dir(plan.name) / "logs" / "errors"
        shutil.rmtree(errors, ignore_errors=True)
        errors.mkdir(parents=True)
        code = run_snakemake(plan, jobs, errors, lock)
    if code:
        raise ReelbookError(describe_failure(plan, errors))
    report = get_plan_dir(plan.name) / "html" / "index.html"
    print(format_leaderboard(get_plan_dir(plan.name) / "results.csv"), end="")
    print(f"Report: {format_path(report)} ({format_seconds(time.monotonic() - start)})")


@contextmanager
def hold_lock(plan: Plan) -> Iterator[int]:
    """Keep other builds out of this build folder; the system frees the lock of a dead build."""
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
        print(f"[{plan.name}] {damage} is missing or altered: made anew", file=sys.stderr)
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
        return any(compute_sha256(folder / name) != sha256 for name, sha256 in files.items())
    except FileNotFoundError:
        return (folder / "data.json").exists()
    except (OSError, ValueError, KeyError, TypeError):
        return True


def run_snakemake(plan: Plan, jobs: int, errors: Path, lock: int) -> int:
    """Run the Snakefile in the build folder; its exit code.

    Snakemake itself stays silent: the steps say what they do, and leave in `errors` what went
    wrong. It inherits our lock, so that no second build starts while it lives, and needs no other.
    """
    command = [*_make_command(plan, jobs), "--quiet", "all"]
    environment = os.environ | {"REELBOOK_ERRORS": str(errors), "REELBOOK_JOBS": str(jobs)}
    with subprocess.Popen(command, env=environment, pass_fds=[lock]) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # Ctrl-C in a terminal has reached the steps too; a signal to this process has not.
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)
            for started in psutil.Process().children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    started.send_signal(signal.SIGINT)
            process.wait()
            raise


def _make_command(plan: Plan, jobs: int) -> list[str]:
    """Snakemake's command line."""
    return [
        sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"),
        "--directory", str(get_build_dir()), "--cores", str(jobs), "--config", f"plan={plan.name}",
        "--rerun-incomplete", "--keep-going", "--nolock", "--scheduler", "greedy",
    ]  # fmt: skip


def describe_failure(plan: Plan, errors: Path) -> str:
    """What the failed steps said; where none did, what Snakemake says of the Snakefile."""
    said = [file.read_text().strip() for file in sorted(errors.iterdir())]
    if not said:
        command = [*_make_command(plan, 1), "--dry-run", "--quiet", "host", "rules", "reason"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return f"Snakemake failed: {done.stdout.strip()}"
    return "\n".join([*said, "What was finished is kept: the next build goes on from there."])


def collect_results(plan_name: str) -> Path:
    """Write `build/<plan>/results.csv`: a row a figure of exactly the runs that the chapters used.

    Raises:
        ReelbookError: a run is missing or was altered.
    """
    from reelbook.runs import read_record  # here: these need seconds to import
    from reelbook.schema import RESULT_COLUMNS

    folder = get_plan_dir(plan_name)
    lists = [folder / "executed" / f"{name}.runs.json" for name in read_plan(plan_name).chapters]
    run_ids = {run_id for file in lists for run_id in json.loads(file.read_text())}
    rows = [row for run_id in run_ids for row in _list_figures(read_record(run_id))]
    key = [*RESULT_COLUMNS[:8], "run_id"]  # those that tell one figure from another
    rows.sort(key=lambda row: [(row[column] is not None, row[column]) for column in key])
    with replace_when_whole(folder / "results.csv") as part, part.open("w", newline="") as file:
        writer = csv.DictWriter(file, RESULT_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)  # a float as the shortest text that reads back as the same float
    return folder / "results.csv"


def _list_figures(record: "RunRecord") -> list[dict[str, Any]]:
    """The rows of results.csv of one run."""
    shared = {
        "model": record.model,
        "family": record.family,
        "dataset": record.dataset["name"],
        "protocol": record.split["protocol"],
        "fold": record.split["fold"],
        "seed": record.seed,
        "best_epoch": record.best_epoch,
        "run_id": record.run_id,
    }
    return [shared | asdict(metric) for metric in record.metrics]


def format_leaderboard(results: Path) -> str:
    """Mean test RMSE of each model on the official folds, best first; empty if there is none."""
    found = defaultdict(list)
    with results.open(newline="") as file:
        for row in csv.DictReader(file):
            if (row["protocol"], row["split_part"], row["metric"]) == ("official", "test", "rmse"):
                found[row["model"]].append(float(row["value"]))
    ranked = sorted(found.items(), key=lambda item: fmean(item[1]))
    if not ranked:
        return ""
    width = max(len(model) for model in found)
    lines = [f"  {m:<{width}}  {fmean(v):.4f}  mean of {len(v)}" for m, v in ranked]
    return "\n".join(["Test RMSE, protocol official:", *lines]) + "\n"


def format_seconds(seconds: float) -> str:
    """Seconds for a person to read."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"
