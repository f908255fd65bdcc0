from reelbook import provenance


def hash_with(monkeypatch, tmp_path, sources):
    """Hash of a made-up package of these sources, reached from its module `a`."""
    for name, source in sources.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    provenance.hash_code.cache_clear()
    return provenance.hash_code("reelbook.a")


def test_the_hash_follows_the_code_that_computes_however_deep(monkeypatch, tmp_path):
    sources = {"a": "from reelbook import b\nx = 1\n", "b": "import reelbook.c\n", "c": "y = 1\n"}
    first = hash_with(monkeypatch, tmp_path, sources)
    assert hash_with(monkeypatch, tmp_path, sources) == first
    assert hash_with(monkeypatch, tmp_path, {**sources, "c": "y = 2\n"}) != first
    assert hash_with(monkeypatch, tmp_path, {**sources, "d": "z = 1\n"}) == first


def test_a_new_name_that_a_package_hands_out_changes_no_hash(monkeypatch, tmp_path):
    (tmp_path / "room").mkdir()
    sources = {"a": "from reelbook.room import b\n", "room/b": "x = 1\n"}
    first = hash_with(monkeypatch, tmp_path, {**sources, "room/__init__": ""})
    assert hash_with(monkeypatch, tmp_path, {**sources, "room/__init__": "y = 1\n"}) == first
    assert hash_with(monkeypatch, tmp_path, {**sources, "room/b": "x = 2\n"}) != first


def test_the_hash_does_not_follow_comments_docstrings_and_layout(monkeypatch, tmp_path):
    first = hash_with(monkeypatch, tmp_path, {"a": 'def f(x):\n    """Old."""\n    return x\n'})
    text = '"""Head."""\n# why\ndef f(x):\n    """New."""\n\n    return (x)\n'
    assert hash_with(monkeypatch, tmp_path, {"a": text}) == first
    assert hash_with(monkeypatch, tmp_path, {"a": text.replace("(x)\n", "(-x)\n")}) != first


def test_the_models_hash_covers_what_they_are_made_of():
    provenance.hash_code.cache_clear()
    mf, bst = (provenance.hash_code(f"reelbook.models.{name}") for name in ("mf", "bst.family"))
    assert mf != bst


def test_versions_name_python_and_the_packages_that_compute():
    assert {"python", "numpy", "tensorflow"} <= provenance.get_versions().keys()
