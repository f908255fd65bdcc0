"""The road of `make batch`: the notebook of a plan with each cell of its matrix, and a comparison.

Nothing here imports pandas or TensorFlow: the plan is checked in no time.
"""

import time

from reelbook.build.plan import Plan, read_plan
from reelbook.build.run import format_seconds, hold_lock, run_steps
from reelbook.build.steps import get_step_record
from reelbook.data.names import DOCUMENTED, find_path
from reelbook.errors import ReelbookError
from reelbook.paths import format_path, get_plan_dir, name_command


def run_batch(plan_name: str, *, jobs: int) -> None:
    """Run what is missing of a batch, compare its notebooks, and say where.

    Raises:
        ReelbookError: the plan is wrong, another build is running, or cells failed; these are
            named, and the others are compared.
    """
    start = time.monotonic()
    plan = read_plan(plan_name)
    if not plan.notebook:
        raise ReelbookError(f"Plan {plan.name} makes a report: {name_command(plan.name)}")
    if others := [dataset for dataset in plan.datasets if dataset not in DOCUMENTED]:
        from reelbook.data.store import prepare  # here: it needs seconds to import
        from reelbook.data.understood import describe_understood

        for dataset in others:  # whether the notebook fits is seen from the tables
            tables = prepare(dataset)
            if find_path(dataset):
                print(describe_understood(tables))
        plan = read_plan(plan_name)
    with hold_lock(plan) as lock:
        fault = run_steps(plan, jobs, lock)
        failed = [
            name
            for name in plan.notebooks
            if not get_step_record(plan.name, f"notebook-{name}").exists()
        ]
        if len(failed) < len(plan.notebooks):
            _compare(plan, failed)
            page = get_plan_dir(plan.name) / "comparison.html"
            print(f"Comparison: {format_path(page)} ({format_seconds(time.monotonic() - start)})")
    if fault:
        told = f"{len(failed)} of {len(plan.notebooks)} cells failed: {', '.join(failed)}"
        raise ReelbookError(f"{told}\n{fault}" if failed else fault)


def _compare(plan: Plan, failed: list[str]) -> None:
    """Write results.csv and the page of the cells that did not fail."""
    from reelbook.build.comparison import compare  # here: it needs seconds to import

    folder = get_plan_dir(plan.name)
    finished = [name for name in plan.notebooks if name not in failed]
    compare(
        [folder / "executed" / f"{name}.ipynb" for name in finished],
        folder,
        title=f"Batch {plan.name}: {plan.notebook}",
        left_out=[f"{name} failed." for name in failed],
        varied=plan.varied,
    )
