"""What every process that computes has in its environment, whatever a person's shell holds."""

import json
import os
import subprocess
import sys

import pytest
import toys

STRANGE = {
    "TF_USE_LEGACY_KERAS": "0", "KERAS_BACKEND": "jax", "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "0", "PYTHONHASHSEED": "random", "OMP_NUM_THREADS": "7",
    "XLA_FLAGS": "--xla_x", "MPLBACKEND": "pdf", "PYTHONWARNINGS": "error",
}  # fmt: skip
TOLD = f"""
import json, os, sys
print(json.dumps({{name: os.environ.get(name) for name in {sorted(STRANGE)}}}))
print(json.dumps("stray" in " ".join(sys.path)))
"""


@pytest.fixture
def strange(tmp_path):
    """An environment with a module that would stand in place of another, and a startup file."""
    (tmp_path / "stray").mkdir()
    (tmp_path / "stray" / "psutil.py").write_text("raise ImportError('the stray one')")
    (tmp_path / "startup.py").write_text("raise SystemExit('the startup file')")
    return STRANGE | {"PYTHONSTARTUP": str(tmp_path / "startup.py")}


def test_a_notebook_computes_in_the_same_environment_in_any_shell(tmp_path, strange):
    checkout = toys.make_checkout(tmp_path / "checkout")
    toys.write_notebook(checkout / "notebooks" / "02_second.ipynb", TOLD)
    stray = f"{checkout / 'lib'}{os.pathsep}{tmp_path / 'stray'}"
    output = tmp_path / "out.ipynb"
    arguments = ["notebook", "02_second", "--plan", "toy", "--output", str(output)]
    done = toys.run(checkout, *arguments, **strange, PYTHONPATH=stray)
    assert done.returncode == 0, done.stderr
    cells = json.loads(output.read_text())["cells"]
    text = "".join("".join(o.get("text", "")) for c in cells for o in c.get("outputs", []))
    variables, on_path = map(json.loads, text.splitlines())
    inline = variables.pop("MPLBACKEND")
    assert inline == "module://matplotlib_inline.backend_inline"
    assert variables == {
        "TF_USE_LEGACY_KERAS": "1", "KERAS_BACKEND": None, "TF_ENABLE_ONEDNN_OPTS": None,
        "CUDA_VISIBLE_DEVICES": "-1", "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1",
        "XLA_FLAGS": None, "PYTHONWARNINGS": None,
    }  # fmt: skip
    assert on_path is False


def test_a_notebook_of_a_persons_own_kernel_sets_it_too(strange):
    code = "from reelbook.build import begin_notebook; begin_notebook(globals())" + TOLD
    names = strange | {"PYTHONPATH": os.environ.get("PYTHONPATH", ""), "PATH": os.environ["PATH"]}
    del names["PYTHONWARNINGS"]
    done = subprocess.run([sys.executable, "-c", code], env=names, capture_output=True, text=True)
    assert '"TF_USE_LEGACY_KERAS": "1"' in done.stdout, done.stderr
    assert '"KERAS_BACKEND": null' in done.stdout


def test_jsonschema_does_without_the_slow_import():
    code = (
        "import sys; from reelbook.processes import skip_slow_import; skip_slow_import(); "
        "import papermill, nbformat; "
        "nbformat.validate({'cells': [], 'metadata': {}, 'nbformat': 4, 'nbformat_minor': 5}); "
        "print([name for name in sys.modules if name.startswith(('rfc3987_syntax.', 'lark'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
