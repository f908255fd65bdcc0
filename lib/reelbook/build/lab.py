"""JupyterLab at the root of the project: its start page, and saves that change nothing for git."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from reelbook.files import replace_when_whole
from reelbook.paths import NOTEBOOKS, PLANS, ROOT, format_path, get_build_dir

START = """# reelbook

Open a chapter and choose *Run → Run All Cells*. The cell tagged `parameters` says what you can
change. Training runs that exist are found again. A chapter that has to train says how far it is.

## Chapters

{chapters}

Save as you like: to git, what a run leaves in a notebook of this folder is no change.

## Reports and executed notebooks

{reports}

## Plans and batches

A plan is a data set, and chapters with their parameters: {plans}.
In a terminal (*File → New → Terminal*):

```sh
make book PLAN=quick            # a first look at every chapter, in some minutes
make book DATA=ratings.csv      # the report on ratings of your own
.venv/bin/python -m reelbook notebook 02_matrix_factorization -p epochs 5
```

All else stands in the [README](../README.md).
"""
NO_REPORT = "None yet: `make book PLAN=quick` makes a first one, in some minutes."


def open_lab(options: list[str]) -> int:
    """Write the start page and run JupyterLab on it until it is stopped; its exit code.

    Args:
        options: passed on to JupyterLab.

    """
    page = write_start_page()
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={ROOT}"]
    command += [f"--LabApp.default_url=/lab/tree/{page.relative_to(ROOT)}"]
    command += [f"--config={ROOT / 'tools' / 'jupyterlab' / 'config.py'}", *options]
    return subprocess.run(command, check=False).returncode


def write_start_page() -> Path:
    """Links to all that there is to open, as it is now."""
    page = ROOT / "build" / "START.md"
    built = get_build_dir()  # Lab shows nothing that is outside the project
    executed = sorted(built.glob("*/executed")) if built.is_relative_to(ROOT) else []
    text = START.format(
        chapters=_link(sorted(NOTEBOOKS.glob("*.ipynb"))),
        reports="\n\n".join(_describe_report(folder.parent) for folder in executed) or NO_REPORT,
        plans=", ".join(f"[{plan.stem}]({_relate(plan)})" for plan in sorted(PLANS.glob("*.yml"))),
    )
    with replace_when_whole(page) as file:
        file.write_text(text, encoding="utf-8")
    return page


def _describe_report(folder: Path) -> str:
    report = folder / "html" / "index.html"
    where = f": the report is `{format_path(report)}`, for a browser" if report.exists() else ""
    return f"**{folder.name}**{where}\n\n{_link(sorted((folder / 'executed').glob('*.ipynb')))}"


def _link(notebooks: list[Path]) -> str:
    return "\n".join(f"- [{file.stem}]({_relate(file)})" for file in notebooks)


def _relate(file: Path) -> str:
    """A file as a link from the start page."""
    return os.path.relpath(file, ROOT / "build").replace(" ", "%20")


def forget_outputs(*, os_path: str, **_: Any) -> None:
    """After a save: tell git where only outputs differ from what it knows (a hook of Jupyter).

    Git compares sizes before it asks its filter, and would list the notebook as changed.
    """
    folder, name = os.path.split(os_path)
    quiet: dict[str, Any] = {"cwd": folder, "capture_output": True, "check": False}
    filtered = subprocess.run(["git", "check-attr", "filter", name], **quiet)
    differs = subprocess.run(["git", "diff", "--quiet", "--", name], **quiet).returncode
    if b"filter: reelbook" in filtered.stdout and not differs:
        subprocess.run(["git", "add", "--", name], **quiet)
