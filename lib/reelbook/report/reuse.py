"""What the whole book costs, and what the runs that it keeps saved its chapters."""

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from reelbook.paths import get_plan_dir
from reelbook.report.costs import compute_energy
from reelbook.report.hardware import Power
from reelbook.runs.store import Run


def list_reuse(plan: str, runs: Iterable[Run], power: Power) -> pd.DataFrame:
    """A row a chapter in its latest execution: which of its runs it trained, which it found.

    A run was found if its files are older than the start of the chapter: another chapter, an
    earlier build or a job of a cluster had trained it.

    Returns:
        chapter, runs, trained and found (numbers), seconds_trained, seconds_saved and mwh_saved;
        seconds and peak_mb of the notebook.
    """
    by_id = {run.record.run_id: run for run in runs}
    finished = {name: _find_finish(run.path) for name, run in by_id.items()}
    rows = []
    for file in sorted((get_plan_dir(plan) / "executed").glob("*.meta.json")):
        meta = json.loads(file.read_text(encoding="utf-8"))
        start = file.stat().st_mtime - meta["seconds"]
        names = json.loads(file.with_name(f"{meta['notebook']}.runs.json").read_text("utf-8"))
        used = [name for name in names if name in by_id]
        found = [by_id[name] for name in used if finished[name] < start]
        saved = sum(run.record.seconds for run in found)
        rows.append(
            {
                "chapter": meta["notebook"],
                "runs": len(used),
                "trained": len(used) - len(found),
                "found": len(found),
                "seconds_trained": sum(by_id[name].record.seconds for name in used) - saved,
                "seconds_saved": saved,
                "mwh_saved": sum(
                    compute_energy(run.record.seconds, run.record.peak_memory_mb, power)
                    for run in found
                ),
                "seconds": meta["seconds"],
                "peak_mb": meta["peak_memory_mb"],
            }
        )
    columns = [
        "chapter", "runs", "trained", "found", "seconds_trained", "seconds_saved", "mwh_saved",
        "seconds", "peak_mb",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def sum_book(listed: pd.DataFrame, reuse: pd.DataFrame, power: Power) -> pd.DataFrame:
    """A row a part of the book: part, seconds, wh; the sum last.

    What the notebooks compute beside trainings is what is left of their seconds, at least none:
    trainings beside each other take more seconds than the notebook that waits for them.

    Args:
        listed: as `list_costs` gives it, of all runs.
        reuse: as `list_reuse` gives it.
        power: of the machine.
    """
    own = (reuse["seconds"] - reuse["seconds_trained"]).clip(lower=0)
    drawn = [compute_energy(*pair, power) for pair in zip(own, reuse["peak_mb"], strict=True)]
    seconds = {
        "trying settings": listed["tuning"].sum(),
        "learning with the chosen ones": (listed["seconds"] - listed["tuning"]).sum(),
        "the notebooks around the runs": own.sum(),
    }
    energy = [
        listed["tuning_mwh"].sum(),
        (listed["mwh"] - listed["tuning_mwh"]).sum(),
        sum(drawn),
    ]
    table = pd.DataFrame({"part": list(seconds), "seconds": list(seconds.values())})
    table["wh"] = [value / 1000 for value in energy]
    whole = {"part": "the whole book", "seconds": table["seconds"].sum(), "wh": table["wh"].sum()}
    return pd.concat([table, pd.DataFrame([whole])], ignore_index=True)


def format_reuse(reuse: pd.DataFrame) -> pd.DataFrame:
    """The table of `list_reuse` for a page."""
    names = {
        "chapter": "chapter", "runs": "runs", "trained": "trained", "found": "found",
        "seconds_trained": "seconds trained", "seconds_saved": "seconds saved",
        "mwh_saved": "mWh saved",
    }  # fmt: skip
    return reuse[list(names)].rename(columns=names)


def _find_finish(folder: Path) -> float:
    """When a run was finished: new metrics change its record, and no other file."""
    return min(file.stat().st_mtime for file in folder.iterdir())
