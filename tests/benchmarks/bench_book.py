"""The report of ml-100k, cold and again with nothing changed, and the memory it takes.

    python tests/benchmarks/bench_book.py

The bars: 900 s cold on two cores, 20 s unchanged, 1,500 MB for the largest process. The exit code
is 1 if one is missed. The data are prepared beforehand: a download says nothing about the build.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARS = {"cold, s": 900, "unchanged, s": 20, "peak memory, MB": 1500}


def run(build: str, *arguments: str) -> float:
    """Seconds of a command of reelbook in a build folder of its own; it tells its own progress."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "reelbook", *arguments]
    subprocess.run(command, check=True, env=os.environ | {"REELBOOK_BUILD": build})
    return time.perf_counter() - start


def main() -> int:
    """Build twice, print what it took beside the bar."""
    with tempfile.TemporaryDirectory() as build:
        run(build, "data", "ml-100k")
        measured = {"cold, s": run(build, "build"), "unchanged, s": run(build, "build")}
        folder = Path(build)
        records = [*folder.glob("ml-100k/executed/*.meta.json"), *folder.glob("runs/*/run.json")]
        peaks = [json.loads(file.read_text())["peak_memory_mb"] for file in records]
        measured["peak memory, MB"] = max(peaks)
    for name, value in measured.items():
        print(f"make book, {name}: {value:.0f} (bar {BARS[name]}, ratio {value / BARS[name]:.2f})")
    return int(any(value > BARS[name] for name, value in measured.items()))


if __name__ == "__main__":
    sys.exit(main())
