import errno
import re

import pytest

from reelbook.errors import ReelbookError
from reelbook.files import hash_text, read_yaml, replace_when_whole
from reelbook.paths import ROOT


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    with replace_when_whole(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_the_old_file_stands_and_nothing_is_left_over(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(error), replace_when_whole(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_half_written_folder_is_removed(tmp_path):
    with pytest.raises(ValueError, match="stop"), replace_when_whole(tmp_path / "run") as folder:
        folder.mkdir()
        (folder / "a").write_text("a")
        raise ValueError("stop")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_another_process_finished_meanwhile_wins(tmp_path):
    path = tmp_path / "run"
    with replace_when_whole(path) as folder:
        folder.mkdir()
        path.mkdir()
        (path / "theirs").touch()
    assert [file.name for file in path.iterdir()] == ["theirs"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_a_clear_error(tmp_path):
    with (
        pytest.raises(ReelbookError, match=r"No room to write .*a\.txt.*Free some space"),
        replace_when_whole(tmp_path / "a.txt") as temporary,
    ):
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3\n", "'a' stands twice, in lines 1 and 3"),
        ("n: {x: {a: 1,\n  b: 2, a: 1}}", "'a' stands twice, in lines 1 and 2"),
        ("a: [", "expected the node content"),
        ("!!python/object/apply:os.getpid []", "could not determine a constructor"),
        ("a: \udcff", "is not text in UTF-8"),
    ],
)
def test_yaml_that_cannot_be_meant_is_told_in_a_line(tmp_path, text, told):
    file = tmp_path / "a.yml"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ReelbookError) as error:
        read_yaml(file)
    assert str(error.value).startswith(f"{file} is not ")
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_yaml_of_every_kind_is_read(tmp_path):
    (tmp_path / "a.yml").write_text("base: &b {x: 1}\nall: [{<<: *b, x: 2}, {<<: *b, y: 1e-3}]\n")
    found = read_yaml(tmp_path / "a.yml")
    assert found == {"base": {"x": 1}, "all": [{"x": 2}, {"x": 1, "y": "1e-3"}]}


def test_nothing_that_is_read_can_run_code():
    """YAML is read by one function, which is safe, and nothing is unpickled."""
    for file in [*(ROOT / "lib").rglob("*.py"), *(ROOT / "notebooks").glob("*.ipynb")]:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"pickle|joblib|marshal\b|shelve", text), file
        assert (file.name == "files.py") == bool(re.search(r"yaml\.\w*load", text)), file


def test_a_path_is_hashed_in_any_locale():
    """Before, a folder with an umlaut ended a notebook under LC_ALL=C with a traceback."""
    read_as_ascii = "ü".encode().decode("ascii", errors="surrogateescape")
    assert hash_text(read_as_ascii) == hash_text("ü") != hash_text("u")
