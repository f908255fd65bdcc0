"""What a build has ahead: the runs that its chapters will train, and how long that may take.

Expected seconds are the mean of earlier runs of the same model and protocol on the same data, or
those of `book/costs.yml` in proportion to the ratings, and less where fewer epochs are allowed. A
build tells it by a process of its own: it needs pandas and TensorFlow, which take seconds to load,
and a build with nothing to do waits for neither.
"""

import inspect
import json
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import yaml

from reelbook.build.console import erase_last, keep_last, tell
from reelbook.build.parameters import read_parameters
from reelbook.build.plan import Plan, find_notebook
from reelbook.files import read_yaml, replace_when_whole
from reelbook.paths import BOOK, get_plan_dir, get_runs_dir
from reelbook.report import studies

if TYPE_CHECKING:
    from reelbook.data.tables import Dataset
    from reelbook.runs.record import Request

COSTS = BOOK / "costs.yml"
HEAD = """\
# What `make book` expects before it has seen a run; `python -m reelbook golden --update` writes it
# anew. By model and protocol: seconds of a training with its tuning on this many ratings, and the
# epochs that it was allowed. By chapter: seconds of all of its runs; the longest chapter starts
# first. By page of the results: its seconds.
"""
WAIT = 5.0  # seconds after which a build that has nothing to do has ended
EVERY = 60.0  # seconds between two lines of a log
OFTEN = 1.0  # seconds after which the line of a terminal is written again
SETTLED = 0.1  # share of the work after which this build's own pace tells more than the costs


def follow(plan: Plan, ahead: dict[str, float], *, start: float, jobs: int) -> None:
    """Say how many runs are left to train, until none is: every minute, or on a terminal always.

    Args:
        plan: that is being built.
        ahead: its runs, from `estimate_runs`.
        start: of the build, by `time.monotonic`.
        jobs: trainings at once.
    """
    after = estimate_pages(plan, jobs=jobs)
    while left := [run_id for run_id in ahead if not (get_runs_dir() / run_id).exists()]:
        seconds = sum(ahead[run_id] for run_id in left)
        done = sum(ahead.values()) - seconds
        rest = after + estimate_left(done, seconds, elapsed=time.monotonic() - start, jobs=jobs)
        trained = f"{len(ahead) - len(left)} of {len(ahead)} runs trained"
        text = f"[{plan.name}] {trained}, {describe_minutes(rest)} left"
        if sys.stderr.isatty():
            keep_last(text)
            time.sleep(OFTEN)
        else:
            tell(text)
            time.sleep(EVERY)
    erase_last()


def describe_minutes(seconds: float) -> str:
    """About how many minutes: as exact as the estimate is."""
    return f"about {round(seconds / 60)} min" if seconds > 90 else "about a minute"


def estimate_left(done: float, left: float, *, elapsed: float, jobs: int) -> float:
    """Seconds until the last run is trained.

    Args:
        done: expected seconds of the runs that this build has trained.
        left: expected seconds of those that it has not.
        elapsed: seconds since the build began.
        jobs: trainings at once.
    """
    return elapsed * left / done if done > SETTLED * (done + left) else left / jobs


def estimate_pages(plan: Plan, *, jobs: int) -> float:
    """Seconds that the pages of results take once all runs are trained."""
    pages = read_yaml(COSTS)["pages"]
    return sum(pages.get(name, 0.0) for name in plan.notebooks) / jobs


def estimate_runs(plan: Plan) -> dict[str, float]:
    """The ids of the runs that the chapters of a plan lack, each with its expected seconds."""
    if not list_trained(plan):
        return {}
    from reelbook.data.store import load  # here: it needs seconds to import

    dataset = load(plan.dataset)
    asked = {i: one for runs in list_requests(plan, dataset).values() for i, one in runs.items()}
    seconds = estimate_seconds(asked, dataset)
    return {i: expected for i, expected in seconds.items() if not (get_runs_dir() / i).exists()}


def list_requests(
    plan: Plan, dataset: "Dataset", *, only: str = ""
) -> dict[str, dict[str, "Request"]]:
    """What each chapter of a plan, or only one, asks for: its runs, by their ids."""
    from reelbook.runs.identity import compute_id  # here: it needs seconds to import

    asked = {}
    for name in [only] if only else list_trained(plan):
        declare, given = getattr(studies, _name_study(name)), plan.notebooks[name]
        defaults = {key: one.default for key, one in read_parameters(find_notebook(name)).items()}
        requests = _list_requests(declare, dataset, defaults | given)
        asked[name] = {compute_id(request, dataset): request for request in requests}
    return asked


