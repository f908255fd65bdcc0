"""What the rooms of the library hand out, and how little it takes to enter them.

That imports go only downwards through the rooms is held by `.importlinter`, in `make lint`.
"""

import ast
import importlib
import subprocess
import sys

import pytest

from reelbook.paths import ROOT

LIBRARY = ROOT / "lib" / "reelbook"
PACKAGES = sorted(file.parent for file in LIBRARY.glob("*/**/__init__.py"))
LIGHT = [
    "__main__",
    "build.notebook",
    "build.parameters",
    "build.plan",
    "build.results",
    "build.run",
]


def name(package):
    return ".".join(package.relative_to(LIBRARY.parent).parts)


@pytest.mark.parametrize("package", PACKAGES, ids=name)
def test_a_package_computes_nothing_and_has_every_name_that_it_hands_out(package):
    # The id of a run does not follow them, see reelbook.provenance.
    body = ast.parse((package / "__init__.py").read_text()).body
    assert isinstance(body[0], ast.Expr)  # its docstring
    assert all("lazy" in ast.unparse(statement) for statement in body[1:])
    room = importlib.import_module(name(package))
    for handed_out in getattr(room, "__all__", []):
        getattr(room, handed_out)


@pytest.mark.parametrize(
    ("modules", "heavy"),
    [
        (LIGHT, {"numpy", "pandas", "tensorflow"}),
        ([name(package).removeprefix("reelbook.") for package in PACKAGES], {"numpy", "pandas"}),
        (["data.store", "splits.protocols", "metrics.catalogue", "runs.store"], {"tensorflow"}),
        (["models.topn", "models.content", "recommend.page"], {"tensorflow"}),
    ],
)
def test_what_is_light_does_not_import_what_takes_seconds(modules, heavy):
    lines = [f"import reelbook.{module}" for module in modules]
    code = "\n".join(["import sys", *lines, f"print(*sorted({heavy} & set(sys.modules)))"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("family", ["mf", "bst.family", "two_tower.family", "dcn", "autoencoder"])
def test_every_family_that_uses_tensorflow_gets_one_thread_and_determinism(family):
    loop = "reelbook.models.fitting.loop"
    code = f"import reelbook.models.{family}, sys; print({loop!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"]
