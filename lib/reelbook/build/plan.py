"""A plan: the notebooks to run, on which data set and with which parameters."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reelbook.build.matrix import name_cell, read_matrix, resolve_dataset
from reelbook.build.parameters import check_parameters, read_parameters
from reelbook.data.names import DOCUMENTED, TAKEN, TRAITS, find_path, name_dataset
from reelbook.errors import ReelbookError
from reelbook.files import read_yaml
from reelbook.paths import NOTEBOOKS, PLANS, ROOT, format_path, get_data_dir

RESULTS = ("8", "9")  # what the names of notebooks begin with that show what came of the chapters
LAST = "91_reproducibility"


@dataclass(frozen=True)
class Plan:
    """A data set and the notebooks to run on it, in the order of the book, with parameters.

    Attributes:
        name: of the folder of the report in the build folder.
        file: of the plan, without its suffix.
        dataset: a name, or the path of a person's own ratings.
        notebooks: names to parameters.
        left_out: notebooks that need what these data do not have, and what that is.
        lacks: those of TRAITS that these data do not have; `documents` are those that the
            documents measured on.
        noun: what the items are (`Dataset.noun`).
        notebook: that every cell of a batch runs. The cells are then the `notebooks`, each with a
            data set of its own, and `dataset` is empty. Empty where the plan makes a report.
        varied: the parameters in which the cells of a batch differ.
        note: what every page of the report says at its head, in Markdown.
        processes: in which a notebook trains; None for as many as notebooks run at once. With one
            its kernel trains by itself, and no process has to load TensorFlow for it.
    """

    name: str
    file: str
    dataset: str
    notebooks: dict[str, dict[str, Any]]
    left_out: dict[str, list[str]] = field(default_factory=dict)
    lacks: list[str] = field(default_factory=list)
    noun: str = "movies"
    notebook: str = ""
    varied: list[str] = field(default_factory=list)
    note: str = ""
    processes: int | None = None

    @property
    def is_own(self) -> bool:
        """Whether the data of a report are a person's own."""
        return not self.notebook and find_path(self.dataset) is not None

    @property
    def data_name(self) -> str:
        """The name of the folder of the tables."""
        return name_dataset(self.dataset)

    @property
    def datasets(self) -> list[str]:
        """The data sets of all notebooks, each once."""
        given = [values.get("dataset", self.dataset) for values in self.notebooks.values()]
        return list(dict.fromkeys([self.dataset, *given] if self.dataset else given))

    def get_data_name(self, notebook: str) -> str:
        """The name of the folder of the tables that a notebook reads."""
        return name_dataset(self.notebooks[notebook].get("dataset", self.dataset))

    def get_source(self, notebook: str) -> str:
        """The notebook that is executed under a name: in a batch, the same for all cells."""
        return self.notebook or notebook

    @property
    def chapters(self) -> list[str]:
        """Notebooks that explore or train; results.csv is made of their runs."""
        return [name for name in self.notebooks if not self.is_results(name)]

    def is_results(self, notebook: str) -> bool:
        """Whether a notebook, 80 and up, shows what came of the chapters."""
        return notebook.startswith(RESULTS)

    @property
    def there(self) -> list[str]:
        """The notebooks of the report, and the traits that its data have."""
        return [*self.notebooks, *(t for t in [*TRAITS, "documents"] if t not in self.lacks)]

    def select_cells(self, cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The cells of a notebook that fit the data.

        Cells with a tag such as `needs-people` go where the data hold no people, and those with
        `without-people` where they do.
        """
        unwanted = {f"needs-{trait}" for trait in self.lacks} | {f"without-{t}" for t in self.there}
        return [cell for cell in cells if not unwanted & set(cell["metadata"].get("tags", []))]

    def list_earlier(self, notebook: str) -> list[str]:
        """What a notebook waits for: one of the results for all chapters, a chapter for none.

        The last page tells of the build itself, and waits for all others.
        """
        if notebook == LAST:
            return [name for name in self.notebooks if name != LAST]
        return self.chapters if self.is_results(notebook) else []


def read_plan(name: str, data: str | None = None) -> Plan:
    """The plan `notebooks/plans/<name>.yml`, checked against the notebooks that it names.

    `dataset` and `plan` are given to every notebook that declares them. A plan on a person's own
    ratings goes by the name of these, and leaves out what they do not allow.

    Args:
        name: of the file.
        data: a data set in place of that of the plan.

    Raises:
        ReelbookError: an unknown plan, key or notebook, parameters that do not fit, or no data.
    """
    file = PLANS / f"{name}.yml"
    known = sorted(path.stem for path in PLANS.glob("*.yml"))
    if name in TAKEN:
        raise ReelbookError(f"A plan cannot be named '{name}': build/{name}/ holds other files.")
    if name not in known:
        raise ReelbookError(f"There is no plan '{name}'. The plans are {', '.join(known)}.")
    content = read_yaml(file)
    where = format_path(file)
    if isinstance(content, dict) and "matrix" in content:
        if data:
            raise ReelbookError(f"{where} is a batch: name the data sets in its matrix, not apart.")
        return _read_batch(name, content, where)
    keys = set(content) if isinstance(content, dict) else set()
    if "notebooks" not in keys or not keys <= {"dataset", "note", "notebooks", "processes"}:
        has = ", ".join(map(str, content)) if keys else "none"
        told = f"must have dataset and notebooks, may have note and processes; it has {has}."
        raise ReelbookError(f"{where} {told}")
    dataset = data or content.get("dataset")
    if dataset is None:
        raise ReelbookError(f"Plan {name} is for data of your own: make book DATA=ratings.csv")
    if not isinstance(dataset, str) or not isinstance(content["notebooks"], dict):
        raise ReelbookError(f"{where}: dataset must be a name, and notebooks names with parameters")
    note = content.get("note", "")
    if not isinstance(note, str):
        raise ReelbookError(f"{where}: note must be a text, not {note!r}.")
    processes = content.get("processes")
    if processes is not None and not (type(processes) is int and processes > 0):
        raise ReelbookError(f"{where}: processes must be a number from 1, not {processes!r}.")
    path = find_path(dataset if data else _anchor(dataset))
    is_documented = dataset in DOCUMENTED
    record = {} if is_documented else _read_record(dataset)
    traits = record.get("traits", TRAITS)
    lacks = [t for t in [*TRAITS, "documents"] if not is_documented and t not in traits]
    folder = name_dataset(dataset) if data and not is_documented else name
    common = {"dataset": str(path or dataset), "plan": folder}
    notebooks = {}
    left_out = {}
    for notebook, parameters in content["notebooks"].items():
        path_of = find_notebook(notebook)
        if not isinstance(parameters or {}, dict):
            raise ReelbookError(f"{where}: {notebook} must have parameters by name.")
        declared = read_parameters(path_of)
        fitting = {key: value for key, value in common.items() if key in declared}
        given = fitting | (parameters or {})
        check_parameters(path_of, given)
        if lacking := [need for need in read_needs(path_of) if need in lacks]:
            left_out[notebook] = lacking
        else:
            notebooks[notebook] = given
    notebooks = dict(sorted(notebooks.items()))
    noun = record.get("noun", "movies")
    return Plan(
        folder, name, common["dataset"], notebooks, left_out, lacks, noun,
        note=note, processes=processes,
    )  # fmt: skip


def _read_batch(name: str, content: dict[str, Any], where: str) -> Plan:
    """The plan of a batch, each cell checked against the notebook and what its data hold."""
    notebook, varied, cells = read_matrix(content, where)
    file = find_notebook(notebook)
    if notebook.startswith(RESULTS):
        raise ReelbookError(f"{where}: {notebook} shows the results of a plan and trains nothing.")
    defaults = {key: parameter.default for key, parameter in read_parameters(file).items()}
    common: dict[str, Any] = {"dataset": defaults.get("dataset")} | (
        {"plan": name} if "plan" in defaults else {}
    )
    notebooks: dict[str, dict[str, Any]] = {}
    for cell in cells:
        given = common | cell
        if isinstance(given["dataset"], str):
            given["dataset"] = _anchor(given["dataset"])
        check_parameters(file, given)
        dataset = given["dataset"] = resolve_dataset(given["dataset"])
        record = _read_record(dataset) if dataset not in DOCUMENTED else {}
        traits = record.get("traits")
        if traits and (lacking := [need for need in read_needs(file) if need not in traits]):
            told = f"needs {', '.join(lacking)}, which {dataset} does not hold"
            raise ReelbookError(f"{where}: {notebook} {told}.")
        title = name_cell(notebook, {key: given[key] for key in content["matrix"]})
        if title in notebooks:
            raise ReelbookError(f"{where}: two cells would be named {title}.")
        notebooks[title] = given
    return Plan(name, name, "", notebooks, notebook=notebook, varied=varied)


def _anchor(dataset: str) -> str:
    """A path in a plan, which is relative to the folder of the project."""
    return str(ROOT / dataset) if (ROOT / dataset).exists() and "/" in dataset else dataset


def _read_record(dataset: str) -> dict[str, Any]:
    """What was noted of tables when they were prepared; nothing where they are not yet."""
    path = get_data_dir(name_dataset(dataset)) / "data.json"
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record


def read_needs(notebook: Path) -> list[str]:
    """What a notebook needs of the data, of `Dataset.traits`: written in its own metadata."""
    metadata = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]
    needs: list[str] = metadata.get("reelbook", {}).get("needs", [])
    return needs


def find_notebook(name: str) -> Path:
    """The file of a notebook; ReelbookError with the known names if there is none."""
    known = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    if name not in known:
        raise ReelbookError(f"There is no notebook '{name}'. The notebooks are {', '.join(known)}.")
    return NOTEBOOKS / f"{name}.ipynb"
