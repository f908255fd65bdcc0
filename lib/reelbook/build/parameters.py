"""The parameters of a notebook: what its tagged cell declares, held against what a plan gives."""

import ast
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reelbook.data.names import DATASETS, find_path
from reelbook.errors import ReelbookError
from reelbook.processes import collect_rarely, set_environment

INJECTED = "# Parameters\n"  # how papermill begins the cell that it adds
HIGHEST = 2**31 - 1
# By name, in which notebook ever: the least and the highest value, or that of each in a list.
LIMITS = {
    "folds": (1, 5),
    "ablation_folds": (1, 5),
    **dict.fromkeys(["seeds", "leak_seeds", "training_seeds", "example"], (0, HIGHEST)),
    **dict.fromkeys(["epochs", "tuned_epochs", "our_epochs", "best_epochs"], (1, HIGHEST)),
    **dict.fromkeys(["batch_size", "draws", "k", "lengths", "min_ratings", "ranks"], (1, HIGHEST)),
    "map_size": (4, HIGHEST),
    "retrieval_weights": (0, HIGHEST),
}
NOT_EMPTY = {
    "folds", "ablation_folds", "seeds", "leak_seeds", "training_seeds", "trained", "listed",
}  # fmt: skip
PARTS_OF = {"ablation_folds": "folds", "listed": "trained"}
NEEDED = {"trained": {"rating", "retrieval", "joint"}}  # what a chapter compares in any case
TYPES = {"bool", "int", "float", "str", "list", "dict"}


@dataclass(frozen=True)
class Parameter:
    """One line of a notebook's cell tagged `parameters`: `name: kind = default`."""

    name: str
    kind: ast.expr
    default: Any

    def __str__(self) -> str:
        return f"{self.name}: {ast.unparse(self.kind)} = {self.default!r}"


