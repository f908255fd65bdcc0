"""What the rooms of the library hand out, and how little it takes to enter them.

That imports go only downwards through the rooms is held by `.importlinter`, in `make lint`.
"""

import ast
import importlib
import os
import subprocess
import sys

import pytest

from reelbook.models.registry import list_families
from reelbook.paths import ROOT

LIBRARY = ROOT / "lib" / "reelbook"
PACKAGES = sorted(file.parent for file in LIBRARY.glob("*/**/__init__.py"))
LIGHT = [
    "__main__",
    "build.cluster",
    "build.kubernetes",
    "build.notebook",
    "build.parameters",
    "build.plan",
    "build.results",
    "build.run",
    "build.snakemake",
    "build.trainings",
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
        (["report.sentences.exploration"], {"tensorflow"}),
        (["models.topn", "models.content", "recommend.page"], {"tensorflow"}),
    ],
)
def test_what_is_light_does_not_import_what_takes_seconds(modules, heavy):
    lines = [f"import reelbook.{module}" for module in modules]
    code = "\n".join(["import sys", *lines, f"print(*sorted({heavy} & set(sys.modules)))"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_what_families_stand_on_knows_none_of_them():
    families = set(list_families().values())
    files = [*(LIBRARY / "models").glob("f*/*.py"), *(LIBRARY / "models").glob("[fr]*.py")]
    assert {file.stem for file in files} > {"registry", "fit", "grid", "loop", "ids"}
    for file in files:
        tree = ast.parse(file.read_text())
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imported & families, file


def test_runs_of_simple_models_do_without_tensorflow(tmp_path):
    models = ["topn.popularity", "topn.ease", "baseline.biases"]
    code = (
        "from reelbook.data import synthetic; from reelbook.data.tables import Dataset\n"
        "from reelbook.runs.store import load_or_train; import sys\n"
        "from reelbook.splits.protocols import make_split\n"
        "tables = vars(synthetic.make_tables())\n"
        "dataset = Dataset('made-up', **tables, sha256='abc', source='a test')\n"
        "split = make_split(dataset, 'official', fold=1)\n"
        f"for model in {models}:\n"
        "    print(load_or_train(model, {}, dataset, split, 0).record.model)\n"
        "print({'tensorflow', 'tf_keras'} & set(sys.modules))"
    )
    environment = {**os.environ, "REELBOOK_BUILD": str(tmp_path), "REELBOOK_JOBS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.split() == [*models, "set()"]


def test_help_is_given_before_anything_heavy_is_imported():
    code = (
        "import sys; from reelbook.__main__ import main\n"
        "try: main(['recommend', '--help'])\n"
        "except SystemExit: print({'numpy', 'pandas', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--like TITLE" in done.stdout
    assert done.stdout.splitlines()[-1] == "set()"


def test_every_family_that_uses_tensorflow_gets_one_thread_and_determinism():
    """Each by itself, in one process that has TensorFlow but nothing more of ours."""
    families = ["mf", "bst.family", "two_tower.family", "dcn", "autoencoder"]
    code = (
        "import importlib, sys\n"
        f"for family in {families}:\n"
        "    ours = [name for name in sys.modules if name.startswith('reelbook')]\n"
        "    for name in ours: del sys.modules[name]\n"
        "    importlib.import_module(f'reelbook.models.{family}')\n"
        "    print('reelbook.models.fitting.loop' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * len(families)
