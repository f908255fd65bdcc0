"""A plan: the notebooks to run, on which data set and with which parameters."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reelbook.build.parameters import check_parameters, read_parameters
from reelbook.errors import ReelbookError
from reelbook.files import read_yaml
from reelbook.paths import NOTEBOOKS, PLANS, format_path

RESERVED = {
    "data",
    "runs",
    "verify",
    "export",
    "logs",
    "slots",
    "notebooks",
}  # folders beside those of plans


@dataclass(frozen=True)
class Plan:
    """A data set and the notebooks to run on it, in the order of the book, with parameters."""

    name: str
    dataset: str
    notebooks: dict[str, dict[str, Any]]

    @property
    def chapters(self) -> list[str]:
        """Notebooks that explore or train; results.csv is made of their runs."""
        return [name for name in self.notebooks if not self.is_results(name)]

    def is_results(self, notebook: str) -> bool:
        """Whether a notebook, 90 and up, shows what came of the chapters."""
        return notebook.startswith("9")

    def list_earlier(self, notebook: str) -> list[str]:
        """What a notebook waits for: one of the results for all before it, a chapter for none."""
        names = list(self.notebooks)
        return names[: names.index(notebook)] if self.is_results(notebook) else []


def read_plan(name: str) -> Plan:
    """The plan `notebooks/plans/<name>.yml`, checked against the notebooks that it names.

    `dataset` and `plan` are given to every notebook that declares them.

    Raises:
        ReelbookError: an unknown plan, key or notebook, or parameters that do not fit.
    """
    file = PLANS / f"{name}.yml"
    known = sorted(path.stem for path in PLANS.glob("*.yml"))
    if name in RESERVED:
        raise ReelbookError(f"A plan cannot be named '{name}': build/{name}/ holds other files.")
    if name not in known:
        raise ReelbookError(f"There is no plan '{name}'. The plans are {', '.join(known)}.")
    content = read_yaml(file)
    where = format_path(file)
    if not isinstance(content, dict) or set(content) != {"dataset", "notebooks"}:
        keys = ", ".join(map(str, content)) if isinstance(content, dict) else "none"
        told = f"must have the keys dataset and notebooks, and no other; it has {keys}."
        raise ReelbookError(f"{where} {told}")
    if not isinstance(content["dataset"], str) or not isinstance(content["notebooks"], dict):
        raise ReelbookError(f"{where}: dataset must be a name, and notebooks names with parameters")
    common = {"dataset": content["dataset"], "plan": name}
    notebooks = {}
    for notebook, parameters in content["notebooks"].items():
        path = find_notebook(notebook)
        if not isinstance(parameters or {}, dict):
            raise ReelbookError(f"{where}: {notebook} must have parameters by name.")
        declared = read_parameters(path)
        fitting = {key: value for key, value in common.items() if key in declared}
        notebooks[notebook] = fitting | (parameters or {})
        check_parameters(path, notebooks[notebook])
    return Plan(name, content["dataset"], dict(sorted(notebooks.items())))


def find_notebook(name: str) -> Path:
    """The file of a notebook; ReelbookError with the known names if there is none."""
    known = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    if name not in known:
        raise ReelbookError(f"There is no notebook '{name}'. The notebooks are {', '.join(known)}.")
    return NOTEBOOKS / f"{name}.ipynb"
