"""`make verify`: a plan built twice in separate folders, and their results.csv held together."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from reelbook.build.plan import read_plan
from reelbook.errors import ReelbookError
from reelbook.files import compute_sha256, replace_when_whole
from reelbook.paths import format_path, get_build_dir, get_plan_dir
from reelbook.processes import end_with_parent
from reelbook.provenance import get_commit

NAMES = ("first", "second")


def verify(plan_name: str, *, jobs: int) -> dict[str, Any]:
    """Build a plan twice from nothing and compare every byte of results.csv.

    The builds lie in `build/verify/` and train everything themselves. They go when they agree; what
    an interrupted one has finished is kept for the next try. The outcome is left for the page on
    reproducibility, in `build/<plan>/verification.json`.

    Returns:
        The outcome: commit, sha256, seconds and equal.

    Raises:
        ReelbookError: an unknown plan, a build that fails, or two builds that differ.
    """
    plan = read_plan(plan_name)
    folder = get_build_dir() / "verify"
    results, seconds = [], []
    for name in NAMES:
        print(f"[{plan.name}] verify: {name} build, in {format_path(folder / name)}", flush=True)
        start = time.monotonic()
        _build(plan.name, folder / name, jobs)
        seconds.append(round(time.monotonic() - start))
        results.append(folder / name / plan.name / "results.csv")
    sums = [compute_sha256(path) for path in results]
    equal = sums[0] == sums[1]
    outcome = {"commit": get_commit(), "sha256": sums, "seconds": seconds, "equal": equal}
    with replace_when_whole(get_plan_dir(plan.name) / "verification.json") as part:
        part.write_text(json.dumps(outcome, indent=2) + "\n")
    if not equal:
        raise ReelbookError(f"Two builds of one commit differ. {describe_difference(*results)}")
    shutil.rmtree(folder)
    return outcome


def describe_difference(first: Path, second: Path) -> str:
    """Where two results.csv part: how many lines do, and the first of them."""
    lines = [path.read_text().splitlines() for path in (first, second)]
    pairs = list(zip(*lines, strict=False))
    differing = [number for number, (one, other) in enumerate(pairs, 1) if one != other]
    if not differing:
        return f"One has {len(lines[0])} lines and the other {len(lines[1])}."
    number = differing[0]
    one, other = pairs[number - 1]
    return (
        f"{len(differing)} of {len(pairs)} lines do, the first is line {number}:\n"
        f"  {one}\n  {other}\nCompare {format_path(first)} and {format_path(second)}."
    )


def _build(plan_name: str, folder: Path, jobs: int) -> None:
    """A build of its own in a folder of its own; its errors are already on the screen."""
    command = [sys.executable, "-m", "reelbook", "build", "--plan", plan_name, "--jobs", str(jobs)]
    environment = os.environ | {"REELBOOK_BUILD": str(folder)}
    done = subprocess.run(command, env=environment, preexec_fn=end_with_parent)
    if done.returncode:
        raise ReelbookError(f"The build in {format_path(folder)} failed, see above.")
