"""The parameters of a notebook: what its tagged cell declares, held against what a plan gives."""

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from reelbook.errors import ReelbookError

TYPES = {"bool": bool, "int": int, "float": float, "str": str, "list": list, "dict": dict}


@dataclass(frozen=True)
class Parameter:
    """One line of a notebook's cell tagged `parameters`: `name: kind = default`."""

    name: str
    kind: Any
    annotation: str
    default: Any

    def __str__(self) -> str:
        return f"{self.name}: {self.annotation} = {self.default!r}"


def read_parameters(notebook: Path) -> dict[str, Parameter]:
    """The parameters that a notebook declares, by name.

    Raises:
        ReelbookError: the file is missing or no notebook, it has no or several cells tagged
            `parameters`, or a line there is not `name: type = literal`.
    """
    try:
        cells = json.loads(notebook.read_text())["cells"]
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
        case ast.AnnAssign(
            target=ast.Name(id=name), annotation=annotation, value=ast.expr() as literal
        ):
            try:
                kind = eval(ast.unparse(annotation), {"__builtins__": {}}, TYPES)
                default = ast.literal_eval(literal)
                if is_of_kind(default, kind):
                    return Parameter(name, kind, ast.unparse(annotation), default)
            except (NameError, TypeError, ValueError):
                pass  # the error below says it
    raise ReelbookError(
        f"{notebook.name}: the parameter line `{ast.unparse(statement)}` is not "
        "`name: type = literal` with a literal of that type."
    )


def is_of_kind(value: Any, kind: Any) -> bool:
    """Whether a plain value is of an annotated type; a bool is no int, an int is a float."""
    if isinstance(kind, UnionType):
        return any(is_of_kind(value, part) for part in get_args(kind))
    if kind is None or kind is NoneType:
        return value is None
    if get_origin(kind) is list:
        (item,) = get_args(kind)
        return type(value) is list and all(is_of_kind(part, item) for part in value)
    if get_origin(kind) is dict:
        key, item = get_args(kind)
        return type(value) is dict and all(
            is_of_kind(name, key) and is_of_kind(part, item) for name, part in value.items()
        )
    return type(value) is kind or (kind is float and type(value) is int)


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
            hint = " (YAML reads 1e-3 as text: write 1.0e-3)" if _is_number_as_text(value) else ""
            raise ReelbookError(
                f"{notebook.stem}: parameter '{name}' must be {known[name].annotation}, "
                f"not the {type(value).__name__} {value!r}{hint}. {listing}"
            )


def _is_number_as_text(value: Any) -> bool:
    """Whether a text holds a number, as YAML leaves it of `1e-3`."""
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return isinstance(value, str)
