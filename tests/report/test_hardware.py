import socket

import pytest

from reelbook.report import hardware

XEON = "Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz"


def estimate(processor, **changes):
    options = {"threads": 48, "virtual": False, "memory_mb": 16 * 1024, "metered": False}
    return hardware.estimate_power(processor, **options | changes)


def test_a_known_processor_shares_its_power_among_its_threads():
    power = estimate(XEON)
    assert power.tdp == 210
    assert power.core == pytest.approx(210 / 48)
    assert power.memory == 10  # two modules of 5 W


@pytest.mark.parametrize("name", ["AMD EPYC", "Nobody's processor", ""])
def test_an_unknown_processor_draws_the_default(name):
    power = estimate(name)
    assert power.tdp is None
    assert power.core == 4


def test_in_a_virtual_machine_nobody_knows_who_shares_a_known_processor():
    power = estimate(XEON, virtual=True, threads=2)
    assert (power.tdp, power.core) == (210, 4)


def test_this_machine_is_estimated_without_a_network_and_without_a_word(monkeypatch, capfd):
    monkeypatch.delattr(socket, "create_connection")
    power = hardware.look_at_machine()
    assert power.core > 0
    assert power.memory > 0
    assert capfd.readouterr() == ("", "")


def test_a_counter_that_may_be_read_is_found(tmp_path):
    assert not hardware.is_metered(tmp_path / "none")
    (tmp_path / "intel-rapl:0").mkdir()
    assert not hardware.is_metered(tmp_path)
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("12\n")
    assert hardware.is_metered(tmp_path)


def test_the_worlds_electricity_lies_between_the_cleanest_and_the_dirtiest():
    grid = hardware.read_grid()
    assert grid.least[1] < grid.world < grid.most[1]
    assert grid.world == 475
