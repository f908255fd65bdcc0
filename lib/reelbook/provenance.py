"""What led to a number: the code that computes it, the versions under it, the commit."""

import ast
import functools
import hashlib
import os
import platform
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from reelbook.paths import ROOT

# By the name under which code imports them, the packages that compute.
NUMERIC_PACKAGES = {
    "numpy": "numpy", "pandas": "pandas", "scipy": "scipy", "sklearn": "scikit-learn",
    "tensorflow": "tensorflow", "tf_keras": "tf-keras",
    "tensorflow_recommenders": "tensorflow-recommenders", "surprise": "scikit-surprise",
    "implicit": "implicit", "myfm": "myfm", "gensim": "gensim",
}  # fmt: skip
# Not followed: settings count as they are resolved, wherever their defaults come from.
NOT_FOLLOWED = {"reelbook.models.registry"}
EFFECTS, WHOLE = "", "*"  # in place of a name: what a module does when it is imported; all of it


@functools.cache
def get_versions() -> dict[str, str]:
    """Python and the packages that compute, with their versions."""
    packages = {name: version(name) for name in NUMERIC_PACKAGES.values()}
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


def get_node() -> str:
    """The node of a cluster that this job runs on, or the name of this machine."""
    return os.environ.get("SLURMD_NODENAME") or os.environ.get("NODE_NAME") or platform.node()


class Code(NamedTuple):
    """What some code is: a SHA-256 of it, and the versions of the numeric packages that it uses."""

    sha256: str
    versions: dict[str, str]


class Module(NamedTuple):
    """The top level of a file: its definitions and imports by name, and all other statements."""

    definitions: dict[str, list[ast.stmt]]
    imports: dict[str, str]  # to the dotted name of a module, or of something in a module
    effects: list[ast.stmt]


@functools.cache
def trace_code(*roots: str) -> Code:
    """All code that these names reach, however deep, and nothing beside it.

    What a name reaches is every definition of reelbook that stands in its own definition, and what
    these modules do when they are imported. Comments, docstrings, annotations, layout and the words
    of errors do not count: they change no number.

    Args:
        roots: `module:name`, such as `reelbook.models.mf:fit`, or a whole `module`.
    """
    found: dict[str, str] = {}
    packages: set[str] = set()
    waiting = [("reelbook", EFFECTS)]
    waiting += [(module, name or WHOLE) for module, _, name in (r.partition(":") for r in roots)]
    while waiting:
        module, name = waiting.pop()
        content = _read_module(module)
        if f"{module}:{name}" in found or module in NOT_FOLLOWED:
            continue
        if content is None:
            packages.add(NUMERIC_PACKAGES.get(module.split(".")[0], ""))
            continue
        if name in content.imports and name not in content.definitions:
            waiting.append(_split_name(content.imports[name]))
            continue
        if name == WHOLE:
            waiting += [(module, own) for own in content.definitions]
        nodes = content.effects if name == EFFECTS else content.definitions.get(name, [])
        found[f"{module}:{name}"] = "\n".join(map(ast.dump, nodes))
        waiting.append((module, EFFECTS))
        for node in nodes:
            waiting += _list_references(module, content, node)
    text = "\n".join(f"{name} {found[name]}" for name in sorted(found))
    versions = {name: version(name) for name in sorted(packages - {""})}
    return Code(hashlib.sha256(text.encode()).hexdigest(), versions)


def hash_code(*roots: str) -> str:
    """SHA-256 of the code that these names reach; see `trace_code`."""
    return trace_code(*roots).sha256


@functools.cache
def hash_library() -> str:
    """SHA-256 of every file of reelbook: where it stays, so does each hash of `trace_code`."""
    digest = hashlib.sha256()
    base = Path(__file__).parent
    for file in sorted(base.rglob("*.py")):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(base)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


@functools.cache
def _read_module(module: str) -> Module | None:
    """A file of reelbook; None for any other name, and for a room, which only hands out names."""
    package, *parts = module.split(".")
    base = Path(__file__).parent
    file = base.joinpath(*parts).with_suffix(".py") if parts else base / "__init__.py"
    if package != "reelbook" or not file.is_file():
        return None
    tree = _Cleaner().visit(ast.parse(file.read_text(encoding="utf-8")))
    definitions: dict[str, list[ast.stmt]] = {}
    effects = []
    for node in tree.body:
        names = list(_list_defined(node))
        for name in names:
            definitions.setdefault(name, []).append(node)
        for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        # `import reelbook.x`, without a name for it, is there for what x does when it is imported.
        hands_names = isinstance(node, ast.ImportFrom) or (
            isinstance(node, ast.Import) and not node.names[0].name.startswith("reelbook.")
        )
        if not (names or for_types or hands_names):
            effects.append(node)
    imports: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imports |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return Module(definitions, imports, effects)


class _Cleaner(ast.NodeTransformer):
    """Takes out what cannot change a number."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                argument.annotation = None
        return self._drop_docstring(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._drop_docstring(node)

    def visit_Module(self, node: ast.Module) -> ast.AST:
        return self._drop_docstring(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return ast.Raise()

    def _drop_docstring(self, node: ast.FunctionDef | ast.ClassDef | ast.Module) -> ast.AST:
        node.body = node.body[ast.get_docstring(node) is not None :]
        return self.generic_visit(node)


def _list_defined(node: ast.stmt) -> Iterator[str]:
    """The names that a statement of the top level defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    for target in targets if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) else []:
        yield from (name.id for name in ast.walk(target) if isinstance(name, ast.Name))


def _list_references(module: str, content: Module, node: ast.AST) -> Iterator[tuple[str, str]]:
    """What a statement uses: pairs of a module and a name in it."""
    whole = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Import):
            yield from ((alias.name, EFFECTS) for alias in part.names if _read_module(alias.name))
        elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            target = content.imports.get(part.value.id)
            if target and _read_module(target):
                whole.add(id(part.value))
                yield target, part.attr
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and id(part) not in whole:
            if part.id in content.definitions:
                yield module, part.id
            elif part.id in content.imports:
                yield _split_name(content.imports[part.id])


def _split_name(dotted: str) -> tuple[str, str]:
    """A dotted name as a module and a name in it, or as a whole module."""
    if _read_module(dotted) or "." not in dotted:
        return dotted, WHOLE
    module, _, name = dotted.rpartition(".")
    return module, name
