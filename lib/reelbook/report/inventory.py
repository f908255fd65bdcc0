"""What a build was made of: machine, versions, data, notebooks and runs, as tables for a page."""

import json
import os
import platform
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from reelbook.data.names import count
from reelbook.data.tables import Dataset, count_rated
from reelbook.paths import get_plan_dir, name_command
from reelbook.provenance import get_commit, get_versions
from reelbook.runs.store import Run


def list_machine() -> pd.DataFrame:
    """The machine, its system and the commit: columns what and value."""
    return _make_pairs(
        {
            "commit": get_commit(),
            "system": f"{platform.system()} {platform.machine()}",
            "processor": get_processor(),
            "cores": str(os.cpu_count()),
            "memory": f"{get_memory_mb() / 1024:.0f} GiB",
        }
    )


def list_versions() -> pd.DataFrame:
    """Python and the packages that compute: columns what and value."""
    return _make_pairs(get_versions())


def list_data(dataset: Dataset) -> pd.DataFrame:
    """What was rated, where it came from, and the fingerprint: columns what and value."""
    return _make_pairs(
        {
            "data set": dataset.name,
            **{name: f"{number:,}" for name, number in count_rated(dataset.ratings).items()},
            "source": dataset.source,
            "differs from the publisher's": dataset.note or "no",
            "SHA-256": f"{dataset.sha256[:32]} {dataset.sha256[32:]}",  # room to break the line
        }
    )


def list_notebooks(plan: str) -> pd.DataFrame:
    """A row a notebook that this build has executed so far: its seconds and peak memory in MB."""
    files = sorted((get_plan_dir(plan) / "executed").glob("*.meta.json"))
    metas = [json.loads(file.read_text()) for file in files]
    table = pd.DataFrame(metas, columns=["notebook", "seconds", "peak_memory_mb"])
    return table.rename(columns={"peak_memory_mb": "peak MB"})


def describe_build(
    plan: str, results: pd.DataFrame, listed: pd.DataFrame, results_sha256: str
) -> str:
    """The short answer of the page: how to rebuild the results, and how many there are.

    Args:
        plan: name of the plan.
        results: the rows of its results.csv.
        listed: as `list_runs` gives them.
        results_sha256: of results.csv.
    """
    trained = listed.drop_duplicates("run")  # a run may serve two protocols
    return (
        f"**In short.** Yes: with the commit below, `{name_command(plan)}` on Linux builds it "
        "again, and the same seeds on the same machine give the same bytes of `results.csv`. Its "
        f"SHA-256 begins with {results_sha256[:16]}. It holds {count(len(results), 'figure')} of "
        f"{count(len(trained), 'training run')}, which took {trained['seconds'].sum() / 60:.1f} "
        "minutes of one core."
    )


def describe_verification(plan: str, results_sha256: str) -> str:
    """What `make verify` found when it last ran for a plan, and whether it was these results."""
    path = get_plan_dir(plan) / "verification.json"
    if not path.is_file():
        return "These results have not been verified on this machine."
    outcome = json.loads(path.read_text())
    first, second = (f"{seconds:,} s" for seconds in outcome["seconds"])
    sums = [text[:16] for text in outcome["sha256"]]
    commit = outcome["commit"][:16]
    builds = f"Two separate builds of commit `{commit}` ({first} and {second})"
    if not outcome["equal"]:
        return f"{builds} gave **different** results: {sums[0]} and {sums[1]}."
    same = "this page's own" if outcome["sha256"][0] == results_sha256 else "not this page's"
    return (
        f"{builds} gave the same `results.csv`, byte for byte. Its SHA-256 begins with {sums[0]}; "
        f"it is {same}."
    )


def list_runs(runs: Iterable[Run]) -> pd.DataFrame:
    """A row a run and protocol: what it was, where it stopped, what it cost."""
    rows = [
        {
            "model": record.model,
            "protocol": run.protocol,
            "fold": str(record.split["fold"] or ""),  # counted from 1
            "seed": record.seed,
            "best epoch": "" if record.best_epoch is None else str(record.best_epoch),
            "parameters": record.num_parameters,
            "seconds": record.seconds,
            "peak MB": record.peak_memory_mb,
            "node": record.node,
            "commit": record.commit[:10],
            "run": record.run_id,
        }
        for run in runs
        for record in [run.record]
    ]
    order = ["model", "protocol", "fold", "seed", "run"]
    return pd.DataFrame(rows).sort_values(order, ignore_index=True)


def describe_nodes(runs: pd.DataFrame) -> str:
    """On which machines, or nodes of a cluster, the runs of `list_runs` were trained."""
    nodes = runs.drop_duplicates("run")["node"].replace("", "a machine that was not noted")
    told = [f"{node} ({count(number, 'run')})" for node, number in nodes.value_counts().items()]
    return f"Trained on {', '.join(told)}."


def summarise_costs(runs: pd.DataFrame) -> pd.DataFrame:
    """A row a model and protocol of `list_runs`: number of runs, seconds, memory."""
    sums = {
        "runs": ("run", "size"), "parameters": ("parameters", "max"),
        "seconds a run": ("seconds", "mean"), "seconds in all": ("seconds", "sum"),
        "peak MB": ("peak MB", "max"),
    }  # fmt: skip
    return runs.groupby(["model", "protocol"]).agg(**sums).reset_index()


def _make_pairs(values: dict[str, str]) -> pd.DataFrame:
    """A table of two columns: what and value."""
    return pd.DataFrame(values.items(), columns=["what", "value"])


def get_memory_mb() -> float:
    """The memory of this machine, in units of 2^20 bytes."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**20


def get_processor() -> str:
    """The processor's name, where the system tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
