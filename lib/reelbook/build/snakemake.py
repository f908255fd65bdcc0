"""Snakemake as a build runs it: silent, never outliving the build, and asked what went wrong."""

import os
import re
import signal
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil

from reelbook.build.cluster import Cluster, empty_queue
from reelbook.build.plan import Plan
from reelbook.paths import ROOT, format_path, get_build_dir
from reelbook.processes import end_with_parent

# Snakemake, started in half the time: it takes pandas and NumPy for not installed, of which only a
# report of its plugin for Slurm, and parameters that are tables, would make use.
START = (
    "import sys, types; part = 'snakemake_executor_plugin_slurm.efficiency_report'; "
    "sys.modules[part] = types.SimpleNamespace(create_efficiency_report=None); "
    "sys.modules['pandas'] = sys.modules['numpy'] = None; "
    "from snakemake.cli import main; main()"
)
KEPT = "What was finished is kept: the next build goes on from there."


def make_command(plan: Plan, jobs: int | None, cluster: Cluster | None) -> list[str]:
    """Snakemake's command line."""
    start = ["-m", "snakemake"] if cluster else ["-c", START]
    return [
        sys.executable, *start, "--snakefile", str(ROOT / "Snakefile"),
        "--directory", str(get_build_dir()),
        *(cluster.list_options(jobs) if cluster else ["--cores", str(jobs)]),
        "--config", f"plan={plan.file}", f"data={plan.data_name if plan.is_own else ''}",
        "--rerun-incomplete", "--keep-going", "--nolock", "--scheduler", "greedy",
    ]  # fmt: skip


def run_snakemake(
    command: list[str], environment: dict[str, str], lock: int, log: Path, cluster: Cluster | None
) -> int:
    """Run the Snakefile in the build folder; its exit code.

    Snakemake itself stays silent: the steps say what they do, and leave where REELBOOK_ERRORS says
    what went wrong. What it has to say of a cluster goes to a log. It inherits our lock and needs
    no other.
    """
    with ExitStack() as stack:
        told = stack.enter_context(log.open("w", encoding="utf-8")) if cluster else None
        process = stack.enter_context(
            subprocess.Popen(
                [*command, *([] if cluster else ["--quiet", "all"])],
                env=os.environ | environment,
                stdout=told,
                stderr=told,
                pass_fds=[lock],
                preexec_fn=follow_build,
            )
        )
        try:
            return process.wait()
        except KeyboardInterrupt:
            _stop(process, cluster)
            if cluster:
                empty_queue(cluster)
            raise


def follow_build() -> None:
    """In Snakemake: end with the build, and leave Ctrl-C to it. The steps inherit the latter."""
    end_with_parent(signal.SIGKILL)  # of a politer signal it would wait for its steps
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stop(process: subprocess.Popen[bytes], cluster: Cluster | None) -> None:
    """Tell Snakemake to start nothing more, and each step to end; once is enough.

    With a cluster Snakemake ends at once: left to itself, it waits for its next look at the queue.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    told = set()
    while process.poll() is None:
        with suppress(psutil.NoSuchProcess):
            snakemake = psutil.Process(process.pid)
            for started in [snakemake, *snakemake.children()]:
                if started not in told:
                    told.add(started)
                    started.terminate()
            if cluster:
                snakemake.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)


def describe_failure(command: list[str], errors: Path, log: Path) -> str:
    """What the failed steps said; where none did, what Snakemake says of the Snakefile.

    Args:
        command: Snakemake's.
        errors: the folder with a file of each failed step.
        log: where Snakemake told of a cluster; there is none at home.
    """
    texts = [file.read_text(encoding="utf-8").strip() for file in sorted(errors.iterdir())]
    said = [text for text in texts if text]
    if texts and not said:
        return f"A step failed, see above. {format_path(get_build_dir())} has no room left?"
    if log.exists():
        said += list_refusals(log.read_text(encoding="utf-8"))
        return "\n".join([*said, f"Snakemake's log: {format_path(log)}", KEPT])
    if not said:
        dry = [*command, "--dry-run", "--quiet", "host", "rules", "reason"]
        done = subprocess.run(dry, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        told = shorten_traceback(done.stdout.strip())
        return f"{f'Snakemake failed: {told}' if done.returncode else 'A step was killed.'}\n{KEPT}"
    return "\n".join([*said, KEPT])


def list_refusals(text: str) -> list[str]:
    """Why a cluster refused jobs, by Snakemake's log: each reason once."""
    reasons = re.findall(r"The error message was '(.+?)'", text, re.DOTALL)
    reasons += re.findall(r"^error: The cluster refused a job: (.+)", text, re.MULTILINE)
    words = dict.fromkeys(" ".join(reason.split()) for reason in reasons)
    return [f"The cluster refused a job: {reason}" for reason in words]


def shorten_traceback(text: str) -> str:
    """A text whose traceback, if it holds one, is cut to the error at its end."""
    return text.splitlines()[-1] if "Traceback (most recent call last)" in text else text
