"""What a build has ahead: the runs that its chapters will train, and how long that may take.

Expected seconds are the mean of earlier runs of the same model on the same data, or those of
`book/costs.yml` in proportion to the ratings, and less where fewer epochs are allowed. A build
tells it by a process of its own: it needs pandas and TensorFlow, which take seconds to load, and a
build with nothing to do waits for neither.
"""

import inspect
import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import yaml

from reelbook.build.parameters import read_parameters
from reelbook.build.plan import Plan, find_notebook
from reelbook.files import read_yaml, replace_when_whole
from reelbook.paths import BOOK, get_runs_dir
from reelbook.report import studies

if TYPE_CHECKING:
    from reelbook.data.tables import Dataset
    from reelbook.runs.record import Request

COSTS = BOOK / "costs.yml"
HEAD = """\
# Seconds of a training with its tuning, by model, on this many ratings, and the epochs that it was
# allowed: what `make book` expects before it has seen any. `python -m reelbook golden --update`
# writes it anew.
"""
WAIT = 5.0  # seconds after which a build that has nothing to do has ended
EVERY = 60.0  # seconds between two lines
SETTLED = 0.1  # share of the work after which this build's own pace tells more than the costs


def follow(plan: Plan, ahead: dict[str, float], *, start: float, jobs: int) -> None:
    """Say every minute how many runs are left to train, until none is.

    Args:
        plan: that is being built.
        ahead: its runs, from `estimate_runs`.
        start: of the build, by `time.monotonic`.
        jobs: trainings at once.
    """
    while left := [run_id for run_id in ahead if not (get_runs_dir() / run_id).exists()]:
        seconds = sum(ahead[run_id] for run_id in left)
        done = sum(ahead.values()) - seconds
        rest = estimate_left(done, seconds, elapsed=time.monotonic() - start, jobs=jobs)
        trained = f"{len(ahead) - len(left)} of {len(ahead)} runs trained"
        print(f"[{plan.name}] {trained}, {describe_minutes(rest)} left", file=sys.stderr)
        time.sleep(EVERY)


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


def estimate_runs(plan: Plan) -> dict[str, float]:
    """The ids of the runs that the chapters of a plan lack, each with its expected seconds."""
    from reelbook.data.store import load  # here: these need seconds to import
    from reelbook.models.registry import resolve_params
    from reelbook.runs.identity import compute_id

    dataset = load(plan.dataset)
    asked = {}
    for name in list_trained(plan):
        declare, given = getattr(studies, _name_study(name)), plan.notebooks[name]
        defaults = {key: one.default for key, one in read_parameters(find_notebook(name)).items()}
        for request in _list_requests(declare, dataset, defaults | given):
            epochs = resolve_params(request.model, request.params).get("epochs", 1)
            asked[compute_id(request, dataset)] = (request.model, epochs)
    costs = read_yaml(COSTS)
    scale = len(dataset.ratings) / costs["ratings"]
    known = {m: (scale * seconds, epochs) for m, (seconds, epochs) in costs["models"].items()}
    known |= read_costs(dataset.sha256)
    usual = fmean(seconds for seconds, _ in known.values())
    expected = {}
    for run_id, (model, epochs) in asked.items():
        seconds, allowed = known.get(model, (usual, epochs))
        if not (get_runs_dir() / run_id).exists():
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


def read_costs(data: str) -> dict[str, tuple[float, float]]:
    """Mean seconds and allowed epochs of each model's finished runs on data of a fingerprint."""
    found: dict[str, list[tuple[float, float]]] = {}
    for file in get_runs_dir().glob("*/run.json"):
        with suppress(OSError, ValueError, LookupError, TypeError):  # damaged: the build tells it
            record = json.loads(file.read_text(encoding="utf-8"))
            if record["dataset"]["sha256"] == data:
                run = (record["seconds"], record["params"].get("epochs", 1))
                found.setdefault(record["model"], []).append(run)
    means = {m: [fmean(values) for values in zip(*runs, strict=True)] for m, runs in found.items()}
    return {model: (seconds, epochs) for model, (seconds, epochs) in sorted(means.items())}


def update_costs(dataset: "Dataset", *, costs: Path = COSTS) -> None:
    """Write what the finished runs on these data took as what to expect."""
    models = {m: [round(s, 2), round(e, 1)] for m, (s, e) in read_costs(dataset.sha256).items()}
    content = {"ratings": len(dataset.ratings), "models": models}
    with replace_when_whole(costs) as part:
        part.write_text(HEAD + yaml.safe_dump(content, sort_keys=False, default_flow_style=None))
