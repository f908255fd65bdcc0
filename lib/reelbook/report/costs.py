"""What models cost beside their accuracy: time, memory, size, and an estimate of their energy.

A run is timed and not metered, so its energy is its seconds times what one busy thread and the
memory that it holds draw (`hardware.Power`), in the manner of Lannelongue et al. 2021,
https://doi.org/10.1002/advs.202100707, without cooling:

    E = t (P_core + P_memory m / M)

with t seconds, m the peak memory of the run's process and M that of the machine.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence

import pandas as pd

from reelbook.report.compare import Groups, add_costs
from reelbook.report.hardware import Power
from reelbook.report.inside.two_tower import mark_untrained
from reelbook.runs.record import RunRecord
from reelbook.runs.store import Run

JOULES = 3.6  # of a milliwatt-hour
BYTES = 4  # of a learned number, where no weights are kept
WEIGHTS = "model.weights.h5"
AXIS = {"by": "mwh", "cost": "estimated mWh of a run, tuning included"}  # of the figures
FORMATS = {
    "seconds": "{:,.2f}", "ms per 1,000": "{:,.2f}", "peak MB": "{:,.0f}", "model MB": "{:,.3f}",
    "gain a joule": "{:.5f}", "clear": lambda clear: "yes" if clear else "no",
    **dict.fromkeys(
        ["mWh a run", "from", "to", "to tune", "mWh a million", "mWh more", "mWh a hundredth"],
        "{:,.2f}",
    ),
}  # fmt: skip


def compute_energy(seconds: float, peak_mb: float, power: Power) -> float:
    """Milliwatt-hours of one busy thread that holds so much memory for so many seconds."""
    held = min(1.0, peak_mb / power.memory_mb)
    return seconds * (power.core + power.memory * held) / JOULES


def share_tuning(record: RunRecord) -> float:
    """The share of a run's seconds that tried settings, if each of its trainings took as long.

    Every setting is learned once, an epoch is chosen along with it, and the chosen one is learned
    again from more ratings. A run that tried nothing learned once.
    """
    tried = len(record.extra.get("tried") or [])
    return tried / (tried + 1)


def measure_size(run: Run) -> tuple[float, bool]:
    """Megabytes of a model, and whether they are those of the weights that its run keeps.

    Otherwise each of its learned numbers counts with BYTES.
    """
    if WEIGHTS in run.record.files:
        return (run.path / WEIGHTS).stat().st_size / 1e6, True
    return run.record.num_parameters * BYTES / 1e6, False


def list_costs(runs: Iterable[Run], power: Power) -> pd.DataFrame:
    """A row a run, whatever protocols it served: what it cost, and an estimate of its energy.

    Returns:
        run, model, seconds (tuning included), tuning (seconds of it), peak_mb, mb and kept (see
        `measure_size`), mwh (milliwatt-hours), tuning_mwh, and serving_mwh of a million
        predictions: of ratings, or of users' scores of all movies.
    """
    rows = []
    for run in {run.record.run_id: run for run in runs}.values():
        record = run.record
        size, kept = measure_size(run)
        mwh = compute_energy(record.seconds, record.peak_memory_mb, power)
        serving = None
        if record.prediction_seconds is not None:  # of a thousand
            serving = 1000 * compute_energy(record.prediction_seconds, record.peak_memory_mb, power)
        rows.append(
            {
                "run": record.run_id,
                "model": record.model,
                "seconds": record.seconds,
                "tuning": share_tuning(record) * record.seconds,
                "peak_mb": record.peak_memory_mb,
                "mb": size,
                "kept": kept,
                "mwh": mwh,
                "tuning_mwh": share_tuning(record) * mwh,
                "serving_mwh": serving,
            }
        )
    return pd.DataFrame(rows).astype({"serving_mwh": float})


def make_board(
    groups: Groups,
    power: Power,
    *,
    estimate: Callable[[Groups], pd.DataFrame],
    reference: str,
) -> pd.DataFrame:
    """A row a model, best first: accuracy, costs, and what a joule gave; nothing without models.

    Args:
        groups: the runs of each model on the same splits.
        power: of the machine.
        estimate: `compare.estimate_models` or `compare.estimate_rankings`.
        reference: the model whose accuracy costs next to nothing; NaN per joule if it is not there.

    Returns:
        The columns of `estimate` and `compare.add_costs`; mb and kept; mwh, tuning_mwh and
        serving_mwh, means over runs; mwh_least and mwh_most of a run; and per_joule: by how much
        the model is better than the reference, over the joules of a run.
    """
    if not groups:
        return pd.DataFrame()
    board = add_costs(estimate(groups), groups)
    listed = list_costs([run for runs in groups.values() for run in runs], power)
    by_model = listed.groupby("model").agg(
        mb=("mb", "max"),
        kept=("kept", "all"),
        mwh=("mwh", "mean"),
        mwh_least=("mwh", "min"),
        mwh_most=("mwh", "max"),
        tuning_mwh=("tuning_mwh", "mean"),
        serving_mwh=("serving_mwh", "mean"),
    )
    board = board.join(by_model, on="name")
    sign = 1 if board["value"].is_monotonic_decreasing else -1  # the best is first
    own = board.set_index("name")["value"].get(reference, float("nan"))
    gain = sign * (board["value"] - own).mask(board["name"] == reference)
    return board.assign(per_joule=gain / (board["mwh"] * JOULES))


def list_steps(
    board: pd.DataFrame,
    frontier: Sequence[str],
    groups: Groups,
    *,
    compare: Callable[[Groups, Sequence[tuple[str, str]]], pd.DataFrame],
) -> pd.DataFrame:
    """A row a step along the frontier, from cheap to accurate: what it gains and what that costs.

    Args:
        board: as `make_board` gives it.
        frontier: models, the cheapest first.
        groups: the runs of each model.
        compare: `compare.compare_models` or `compare.compare_ranking_models`.

    Returns:
        name ("first -> second"), value (the gain on the same rows or users), low, high and clear;
        mwh, what a run takes more, and price: milliwatt-hours for each hundredth of the gain.
    """
    pairs = list(itertools.pairwise(frontier))
    table = compare(groups, pairs)
    energy = board.set_index("name")["mwh"]
    table["mwh"] = [float(energy[second] - energy[first]) for first, second in pairs]
    return table.assign(price=table["mwh"] / (100 * table["value"]))


def format_energy(board: pd.DataFrame, *, metric: str) -> pd.DataFrame:
    """A board of `make_board` for a page: accuracy, and the energy of a run and of serving.

    Args:
        board: best first.
        metric: heading of the accuracy.
    """
    names = {
        "name": "model", "value": metric, "low": "low", "high": "high", "mwh": "mWh a run",
        "mwh_least": "from", "mwh_most": "to", "tuning_mwh": "to tune",
        "serving_mwh": "mWh a million", "per_joule": "gain a joule",
    }  # fmt: skip
    return _pick(board, names)


def format_sizes(board: pd.DataFrame) -> pd.DataFrame:
    """A board of `make_board` for a page: what is measured of time, memory and size."""
    names = {
        "name": "model", "settings": "settings", "seconds": "seconds",
        "prediction_seconds": "ms per 1,000", "peak_mb": "peak MB", "mb": "model MB",
        "kept": "counted",
    }  # fmt: skip
    counted = board["kept"].map({True: "weights", False: "numbers"})
    milliseconds = 1000 * board["prediction_seconds"]
    return _pick(board.assign(kept=counted, prediction_seconds=milliseconds), names)


def format_steps(steps: pd.DataFrame) -> pd.DataFrame:
    """Steps of `list_steps` for a page."""
    names = {
        "name": "step", "value": "gain", "low": "low", "high": "high", "clear": "clear",
        "mwh": "mWh more", "price": "mWh a hundredth",
    }  # fmt: skip
    return steps[list(names)].rename(columns=names)


def _pick(board: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    marked = board.assign(name=mark_untrained(board["name"]))
    return marked[list(names)].rename(columns=names)
