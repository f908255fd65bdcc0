"""The parameters of a notebook: what its tagged cell declares, held against what a plan gives."""

import ast
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reelbook.errors import ReelbookError

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
        ReelbookError: a name that the notebook does not declare, or a value of another type; the
            message lists the declared ones with their types.
    """
    known = read_parameters(notebook)
    listing = "It knows " + ", ".join(f"`{parameter}`" for parameter in known.values()) + "."
    for name, value in given.items():
        if name not in known:
            raise ReelbookError(f"{notebook.stem} has no parameter '{name}'. {listing}")
        if not is_of_kind(value, known[name].kind):
            hint = " (YAML reads 1e-3 as text: write 1.0e-3)" * _is_number_as_text(value)
            raise ReelbookError(
                f"{notebook.stem}: parameter '{name}' must be {ast.unparse(known[name].kind)}, "
                f"not the {type(value).__name__} {value!r}{hint}. {listing}"
            )


def _is_number_as_text(value: Any) -> bool:
    """Whether a text holds a number, as YAML leaves it of `1e-3`."""
    with suppress(TypeError, ValueError):
        float(value)
        return isinstance(value, str)
    return False
