"""Golden figures: what each model of a plan scored, so that a moved figure is noticed.

`book/golden.yml` holds, for the publisher's ml-100k, the mean test RMSE of each model on `official`
and its mean nDCG@10 on `stratified`. A figure may differ by a fifth of the half-width of its 95%
interval: far less than the data can tell, and more than another processor's rounding makes.
"""

import csv
import json
from collections import defaultdict
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import yaml

from reelbook.files import read_yaml, replace_when_whole
from reelbook.paths import BOOK, get_data_dir, get_plan_dir

GOLDEN = BOOK / "golden.yml"
METRICS = {"official": "rmse", "stratified": "ndcg@10"}  # by protocol
SHARE = 0.2  # of the half-width of a figure's interval
HEAD = """\
# What each model scored when someone last looked: `python -m reelbook golden --update` writes it
# anew and prints old and new. A build of this plan on these data ends with an error where a figure
# differs by more than its tolerance, a fifth of the half-width of its 95% interval.
"""


class Figure(NamedTuple):
    """Where a figure stands in results.csv."""

    protocol: str
    model: str

    def __str__(self) -> str:
        return f"{self.model}, {METRICS[self.protocol]} on {self.protocol}"


def read_means(results: Path) -> dict[Figure, float]:
    """The mean test figure of each model over its folds or splits, from results.csv."""
    found = defaultdict(list)
    with results.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["split_part"] == "test" and METRICS.get(row["protocol"]) == row["metric"]:
                found[Figure(row["protocol"], row["model"])].append(float(row["value"]))
    return {figure: fmean(values) for figure, values in found.items()}


def has_golden(plan_name: str, dataset: str, *, golden: Path = GOLDEN) -> bool:
    """Whether the golden figures are those of this plan on these data."""
    if not golden.is_file():
        return False
    wanted = read_yaml(golden)
    return (wanted["plan"], wanted["data"]) == (plan_name, _read_fingerprint(dataset))


def list_departures(plan_name: str, dataset: str, *, golden: Path = GOLDEN) -> list[str]:
    """What left its range or is missing, a line each; empty where there are no golden figures."""
    if not has_golden(plan_name, dataset, golden=golden):
        return []
    wanted = read_yaml(golden)
    means = read_means(get_plan_dir(plan_name) / "results.csv")
    lines = []
    for protocol, models in wanted["figures"].items():
        for model, (value, tolerance) in models.items():
            figure = Figure(protocol, model)
            found = means.get(figure)
            if found is None:
                lines.append(f"{figure}: missing, it was {value}")
            elif abs(found - value) > tolerance:
                lines.append(f"{figure}: {found:.5f}, it was {value} (may differ by {tolerance})")
    return lines


def update_golden(plan_name: str, dataset: str, *, golden: Path = GOLDEN) -> list[str]:
    """Write the figures of a finished build as the golden ones; old and new, a line each."""
    from reelbook.report import compare, tables  # here: these need seconds to import
    from reelbook.runs.store import read_runs

    old: dict[str, Any] = {}
    if golden.is_file():
        old = read_yaml(golden)["figures"]
    runs = read_runs(tables.read_results(plan_name))
    figures: dict[str, dict[str, list[float]]] = {}
    lines = []
    for protocol in METRICS:
        groups = compare.group_runs(runs, protocol=protocol)
        estimate = compare.estimate_models if protocol == "official" else compare.estimate_rankings
        measured = {m: found for m, found in groups.items() if _has_metric(found, protocol)}
        figures[protocol] = {}
        for row in estimate(measured).sort_values("name").to_dict("records"):
            tolerance = SHARE * (row["high"] - row["low"]) / 2
            entry = [round(row["value"], 5), round(tolerance, 5)]
            figures[protocol][row["name"]] = entry
            was = old.get(protocol, {}).get(row["name"], ["none"])[0]
            lines.append(f"{Figure(protocol, row['name'])}: {was} -> {entry[0]}")
    content = {"plan": plan_name, "data": _read_fingerprint(dataset), "figures": figures}
    with replace_when_whole(golden) as part:
        part.write_text(HEAD + yaml.safe_dump(content, sort_keys=False, default_flow_style=None))
    return lines


def _has_metric(runs: list[Any], protocol: str) -> bool:
    return any(metric.metric == METRICS[protocol] for metric in runs[0].record.metrics)


def _read_fingerprint(dataset: str) -> str:
    """The SHA-256 of the contents of the prepared tables."""
    text = (get_data_dir(dataset) / "data.json").read_text(encoding="utf-8")
    return str(json.loads(text)["sha256"])
