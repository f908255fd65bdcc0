import json

import pytest
import toys

from reelbook.build import verify
from reelbook.errors import ReelbookError
from reelbook.report import inventory


@pytest.fixture
def checkout(tmp_path):
    checkout = toys.make_checkout(tmp_path / "checkout")
    toys.keep_chapters(checkout, "01_first")
    return checkout


def test_two_builds_apart_from_each_other_agree(checkout, monkeypatch):
    done = toys.run(checkout, "verify", "--plan", "toy", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert "Verified: results.csv is the same, byte for byte, in two builds" in done.stdout
    outcome = json.loads((checkout / "build/toy/verification.json").read_text())
    assert outcome["equal"] is True
    assert outcome["sha256"][0] == outcome["sha256"][1]
    assert not (checkout / "build/verify").exists()
    monkeypatch.setenv("REELBOOK_BUILD", str(checkout / "build"))
    text = inventory.describe_verification("toy", outcome["sha256"][0])
    assert "byte for byte" in text
    assert "this page's own" in text
    assert "not this page's" in inventory.describe_verification("toy", "another")


def fake_builds(monkeypatch, tmp_path, *contents):
    """Two builds that leave these results."""
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    left = iter(contents)

    def build(plan_name, folder, jobs):
        (folder / plan_name).mkdir(parents=True, exist_ok=True)
        (folder / plan_name / "results.csv").write_text(next(left))

    monkeypatch.setattr(verify, "_build", build)


def test_a_difference_is_an_error_that_shows_it(monkeypatch, tmp_path):
    fake_builds(monkeypatch, tmp_path, "model,value\nmf.dot,1\n", "model,value\nmf.dot,2\n")
    with pytest.raises(ReelbookError, match=r"1 of 2 lines do, the first is line 2:\n  mf.dot,1"):
        verify.verify("smoke", jobs=1)
    assert (tmp_path / "verify" / "second" / "smoke" / "results.csv").is_file()
    assert "**different** results" in inventory.describe_verification("smoke", "x")


def test_a_missing_line_is_a_difference(monkeypatch, tmp_path):
    fake_builds(monkeypatch, tmp_path, "a\nb\n", "a\n")
    with pytest.raises(ReelbookError, match="One has 2 lines and the other 1"):
        verify.verify("smoke", jobs=1)


def test_a_build_that_fails_ends_it(checkout):
    toys.write_notebook(checkout / "notebooks" / "01_first.ipynb", "raise ValueError('no')")
    done = toys.run(checkout, "verify", "--plan", "toy")
    assert done.returncode == 1
    assert "failed, see above" in done.stderr


def test_without_a_verification_the_page_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    assert "have not been verified" in inventory.describe_verification("smoke", "x")
