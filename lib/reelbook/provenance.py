"""What led to a number: the code that computes it, the versions under it, the commit."""

import ast
import functools
import hashlib
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from reelbook.paths import ROOT

NUMERIC_PACKAGES = [
    "numpy", "pandas", "scipy", "scikit-learn", "tensorflow", "tf-keras", "tensorflow-recommenders",
    "scikit-surprise", "implicit", "myfm", "gensim",
]  # fmt: skip
REGISTRY = "reelbook.models.registry"  # finds models by name, and computes nothing


@functools.cache
def get_versions() -> dict[str, str]:
    """Python and the packages that compute, with their versions."""
    packages = {name: version(name) for name in NUMERIC_PACKAGES}
    return {"python": platform.python_version(), **packages}


@functools.cache
def get_commit() -> str:
    """The commit of the checkout, with `-dirty` for uncommitted changes; `unknown` outside git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


@functools.cache
def hash_code(*modules: str) -> str:
    """SHA-256 over these modules and all of reelbook that they import, however deep.

    Comments, docstrings and layout do not count, nor does what a family of models says of itself:
    only what computes can change a number.
    """
    trees: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        source = _find_source(module)
        if module in (*trees, REGISTRY) or source is None:
            continue
        tree = ast.parse(source.read_text())
        waiting += _list_imported_names(tree)
        trees[module] = ast.dump(_drop_labels(_drop_docstrings(tree)))
    return hashlib.sha256("\n".join(f"{m}: {trees[m]}" for m in sorted(trees)).encode()).hexdigest()


def _find_source(module: str) -> Path | None:
    """The file of a module of reelbook; None for any other name, and for a package.

    The `__init__` of a package hands out names and computes nothing: a new one changes no number.
    """
    package, *parts = module.split(".")
    file = Path(__file__).parent.joinpath(*parts).with_suffix(".py")
    return file if package == "reelbook" and parts and file.is_file() else None


def _list_imported_names(tree: ast.Module) -> list[str]:
    """Every dotted name that could be an imported module, also of imports inside functions."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


def _drop_labels(tree: ast.Module) -> ast.Module:
    """The tree without `FAMILY`; the parameters in it are in a run's id by themselves."""
    tree.body = [node for node in tree.body if not ast.unparse(node).startswith("FAMILY = ")]
    return tree


def _drop_docstrings(tree: ast.Module) -> ast.Module:
    """The tree without the texts that only explain."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = node.body[ast.get_docstring(node) is not None :]
    return tree
