"""The matrix of a batch: one notebook with every combination of the values that a plan lists."""

import hashlib
import itertools
import re
from typing import Any

from reelbook.data.names import find_path, name_dataset
from reelbook.errors import ReelbookError

LONGEST = 100  # characters of a name: log, record and notebook add to it


def read_matrix(content: dict[str, Any], where: str) -> tuple[str, list[str], list[dict[str, Any]]]:
    """What a plan of a batch holds: its notebook, the varied parameters, and those of each cell.

    Args:
        content: of the plan: notebook, matrix, and perhaps parameters, the same in all cells.
        where: what errors call it.

    Raises:
        ReelbookError: another key, a parameter without values, or a value that stands twice.
    """
    notebook, matrix = content.get("notebook"), content["matrix"]
    shared = content.get("parameters") or {}
    if not content.keys() <= {"notebook", "matrix", "parameters"} or not isinstance(notebook, str):
        told = "has the keys notebook (a name), matrix and parameters, and no other"
        raise ReelbookError(f"{where}: a batch {told}; this one has {', '.join(map(str, content))}")
    if not isinstance(matrix, dict) or not matrix or not isinstance(shared, dict):
        raise ReelbookError(f"{where}: matrix must hold lists of values by parameter")
    for name, values in matrix.items():
        if not isinstance(values, list) or not values:
            told = f"must be a list of values with at least one, not {values!r}"
            raise ReelbookError(f"{where}: '{name}' in the matrix {told}")
        if twice := [value for place, value in enumerate(values) if value in values[:place]]:
            raise ReelbookError(f"{where}: '{name}' in the matrix holds {twice[0]!r} twice")
        if name in shared:
            raise ReelbookError(f"{where}: '{name}' stands in the matrix and in the parameters")
    cells = [
        shared | dict(zip(matrix, values, strict=True))
        for values in itertools.product(*matrix.values())
    ]
    return notebook, [name for name, values in matrix.items() if len(values) > 1], cells


def name_cell(notebook: str, values: dict[str, Any]) -> str:
    """The name of a cell, such as `02_matrix_factorization-dataset=ml-100k-seeds=0-epochs=5`."""
    parts = [
        f"{name}={name_dataset(value) if name == 'dataset' else format_value(value)}"
        for name, value in values.items()
    ]
    text = "-".join([notebook, *parts])
    slug = re.sub(r"[^\w.,=-]+", "-", text, flags=re.ASCII)
    if slug == text and len(text) <= LONGEST:
        return text
    return f"{slug[:LONGEST]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def format_value(value: Any) -> str:
    """A parameter's value in a name, a table or a file: a list as its items."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def resolve_dataset(dataset: str) -> str:
    """A data set as a notebook in another folder finds it: a name, or a whole path."""
    return str(find_path(dataset) or dataset)
