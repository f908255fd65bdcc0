"""results.csv of a plan: a row a figure of the runs that its chapters used."""

import csv
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

from reelbook.build.plan import Plan
from reelbook.files import replace_when_whole
from reelbook.paths import get_plan_dir
from reelbook.runs.record import RESULT_COLUMNS, RunRecord, read_record


def collect_results(plan: Plan) -> Path:
    """Write `build/<plan>/results.csv`: a row a figure of exactly the runs that the chapters used.

    Raises:
        ReelbookError: a run is missing or was altered.
    """
    folder = get_plan_dir(plan.name)
    lists = [folder / "executed" / f"{name}.runs.json" for name in plan.chapters]
    used: dict[str, set[str]] = defaultdict(set)
    for path in lists:
        for run_id, protocols in json.loads(path.read_text(encoding="utf-8")).items():
            used[run_id].update(protocols)
    rows = [
        row
        for run_id, protocols in used.items()
        for protocol in protocols
        for row in list_figures(read_record(run_id), protocol)
    ]
    write_results(rows, folder / "results.csv")
    return folder / "results.csv"


def write_results(rows: list[dict[str, Any]], path: Path, *, others: Sequence[str] = ()) -> None:
    """Write figures as results.csv, sorted; `others` are columns after the usual ones."""
    key = [*RESULT_COLUMNS[:8], "run_id", *others]  # those that tell one figure from another
    rows = sorted(rows, key=lambda row: [(row[name] is not None, row[name]) for name in key])
    with replace_when_whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*RESULT_COLUMNS, *others], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)  # a float as the shortest text that reads back as the same float


def list_figures(record: RunRecord, protocol: str) -> list[dict[str, Any]]:
    """The rows of results.csv of one run, asked for under a protocol or the name of a study."""
    shared = {
        "model": record.model,
        "family": record.family,
        "dataset": record.dataset["name"],
        "protocol": protocol,
        "fold": record.split["fold"],
        "seed": record.seed,
        "best_epoch": record.best_epoch,
        "run_id": record.run_id,
    }
    return [shared | asdict(metric) for metric in record.metrics]


def format_leaderboard(results: Path) -> str:
    """Mean test RMSE of each model on the official folds, best first; empty if there is none."""
    found = defaultdict(list)
    with results.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if (row["protocol"], row["split_part"], row["metric"]) == ("official", "test", "rmse"):
                found[row["model"]].append(float(row["value"]))
    ranked = sorted(found.items(), key=lambda item: fmean(item[1]))
    if not ranked:
        return ""
    width = max(len(model) for model in found)
    lines = [f"  {m:<{width}}  {fmean(v):.4f}  mean of {len(v)}" for m, v in ranked]
    return "\n".join(["Test RMSE, protocol official:", *lines]) + "\n"