def read_parameters(notebook: Path) -> dict[str, Parameter]:
    """The parameters that a notebook declares, by name.

    Raises:
        ReelbookError: the file is missing or no notebook, it has no or several cells tagged
            `parameters`, or a line there is not `name: type = literal`.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError) as error:
        raise ReelbookError(f"{notebook} is not a notebook that can be read: {error}") from error
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    if len(tagged) != 1:
        raise ReelbookError(
            f"{notebook.name} has {len(tagged)} cells tagged 'parameters'; it needs exactly one."
        )
    statements = ast.parse("".join(tagged[0]["source"])).body
    found = [_read_parameter(notebook, statement) for statement in statements]
    return {parameter.name: parameter for parameter in found}


def _read_parameter(notebook: Path, statement: ast.stmt) -> Parameter:
    """One annotated assignment, its literal held against its own annotation."""
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=kind, value=ast.expr() as literal):
            names = {node.id for node in ast.walk(kind) if isinstance(node, ast.Name)}
            with suppress(ValueError):
                default = ast.literal_eval(literal)
                if names <= TYPES and is_of_kind(default, kind):
                    return Parameter(name, kind, default)
    raise ReelbookError(
        f"{notebook.name}: the parameter line `{ast.unparse(statement)}` is not "
        "`name: type = literal` with a literal of that type."
    )


def is_of_kind(value: Any, kind: ast.expr) -> bool:
    """Whether a plain value is of an annotated type; a bool is no int, an int is a float."""
    match kind:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return is_of_kind(value, left) or is_of_kind(value, right)
        case ast.Subscript(value=ast.Name(id="list"), slice=item):
            return type(value) is list and all(is_of_kind(part, item) for part in value)
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[key, item])):
            return type(value) is dict and all(
                is_of_kind(name, key) and is_of_kind(part, item) for name, part in value.items()
            )
        case ast.Name(id="float"):
            return type(value) in (int, float)
        case ast.Name(id=name):
            return type(value).__name__ == name
    return isinstance(kind, ast.Constant) and kind.value is value is None


def check_parameters(notebook: Path, given: dict[str, Any]) -> None:
    """Refuse what papermill would only warn of, or not see at all.

    Raises:
        ReelbookError: a name that the notebook does not declare (the message lists those that it
            does), a value of another type, or one out of its range.
    """
    known = read_parameters(notebook)
    listing = ", ".join(f"`{parameter}`" for parameter in known.values())
    kinds = {name: parameter.kind for name, parameter in known.items()}
    defaults = {name: parameter.default for name, parameter in known.items()}
    _check_names_and_types(notebook.stem, kinds, given, listing)
    _check_ranges(notebook.stem, defaults | given)


def begin_notebook(names: dict[str, Any]) -> None:
    """Check the parameters of the running notebook, however they got there: its first own line.

    Args:
        names: `globals()` of the notebook. What it declares is among its annotations, and what
            papermill gave it in the last cell of the history that begins as papermill's do.

    Raises:
        ReelbookError: as `check_parameters`.
    """
    set_environment()
    collect_rarely()
    annotations = names.get("__annotations__", {})
    texts = {
        name: kind.__name__ if type(kind) is type else str(kind)
        for name, kind in annotations.items()
    }
    kinds = {name: ast.parse(text, mode="eval").body for name, text in texts.items()}
    injected = [cell for cell in names.get("In", []) if cell.startswith(INJECTED)][-1:]
    given = {name for cell in injected for name in _list_assigned(cell)}
    values = {name: names[name] for name in [*kinds, *sorted(given)] if name in names}
    listing = ", ".join(f"`{name}: {text}`" for name, text in texts.items())
    _check_names_and_types("This notebook", kinds, values, listing)
    _check_ranges("This notebook", values)


def _list_assigned(cell: str) -> list[str]:
    """The names that the lines of a cell set."""
    lines = [line for line in ast.parse(cell).body if isinstance(line, ast.Assign)]
    return [target.id for line in lines for target in line.targets if isinstance(target, ast.Name)]


def _check_names_and_types(
    where: str, kinds: dict[str, ast.expr], given: dict[str, Any], listing: str
) -> None:
    for name, value in given.items():
        if name not in kinds:
            raise ReelbookError(f"{where} has no parameter '{name}'. It knows {listing}.")
        if not is_of_kind(value, kinds[name]):
            raise ReelbookError(
                f"{where}: parameter '{name}' must be {ast.unparse(kinds[name])}, not the "
                f"{type(value).__name__} {value!r}{_hint(value)}. It knows {listing}."
            )


def _hint(value: Any) -> str:
    """What may have been meant by a text that stands where no text may."""
    if isinstance(value, str) and value.startswith(("[", "{")):
        return " (papermill's -p gives a text: use -y 'NAME: [...]')"
    if isinstance(value, str) and re.fullmatch(r"\d+e[+-]?\d+", value):
        return " (YAML reads 1e-3 as text: write 1.0e-3)"
    return ""


def _check_ranges(where: str, values: dict[str, Any]) -> None:
    """Refuse values of the right type with which a chapter would fail, perhaps after an hour."""
    try:
        find_path(values.get("dataset", DATASETS[0]))
    except ReelbookError as error:
        raise ReelbookError(f"{where}: {error}") from None
    for name, (low, high) in LIMITS.items():
        value = values.get(name)
        found = value if isinstance(value, list) else [value]
        for item in found:
            if item is not None and not low <= item <= high:
                limits = f"{low} or more" if high == HIGHEST else f"from {low} to {high}"
                raise ReelbookError(f"{where}: parameter '{name}' must be {limits}, not {item}.")
    for name in NOT_EMPTY & values.keys():
        if not values[name] or len(set(values[name])) < len(values[name]):
            told = "must hold at least one value and no duplicates"
            raise ReelbookError(f"{where}: parameter '{name}' {told}, not {values[name]}.")
    for name, needed in NEEDED.items():
        if missing := needed - set(values.get(name, needed)):
            told = f"'{name}' lacks {', '.join(sorted(missing))}"
            raise ReelbookError(f"{where}: parameter {told}, which the chapter compares.")
    for name, whole in PARTS_OF.items():
        if others := [item for item in values.get(name, []) if item not in values[whole]]:
            told = f"'{name}' may hold only what '{whole}' holds, {values[whole]}, not {others}"
            raise ReelbookError(f"{where}: parameter {told}.")
