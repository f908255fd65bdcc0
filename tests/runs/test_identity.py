"""A run's id: what changes it and what leaves it alone, tried on a copy of the library."""

import shutil
from pathlib import Path

import pytest

from reelbook import provenance
from reelbook.models import registry
from reelbook.paths import ROOT

LIBRARY = ROOT / "lib" / "reelbook"


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A copy of the library whose code is hashed in place of the real one."""
    shutil.copytree(LIBRARY, tmp_path / "reelbook")
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "reelbook" / "provenance.py"))
    yield tmp_path / "reelbook"
    clear()


def clear() -> None:
    provenance.trace_code.cache_clear()
    provenance._read_module.cache_clear()


def hash_families() -> dict[str, str]:
    clear()
    return {
        family: provenance.hash_code(f"{module}:fit")
        for family, module in registry.list_families().items()
    }


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_what_decides_no_prediction_changes_no_id(library):
    before = hash_families()
    (library / "models" / "toy.py").write_text("def fit():\n    return 3\n")
    lists = library / "metrics" / "lists.py"
    metric = "@ranking_metric('worst', lengths=(1,))\ndef worst(held_out, k):\n    return 1\n"
    lists.write_text(f"{lists.read_text()}\n\n{metric}")
    change(library / "report" / "demographics.py", "under 18", "children")
    change(library / "data" / "names.py", '"made-up"]', '"made-up", "netflix"]')
    change(library / "data" / "tables.py", "def has_plain_zip_code", "def has_zip_code")
    change(
        library / "models" / "fitting" / "loop.py", "the loss is no longer a number", "it diverged"
    )
    assert hash_families() == before


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("models/mf.py", 'name="sum"', 'name="total"', {"mf"}),
        ("models/topn.py", "1 - dropout", "1.0 - dropout", {"topn"}),
        ("models/features/ids.py", "AGES = [1, 18", "AGES = [1, 19", {"bst", "dcn", "two_tower"}),
    ],
)
def test_a_changed_line_changes_the_ids_of_those_who_use_it(library, file, old, new, changed):
    before = hash_families()
    change(library / file, old, new)
    after = hash_families()
    assert {family for family in before if after[family] != before[family]} == changed


def test_a_changed_line_of_the_loop_changes_the_ids_of_the_networks(library):
    before = hash_families()
    change(library / "models" / "fitting" / "loop.py", "1.0 - 0.9 * (", "1.0 - 0.8 * (")
    after = hash_families()
    changed = {family for family in before if after[family] != before[family]}
    assert changed >= {"mf", "bst", "dcn", "two_tower", "autoencoder"}
    assert not changed & {"topn", "baseline", "bayes", "gaussian"}


def test_versions_are_of_the_packages_that_a_family_uses():
    versions = {
        f: provenance.trace_code(f"{m}:fit").versions for f, m in registry.list_families().items()
    }
    assert "myfm" in versions["bayes"]
    assert "tensorflow" in versions["mf"]
    assert not {"tensorflow", "tf-keras"} & versions["topn"].keys()
    assert "gensim" not in versions["mf"]


def test_labels_of_a_family_are_in_no_id(library):
    before = hash_families()
    change(library / "models" / "topn.py", "the most rated movies for all", "what everybody saw")
    change(library / "models" / "mf.py", 'chapter="02_matrix_factorization"', 'chapter="03"')
    assert hash_families() == before
