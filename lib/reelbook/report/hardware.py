"""What a core and the memory of this machine draw, estimated from CodeCarbon's tables, offline.

Runs are timed and not metered. What the machine draws comes from the hardware model of CodeCarbon
(https://docs.codecarbon.io/latest/explanation/methodology/): the thermal design power (TDP) of the
processor, shared by its threads, and watts by memory module. Nothing is fetched.
"""

import os
from pathlib import Path
from typing import NamedTuple

from codecarbon.core.cpu import DEFAULT_POWER_PER_CORE, TDP
from codecarbon.external.ram import RAM
from codecarbon.input import DataSource

from reelbook.report.inventory import get_memory_mb, get_processor

POWERCAP = Path("/sys/class/powercap")  # where Linux shows the counters of RAPL
CPUINFO = Path("/proc/cpuinfo")


class Power(NamedTuple):
    """What a machine draws.

    Attributes:
        processor: its name.
        tdp: watts of the whole processor at full load, None where CodeCarbon does not know it.
        threads: that this machine has.
        virtual: whether it is a virtual machine, which may have few of the processor's threads.
        core: watts of one busy thread.
        memory_mb: that this machine has.
        memory: watts of all of it.
        metered: whether the machine has counters of energy (RAPL) that may be read.
    """

    processor: str
    tdp: float | None
    threads: int
    virtual: bool
    core: float
    memory_mb: float
    memory: float
    metered: bool


def look_at_machine() -> Power:
    """What this machine draws."""
    return estimate_power(
        get_processor(),
        threads=os.cpu_count() or 1,
        virtual=CPUINFO.is_file() and "hypervisor" in CPUINFO.read_text(encoding="utf-8"),
        memory_mb=get_memory_mb(),
        metered=is_metered(),
    )


def estimate_power(
    processor: str, *, threads: int, virtual: bool, memory_mb: float, metered: bool
) -> Power:
    """What a machine with this processor and this memory draws.

    A busy thread draws its share of the TDP. How many threads share it is unknown in a virtual
    machine, as is the TDP of a processor that CodeCarbon's table lacks: it then draws
    CodeCarbon's default of 4 W.
    """
    tdp = find_tdp(processor)
    core = DEFAULT_POWER_PER_CORE if tdp is None or virtual else tdp / threads
    memory = RAM()._calculate_ram_power(memory_mb / 1024)  # the public way asks this machine
    return Power(processor, tdp, threads, virtual, float(core), memory_mb, memory, metered)


def find_tdp(processor: str) -> float | None:
    """Watts of a processor at full load by CodeCarbon's table, None where it has no such one."""
    table = TDP.__new__(TDP)  # TDP() would look at this machine, for a second
    return table._get_cpu_power_from_registry(processor) if processor else None


def is_metered(folder: Path = POWERCAP) -> bool:
    """Whether there is a counter of the energy of a processor (RAPL) that may be read."""
    for counter in folder.glob("intel-rapl*/energy_uj"):
        try:
            counter.read_text(encoding="ascii")
        except OSError:  # on most systems only root may
            continue
        return True
    return False


class Grid(NamedTuple):
    """Grams of CO2 equivalents a kWh: of the world, and of the countries with least and most."""

    world: float
    least: tuple[str, float]
    most: tuple[str, float]


def read_grid() -> Grid:
    """The carbon intensity of electricity, from the tables that CodeCarbon brings along."""
    source = DataSource()
    countries = sorted(
        (float(country["carbon_intensity"]), str(country["country_name"]))
        for country in source.get_global_energy_mix_data().values()
        if country.get("carbon_intensity")
    )
    world = source.get_carbon_intensity_per_source_data()["world_average"]
    (least, cleanest), (most, dirtiest) = countries[0], countries[-1]
    return Grid(float(world), (cleanest, least), (dirtiest, most))
