"""The report of ml-100k, cold and again with nothing changed, its memory, and a quick look.

    python tests/benchmarks/bench_book.py

The CPU seconds of its trainings are compared with those of an earlier commit, BEFORE, run for run.
That report is built from a clone of this repository in `build/bench`, once: half an hour with its
environment, and kept there, so remove the folder to measure it anew. The exit code is 1 if a bar is
missed. Nothing else should run beside it. The data are prepared beforehand: a download says nothing
about a build.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BEFORE = "de8faac"
BARS = {
    "training, share of what it took before": 0.5,
    "cold, s": 900,
    "unchanged, s": 20,
    "quick look, s": 180,
    "largest process, MB": 1200,
}
RENAMED = {"ablation": "official", "source-ablation": "source"}  # protocols since then
ROOT = Path(__file__).parents[2]


def main() -> int:
    """Build the report before and now, and print what it took beside the bars."""
    before = build_before()
    with tempfile.TemporaryDirectory() as build:
        folder = Path(build)
        run(folder, "data", "ml-100k")
        measured = {
            "cold, s": run(folder, "build"),
            "unchanged, s": run(folder, "build"),
        }
        now = read_runs(folder)
        notebooks = [
            json.loads(file.read_text()) for file in folder.glob("ml-100k/executed/*.meta.json")
        ]
        shutil.rmtree(folder / "runs")
        measured["quick look, s"] = run(folder, "build", "--plan", "quick")
    measured["training, share of what it took before"] = compare_trainings(before, now)
    measured["largest process, MB"] = max(one["peak_memory_mb"] for one in [*now, *notebooks])
    for name, bar in BARS.items():
        value = measured[name]
        print(f"make book, {name}: {value:,.2f} (bar {bar}, ratio {value / bar:.2f})")
    return int(any(measured[name] > bar for name, bar in BARS.items()))


def build_before() -> list[dict[str, Any]]:
    """The runs of the earlier commit's report, built where there is none yet."""
    clone = ROOT / "build" / "bench" / BEFORE
    if not (clone / "build" / "ml-100k" / "html" / "index.html").is_file():
        shutil.rmtree(clone, ignore_errors=True)
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        subprocess.run(["git", "checkout", "--quiet", BEFORE], check=True, cwd=clone)
        trainer = clone / "lib" / "reelbook" / "runs.py"  # which recorded no CPU seconds
        code = trainer.read_text(encoding="utf-8")
        trainer.write_text(code.replace("time.perf_counter()", "time.process_time()"))
        # Its own environment: what this process was started with leads to our library.
        own = ("REELBOOK", "PYTHONPATH")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        for target in ("data", "book"):
            subprocess.run(["make", target], check=True, cwd=clone, env=clean)
    return read_runs(clone / "build")


def run(build: Path, *arguments: str) -> float:
    """Seconds of a command of reelbook in a build folder of its own; it tells its own progress."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "reelbook", *arguments]
    subprocess.run(command, check=True, env=os.environ | {"REELBOOK_BUILD": str(build)})
    return time.perf_counter() - start


def read_runs(build: Path) -> list[dict[str, Any]]:
    """The records of all finished runs."""
    return [json.loads(file.read_text()) for file in build.glob("runs/*/run.json")]


def compare_trainings(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> float:
    """Print seconds by family of the runs that both have, and give the ratio of their sums.

    A run then has its like now: the same model on the same part of the data with the same seed. Of
    several it is the one with the most parameters in common.
    """
    asked: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for one in now:
        asked.setdefault(_identify(one), []).append(one)
    families: dict[str, list[float]] = {}
    alone = []
    for one in before:
        alike = asked.get(_identify(one), [])
        if not alike:
            alone.append(one["model"])
            continue
        found = max(alike, key=lambda other: _count_equal(one["params"], other["params"]))
        alike.remove(found)
        sums = families.setdefault(one["model"].split(".")[0], [0, 0.0, 0.0])
        sums[:] = [sums[0] + 1, sums[1] + one["seconds"], sums[2] + found["cpu_seconds"]]
    print(f"CPU seconds of training by family, {BEFORE} and now")
    for family, (count, then, seconds) in sorted(families.items(), key=lambda item: -item[1][1]):
        print(f"  {family:14} {count:4} runs {then:8.0f} {seconds:8.0f}   {seconds / then:.2f}")
    if alone:
        print(f"  Not trained any more: {', '.join(sorted(alone))}")
    then, seconds = (sum(sums[place] for sums in families.values()) for place in (1, 2))
    print(f"  {'all':14} {len(before) - len(alone):4} runs {then:8.0f} {seconds:8.0f}")
    return seconds / then


def _identify(run: dict[str, Any]) -> tuple[Any, ...]:
    """Model, part of the data and seed of a run."""
    split = run["split"]
    protocol = RENAMED.get(split["protocol"], split["protocol"])
    return run["model"], protocol, split["fold"], split["seed"], run["seed"]


def _count_equal(one: dict[str, Any], other: dict[str, Any]) -> int:
    """How many parameters have the same value."""
    return sum(other.get(name) == value for name, value in one.items())


if __name__ == "__main__":
    sys.exit(main())
