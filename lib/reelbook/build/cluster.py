"""A cluster that a build sends its jobs to: its profile, and its queue.

A profile is a folder of `profiles/` with a `config.yaml` of Snakemake's own options. Its executor
says which queue the jobs go to: `slurm`, or `cluster-generic`, which here stands for Kubernetes.
"""

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from reelbook.errors import ReelbookError
from reelbook.files import hash_text, read_yaml
from reelbook.paths import PROFILES, format_path, get_build_dir

# By executor: how to list a person's jobs as lines of an id and, for Slurm, a name, and to cancel.
QUEUES = {
    "slurm": (["squeue", "--me", "--noheader", "--format", "%A %j"], ["scancel"]),
    "cluster-generic": (
        ["kubectl", "get", "jobs", "--output", "name", "--selector", "reelbook={label}"],
        ["kubectl", "delete", "--wait=false"],
    ),
}
PATIENCE = 60.0  # seconds for cancelled jobs to leave the queue: a training ends after its step


@dataclass(frozen=True)
class Cluster:
    """A profile by its folder, and the executor that it names."""

    folder: Path
    executor: str

    @property
    def label(self) -> str:
        """What marks the jobs of this build folder, whichever build of it sent them."""
        return f"reelbook-{hash_text(str(get_build_dir()))[:12]}"

    @property
    def environment(self) -> dict[str, str]:
        """What jobs, and the profile's own commands, need to know."""
        return {
            "REELBOOK_PROFILE": str(self.folder),
            "REELBOOK_LABEL": self.label,
            "REELBOOK_PYTHON": sys.executable,
            "REELBOOK_BUILD": str(get_build_dir()),
            "REELBOOK_JOBS": "1",  # a job has one core
        }

    def list_options(self, jobs: int | None) -> list[str]:
        """Snakemake's options: the profile, and how many jobs may be in the queue at once."""
        options = ["--profile", str(self.folder), *(["--jobs", str(jobs)] if jobs else [])]
        return options + ["--slurm-jobname-prefix", self.label] * (self.executor == "slurm")


def read_cluster(name: str) -> Cluster:
    """The profile of that name.

    Raises:
        ReelbookError: there is none, its executor is unknown, or the programs of its queue are not
            installed here.
    """
    known = sorted(file.parent.name for file in PROFILES.glob("*/config.yaml"))
    if name not in known:
        raise ReelbookError(f"There is no profile '{name}'. The profiles are {', '.join(known)}.")
    file = PROFILES / name / "config.yaml"
    content = read_yaml(file)
    executor = content.get("executor") if isinstance(content, dict) else None
    if executor not in QUEUES:
        raise ReelbookError(f"{format_path(file)}: executor must be {' or '.join(QUEUES)}.")
    for command in QUEUES[executor]:
        if shutil.which(command[0]) is None:
            raise ReelbookError(f"Profile {name} needs {command[0]}, which is not installed here.")
    return Cluster(file.parent, executor)


def empty_queue(cluster: Cluster) -> None:
    """Cancel what builds of this folder have in the queue, and wait until it is gone.

    Raises:
        ReelbookError: the cluster does not answer, or a job does not end.
    """
    listing, cancelling = QUEUES[cluster.executor]
    end = time.monotonic() + PATIENCE
    cancelled: set[str] = set()
    while found := set(_list_queued(listing, cluster.label)):
        if time.monotonic() > end:
            told = ", ".join(sorted(found))
            raise ReelbookError(f"These jobs were cancelled, but are still in the queue: {told}.")
        if found - cancelled:
            _ask([*cancelling, *sorted(found)])
        cancelled |= found
        time.sleep(0.5)


def _list_queued(listing: list[str], label: str) -> list[str]:
    """The ids of the jobs with a label that wait or run."""
    lines = _ask([part.format(label=label) for part in listing]).splitlines()
    rows = [line.strip().partition(" ") for line in lines if line.strip()]
    return [job for job, _, name in rows if not name or name.strip().startswith(label)]


def _ask(command: list[str]) -> str:
    """What a command of the cluster answers."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        told = done.stderr.strip() if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        told = str(error)
    if told:
        raise ReelbookError(f"The cluster does not answer: {command[0]}: {told}")
    return done.stdout
