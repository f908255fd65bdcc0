"""A campaign: each fault of the table is told in a line or two, and harms nothing."""

import pytest
import toys
from table import FAULTS, Fault

from reelbook.__main__ import main
from reelbook.build import plan as plans


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.what for fault in FAULTS])
def test_a_fault_is_told_and_leaves_everything_as_it_was(
    fault: Fault, trained, tmp_path, monkeypatch, capsys
):
    for name, content in fault.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    here = str(tmp_path)
    monkeypatch.setattr(plans, "PLANS", tmp_path / "plans")
    monkeypatch.setattr(plans, "NOTEBOOKS", trained / "notebooks")
    monkeypatch.chdir(tmp_path)
    for name, value in ({"REELBOOK_BUILD": str(trained / "build")} | fault.environment).items():
        monkeypatch.setenv(name, value.replace("{here}", here))
    before = toys.snapshot(trained, tmp_path)
    try:
        code = main([part.replace("{here}", here) for part in fault.command])
    except SystemExit as error:  # argparse
        code = error.code
    told = capsys.readouterr()
    assert code in (1, 2), told
    assert fault.says in told.err
    assert "Traceback" not in told.err
    assert told.out == ""
    assert toys.snapshot(trained, tmp_path) == before


def test_there_are_many_and_no_two_are_the_same():
    assert len(FAULTS) >= 60
    assert len({fault.what for fault in FAULTS}) == len(FAULTS)
