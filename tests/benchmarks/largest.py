"""The largest data: do the models for all sizes train on 32 million ratings in time and memory?

    python tests/benchmarks/largest.py [FOLDER]

Made-up ratings of ml-32m's size (written into FOLDER by `made_up.py` if they are not there) are
read, chapter 01 runs on them, and the models of MODELS are trained, with their tuning, on one fold
or split and with one seed, two at a time. It prints the seconds and the peak memory of each; the
exit code is 1 where all of it takes more than 90 minutes or a process more than 16 GB. It takes
about an hour and 20 GB, so `make bench` leaves it out.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import made_up
import pandas as pd

from reelbook import data
from reelbook.paths import get_build_dir
from reelbook.processes import set_environment
from reelbook.report.studies.study import Study, declare
from reelbook.splits.protocols import make_split

MINUTES, GIGABYTES = 90, 16
# The longest first.
MODELS = {
    "mf.implicit": "official",
    "two_tower.best": "stratified",
    "mf.biased": "official",
    "topn.ials": "stratified",
    "baseline.biases": "official",
    "topn.popularity": "stratified",
}


def main(folder: Path) -> int:
    """Print a row a step, and whether the bars hold."""
    os.environ.setdefault("REELBOOK_BUILD", str(folder / "build"))
    os.environ.setdefault("REELBOOK_JOBS", "2")
    set_environment()
    ratings = folder / "ml-32m"
    if not ratings.exists():
        made_up.write_files("ml-32m", ratings)
    start = time.monotonic()
    dataset = data.load(str(ratings))
    steps = [("reading", time.monotonic() - start, None)]
    splits = {"official": make_split(dataset, "official", fold=1)}
    splits["stratified"] = make_split(dataset, "stratified", seed=0)
    steps.append(("splits", time.monotonic() - start - steps[0][1], None))
    print(pd.DataFrame(steps).to_string(header=False, index=False), flush=True)
    requests = [
        request
        for model, protocol in MODELS.items()
        for request in declare(model, splits[protocol], seeds=[0])
    ]
    runs = Study(dataset, requests).run()
    steps += [(r.record.model, r.record.seconds, r.record.peak_memory_mb / 1000) for r in runs]
    del dataset, splits, requests, runs
    explored = explore(ratings)
    steps.append(("chapter 01", explored["seconds"], explored["peak_memory_mb"] / 1000))
    minutes = (time.monotonic() - start) / 60
    table = pd.DataFrame(steps, columns=["step", "seconds", "GB"])
    print(table.to_string(index=False, float_format="{:.1f}".format))
    print(f"in all {minutes:.0f} minutes")
    return int(minutes > MINUTES or table["GB"].max() > GIGABYTES)


def explore(ratings: Path) -> dict[str, float]:
    """Run chapter 01 as a build does, in a kernel of its own; its seconds and peak memory."""
    output = get_build_dir() / "01_exploration.ipynb"
    command = f"{sys.executable} -m reelbook notebook 01_exploration --output {output}"
    if os.system(f"{command} -p dataset {ratings}"):
        raise SystemExit("chapter 01 failed")
    found: dict[str, float] = json.loads(output.with_suffix(".meta.json").read_text())
    return found


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory() as made:
        sys.exit(main(Path(made)))
