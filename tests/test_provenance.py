from reelbook import provenance


def clear():
    provenance.trace_code.cache_clear()
    provenance._read_module.cache_clear()


def hash_with(monkeypatch, tmp_path, sources):
    """Hash of a made-up package of these sources, reached from its module `a`."""
    for name, source in sources.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    clear()
    return provenance.hash_code("reelbook.a")


def test_the_hash_follows_the_code_that_computes_however_deep(monkeypatch, tmp_path):
    sources = {
        "a": "from reelbook import b\nx = b.y\n",
        "b": "from reelbook.c import z\nfor i in z:\n    y = i\n",
        "c": "z = [1]\n",
    }
    first = hash_with(monkeypatch, tmp_path, sources)
    assert hash_with(monkeypatch, tmp_path, sources) == first
    assert hash_with(monkeypatch, tmp_path, {**sources, "c": "z = [2]\n"}) != first
    assert hash_with(monkeypatch, tmp_path, {**sources, "d": "z = 1\n"}) == first


def test_a_new_name_that_a_package_hands_out_changes_no_hash(monkeypatch, tmp_path):
    (tmp_path / "room").mkdir()
    sources = {"a": "from reelbook.room import b\nx = b.x\n", "room/b": "x = 1\n"}
    first = hash_with(monkeypatch, tmp_path, {**sources, "room/__init__": ""})
    assert hash_with(monkeypatch, tmp_path, {**sources, "room/__init__": "y = 1\n"}) == first
    assert hash_with(monkeypatch, tmp_path, {**sources, "room/b": "x = 2\n"}) != first


def test_the_hash_does_not_follow_comments_docstrings_and_layout(monkeypatch, tmp_path):
    first = hash_with(monkeypatch, tmp_path, {"a": 'def f(x):\n    """Old."""\n    return x\n'})
    text = '"""Head."""\n# why\ndef f(x):\n    """New."""\n\n    return (x)\n'
    assert hash_with(monkeypatch, tmp_path, {"a": text}) == first
    assert hash_with(monkeypatch, tmp_path, {"a": text.replace("(x)\n", "(-x)\n")}) != first


def test_the_hash_follows_names_not_files(monkeypatch, tmp_path):
    """What stands beside a name, labels and the words of errors do not count."""

    def trace(b):
        (tmp_path / "a.py").write_text(
            "import numpy as np\nfrom reelbook import b\nfrom reelbook.b import K\n"
            "def fit(x: int) -> int:\n    return b.half(np.sum(x)) + K\n"
        )
        (tmp_path / "b.py").write_text(b)
        (tmp_path / "__init__.py").write_text("import os\n")
        monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
        clear()
        return provenance.trace_code("reelbook.a:fit")

    text = (
        "import pandas as pd\nK, LABEL = 1, 'old'\n"
        "def half(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x / TWO\n"
        "def tell():\n    return pd.DataFrame()\nTWO = 2\n"
    )
    first = trace(text)
    assert set(first.versions) == {"numpy"}
    for same in [
        ("'negative'", "f'{x} is negative'"),
        ("def tell", "def told"),
        ("(x)", "(x: int)"),
    ]:
        assert trace(text.replace(*same)) == first
    for other in [
        ("TWO = 2", "TWO = 3"),
        ("x / TWO", "x // TWO"),
        ("K, LABEL = 1", "K, LABEL = 2"),
    ]:
        assert trace(text.replace(*other)) != first
    assert trace(text + "print('on import')\n") != first


def test_versions_name_python_and_the_packages_that_compute():
    assert {"python", "numpy", "tensorflow"} <= provenance.get_versions().keys()
