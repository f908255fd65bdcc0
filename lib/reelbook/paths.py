"""Every location of the project, whatever the working directory."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
PLANS = NOTEBOOKS / "plans"
BOOK = ROOT / "book"
PROFILES = ROOT / "profiles"


def get_build_dir() -> Path:
    """Folder of everything generated: `build/`, or the folder that REELBOOK_BUILD names."""
    return Path(os.environ.get("REELBOOK_BUILD") or ROOT / "build").resolve()


def get_data_dir(dataset: str) -> Path:
    """Folder of the canonical tables of a data set."""
    return get_build_dir() / "data" / dataset


def get_runs_dir() -> Path:
    """Folder with one folder a training run, shared by all plans."""
    return get_build_dir() / "runs"


def get_plan_dir(plan: str) -> Path:
    """Folder of what a plan makes: executed notebooks, results.csv and the pages."""
    return get_build_dir() / plan


def name_command(plan: str) -> str:
    """The command that builds a report; one on a person's own ratings goes by their name."""
    return f"make book {'PLAN' if (PLANS / f'{plan}.yml').is_file() else 'DATA'}={plan}"


def format_path(path: Path) -> str:
    """A path as a person in the project's folder would type it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
