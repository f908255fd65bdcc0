import errno

import pytest

from reelbook.errors import ReelbookError
from reelbook.files import replace_when_whole


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