def estimate_seconds(asked: dict[str, "Request"], dataset: "Dataset") -> dict[str, float]:
    """How long each of these runs may take, by its id."""
    from reelbook.models.registry import resolve_params  # here: it needs seconds to import

    costs = read_yaml(COSTS)
    scale = len(dataset.ratings) / costs["ratings"]
    known = {
        (model, protocol): (scale * seconds, epochs)
        for model, protocols in costs["models"].items()
        for protocol, (seconds, epochs) in protocols.items()
    }
    known |= read_costs(dataset.sha256)
    of_model: dict[str, list[tuple[float, float]]] = {}
    for (model, _), cost in known.items():
        of_model.setdefault(model, []).append(cost)
    usual = fmean(seconds for seconds, _ in known.values())
    expected = {}
    for run_id, request in asked.items():
        epochs = resolve_params(request.model, request.params).get("epochs", 1)
        found = known.get((request.model, request.split.protocol))
        alike = [found] if found else of_model.get(request.model, [(usual, epochs)])
        seconds, allowed = (fmean(values) for values in zip(*alike, strict=True))
        expected[run_id] = seconds * min(1, epochs / allowed)
    return expected


def list_trained(plan: Plan) -> list[str]:
    """The chapters of a plan whose runs are declared in a study."""
    return [name for name in plan.notebooks if _name_study(name) in studies.__all__]


def _name_study(notebook: str) -> str:
    """The function that declares a chapter's runs bears the name of the notebook."""
    return notebook.partition("_")[2]


def _list_requests(declare: Any, dataset: "Dataset", given: dict[str, Any]) -> list["Request"]:
    """The runs of a study; none where it takes more than a notebook's parameters."""
    _, *known = inspect.signature(declare).parameters.values()
    if any(one.default is one.empty and one.name not in given for one in known):
        return []
    requests: list[Request] = declare(
        dataset, **{one.name: given[one.name] for one in known if one.name in given}
    ).requests
    return requests


def read_costs(data: str) -> dict[tuple[str, str], tuple[float, float]]:
    """Mean seconds and allowed epochs of finished runs on data, by model and protocol."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for record in _read_records(data):
        run = (record["seconds"], record["params"].get("epochs", 1))
        found.setdefault((record["model"], record["split"]["protocol"]), []).append(run)
    return {
        key: (fmean(seconds for seconds, _ in runs), fmean(epochs for _, epochs in runs))
        for key, runs in sorted(found.items())
    }


def read_peaks(data: str) -> dict[str, float]:
    """The most memory, in MB, of each model's finished runs on data of a fingerprint."""
    peaks: dict[str, float] = {}
    for record in _read_records(data):
        peaks[record["model"]] = max(record["peak_memory_mb"], peaks.get(record["model"], 0.0))
    return peaks


def _read_records(data: str) -> Iterator[dict[str, Any]]:
    """The records of the finished runs on data of a fingerprint; damaged ones are left out."""
    for file in get_runs_dir().glob("*/run.json"):
        with suppress(OSError, ValueError, LookupError, TypeError):  # the build tells of them
            record = json.loads(file.read_text(encoding="utf-8"))
            has_all = {"run_id", "model", "split", "seconds", "params"} <= {*record}
            if has_all and record["dataset"]["sha256"] == data:
                yield {"peak_memory_mb": 0.0} | record


def update_costs(plan: Plan, dataset: "Dataset", *, costs: Path = COSTS) -> None:
    """Write what the finished runs on these data took, and the notebooks of a plan."""
    models: dict[str, dict[str, list[float]]] = {}
    for (model, protocol), (spent, epochs) in read_costs(dataset.sha256).items():
        models.setdefault(model, {})[protocol] = [round(spent, 2), round(epochs, 1)]
    seconds = {record["run_id"]: record["seconds"] for record in _read_records(dataset.sha256)}
    chapters, pages = {}, {}
    for file in sorted((get_plan_dir(plan.name) / "executed").glob("*.meta.json")):
        meta = json.loads(file.read_text(encoding="utf-8"))
        name = meta["notebook"]
        if plan.is_results(name):
            pages[name] = round(meta["seconds"])
        else:
            used = json.loads(file.with_name(f"{name}.runs.json").read_text(encoding="utf-8"))
            chapters[name] = round(sum(seconds.get(run_id, 0.0) for run_id in used))
    content = {"ratings": len(dataset.ratings), "models": models}
    content |= {"chapters": chapters, "pages": pages}
    with replace_when_whole(costs) as part:
        part.write_text(HEAD + yaml.safe_dump(content, sort_keys=False, default_flow_style=None))
