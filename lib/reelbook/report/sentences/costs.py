"""The computed sentences of the page on costs."""

import pandas as pd

from reelbook.data.names import count
from reelbook.report.hardware import Grid, Power
from reelbook.report.leaderboards import find_cheap
from reelbook.report.sentences.phrases import join_words, list_rows


def answer(
    book: pd.DataFrame, boards: dict[str, pd.DataFrame], grid: Grid, *, num_runs: int
) -> str:
    """The short answer of the page.

    Args:
        book: as `reuse.sum_book` gives it.
        boards: what is predicted ("ratings", "lists") to its board of `costs.make_board`.
        grid: as `hardware.read_grid` gives it.
        num_runs: behind the book.
    """
    told = [describe_choice(what, board) for what, board in boards.items() if len(board)]
    return (
        f"**In short.** {count(num_runs, 'run')} and the notebooks around them take an estimated "
        f"**{book['wh'].iloc[-1]:.1f} Wh**: {book['seconds'].iloc[-1] / 60:.0f} minutes of one "
        f"core, {book['wh'].iloc[0] / book['wh'].iloc[-1]:.0%} of it to try settings. "
        + describe_carbon(book["wh"].iloc[-1], grid)
        + "".join(f" {text}" for text in told)
    )


def describe_choice(what: str, board: pd.DataFrame) -> str:
    """What the best model of a kind draws, and what a fraction of that buys."""
    best, cheap = board.iloc[0], find_cheap(board, by="mwh")
    text = f"For {what}, `{best['name']}` is best and takes {give_energy(best['mwh'])} a run"
    if cheap["name"] == best["name"]:
        return f"{text}; no model takes half of that or less."
    gap = abs(best["value"] - cheap["value"])
    return (
        f"{text}; `{cheap['name']}` takes {cheap['mwh'] / best['mwh']:.0%} of that and is "
        f"{gap:.3f} behind."
    )


def describe_carbon(wh: float, grid: Grid) -> str:
    """Grams of CO2 for watt-hours: of the world's mix, and of the cleanest and dirtiest grid."""
    (clean, least), (dirty, most) = grid.least, grid.most
    world, low, high = (_give_grams(wh * each / 1000) for each in (grid.world, least, most))
    return (
        f"At the world's average of {grid.world:.0f} g CO2e a kWh that is {world}; by country it "
        f"would be from {low} ({clean}) to {high} ({dirty})."
    )


def describe_assumptions(power: Power) -> str:
    """On what the estimate rests, as a list."""
    name = power.processor or "unknown"
    if power.tdp is None:
        core = f"`{name}`, which CodeCarbon's table lacks, so a busy thread counts with its default"
    elif power.virtual:
        core = (
            f"`{name}`, with {power.tdp:g} W by CodeCarbon's table; in a virtual machine nobody "
            "knows how many threads share them, so a busy thread counts with the default"
        )
    else:
        core = (
            f"`{name}`, with {power.tdp:g} W by CodeCarbon's table, shared by "
            f"{count(power.threads, 'thread')}, so a busy one counts with"
        )
    gb = power.memory_mb / 1024
    meter = (
        "The processor has counters of its energy (RAPL). They were not read: runs come from "
        "earlier builds, too, and other programs share the processor."
        if power.metered
        else "No counters of energy (RAPL) can be read on this machine, so nothing is metered."
    )
    return (
        f"- Processor: {core}, **{power.core:.1f} W**.\n"
        f"- Memory: {power.memory:g} W for {gb:.0f} GiB by CodeCarbon's rule of watts a module; a "
        "run counts with the share that it holds at its peak.\n"
        "- Not counted: cooling, disks, an idle core beside the busy one, and the making of the "
        f"machine.\n- {meter}"
    )


def describe_serving(boards: dict[str, pd.DataFrame]) -> str:
    """What a million predictions draw, and how many draw as much as a run; nothing of no model."""
    told = []
    for what, board in boards.items():
        if len(board) and (best := board.iloc[0])["serving_mwh"] > 0:
            equal = 1e6 * best["mwh"] / best["serving_mwh"]
            told.append(
                f"A million {what} by `{best['name']}` take {give_energy(best['serving_mwh'])}: it "
                f"has served {_round(equal)} when that equals its tuning and training."
            )
    return " ".join(told)


def describe_steps(steps: pd.DataFrame, *, unit: str) -> str:
    """The first and the last step along a frontier: what a hundredth costs."""
    if steps.empty:
        return "The cheapest model is the best, so there is nothing to pay for."
    rows = list_rows(steps)
    told = [f"{give_energy(row.price)} ({row.name})" for row in dict.fromkeys((rows[0], rows[-1]))]
    joined = " on the first step, and ".join(told) + " on the last" * (len(told) > 1)
    unclear = [row.name for row in rows if not row.clear]
    noise = f" Of these steps, {join_words(unclear)} could be noise." if unclear else ""
    return f"A hundredth of {unit} costs {joined}.{noise}"


def describe_reuse(reuse: pd.DataFrame) -> str:
    """What the kept runs saved the chapters in their latest execution."""
    used, found = int(reuse["runs"].sum()), int(reuse["found"].sum())
    if not used:
        return "No chapter of this plan uses runs."
    return (
        f"The chapters ask for runs {used:,} times and found {found:,} of them finished, trained "
        "by another chapter or by an earlier build. That saved "
        f"**{reuse['seconds_saved'].sum() / 60:.1f} minutes** of one core and an estimated "
        f"**{reuse['mwh_saved'].sum() / 1000:.1f} Wh**; "
        f"{reuse['seconds_trained'].sum() / 60:.1f} minutes were trained."
    )


def give_energy(mwh: float) -> str:
    """Milliwatt-hours with two digits, or watt-hours from 1,000 on."""
    if mwh >= 1000:
        return f"{mwh / 1000:,.1f} Wh"
    return f"{mwh:.0f} mWh" if mwh >= 10 else f"{mwh:.2f} mWh"


def _give_grams(grams: float) -> str:
    """Grams, or kilograms from 1,000 on."""
    if grams >= 1000:
        return f"{grams / 1000:,.1f} kg"
    return f"{grams:.0f} g" if grams >= 10 else f"{grams:.1f} g"


def _round(number: float) -> str:
    """A large number with two digits that count."""
    digits = max(0, len(str(int(number))) - 2)
    return f"{round(number, -digits):,.0f}"
