"""What each step of a build made, by checksum: what is lost or altered since is made anew.

A step leaves `build/<plan>/steps/<step>.json`. Snakemake sees only these records and deletes only
these: notebooks and pages stay where they are until what replaces them is whole.
"""

import json
import time
from collections.abc import Iterable
from pathlib import Path

from reelbook.files import compute_sha256, replace_when_whole
from reelbook.paths import get_build_dir, get_plan_dir


def get_step_record(plan_name: str, step: str) -> Path:
    """The file that says that a step is done, and what it made."""
    return get_plan_dir(plan_name) / "steps" / f"{step}.json"


def record_step(plan_name: str, step: str, files: Iterable[Path]) -> None:
    """Note the checksums of the files that a step made or relied on, all in the build folder."""
    build = get_build_dir()
    sums = {str(file.relative_to(build)): compute_sha256(file) for file in sorted(files)}
    path = get_step_record(plan_name, step)
    with replace_when_whole(path) as part:
        part.write_text(json.dumps(sums, indent=1) + "\n", encoding="utf-8")


def find_damage(record: Path) -> str | None:
    """What is wrong with what a step made, or with the record itself; None if all is whole."""
    own_name = record.relative_to(get_build_dir())
    try:
        altered = find_altered(get_build_dir(), json.loads(record.read_text(encoding="utf-8")))
        is_of_the_future = record.stat().st_mtime > time.time() + 2
    except (OSError, ValueError, AttributeError):
        return f"{own_name} is missing or altered"
    if is_of_the_future:  # Snakemake would take what was changed since for older
        return f"{own_name} is dated in the future"
    return f"{altered} is missing or altered" if altered else None


def find_altered(folder: Path, sums: dict[str, str]) -> str | None:
    """The first of the files in a folder that is missing or has another checksum than noted."""
    for name, sha256 in sums.items():
        if not (folder / name).is_file() or compute_sha256(folder / name) != sha256:
            return name
    return None
