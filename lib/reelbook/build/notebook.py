"""Strict papermill: a notebook runs to its end in its own kernel, or leaves nothing but a log."""

import _thread
import json
import logging
import os
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from reelbook.build.parameters import check_parameters
from reelbook.errors import ReelbookError
from reelbook.files import check_place, replace_when_whole
from reelbook.paths import format_path, get_build_dir
from reelbook.processes import do_without, set_environment, skip_slow_import

HEARTBEAT_SECONDS = 30.0
MOST_PRINTED = 50_000_000  # bytes: a whole chapter prints some thousand
# Of what is printed before it is in the log: this process holds it, and hardly anything else.
MOST_HELD = 500_000_000


@dataclass
class Place:
    """Where a running notebook is: papermill tells it of each cell before it runs."""

    cell: int = 0  # counted from 1, as in the notebook that was given
    first_line: str = ""
    num_injected: int = 0
    printed_too_much: bool = False

    def note_cell(self, cell: Any, cell_index: int) -> None:
        """Remember the cell; the one that papermill adds after the parameters does not count."""
        self.num_injected += "injected-parameters" in cell.metadata.get("tags", [])
        self.cell = cell_index + 1 - self.num_injected
        self.first_line = cell.source.strip().split("\n")[0][:80]


def run_notebook(
    notebook: Path,
    output: Path,
    parameters: dict[str, Any],
    *,
    logs: Path,
    say: Callable[[str], None],
    select: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = list,
) -> None:
    """Execute a notebook and leave what it made; what was at `output` stays until then.

    Beside `output` (x.ipynb) come x.runs.json, the ids of the training runs it used, and
    x.meta.json, its seconds and the peak memory of its kernel.

    Args:
        notebook: its folder is the kernel's working directory.
        output: where the executed notebook goes, in place of what is there (`check_output`).
        parameters: what to change in its cell tagged `parameters`.
        logs: a folder of ours for the log, x.log, and after a failure x.ipynb as far as it came.
        say: called with a line whenever there is news.
        select: which of the executed cells stay, such as `Plan.select_cells`.

    Raises:
        ReelbookError: parameters that do not fit; a cell that raises or ends the kernel, or a
            killed kernel. The message names notebook, cell, exception and log.
    """
    check_parameters(notebook, parameters)
    logs.mkdir(parents=True, exist_ok=True)
    log, unfinished = (logs / f"{output.stem}.{suffix}" for suffix in ["log", "ipynb"])
    with tempfile.TemporaryDirectory(prefix=f".{output.stem}.", dir=logs) as folder:
        draft, own_log, progress, runs_list = (
            Path(folder, name) for name in ["draft.ipynb", "log", "progress", "runs.json"]
        )
        _prepare_environment(runs_list, progress)
        place = Place()
        start = time.monotonic()
        say("started")
        try:
            with _tell_progress(place, progress, own_log, say), _send_output_to(own_log):
                fault = _execute(notebook, draft, parameters, place)
        finally:
            own_log.replace(log)
        seconds = time.monotonic() - start
        if fault:
            draft.replace(unfinished)
            say(f"failed after {seconds:.0f} s")
            raise ReelbookError(
                f"{notebook.stem} failed in cell {place.cell} (`{place.first_line}`): {fault}\n"
                f"  log: {format_path(log)}, the notebook as far as it came: "
                f"{format_path(unfinished)}"
                + f"\n  {format_path(output)} is still that of an earlier run"
                * output.exists()
            )
        unfinished.unlink(missing_ok=True)
        meta = {
            "notebook": notebook.stem,
            "ok": True,
            "seconds": round(seconds, 1),
            "peak_memory_mb": _get_peak_memory_of_kernel_mb(),
            "parameters": parameters,
        }
        executed = json.loads(draft.read_text(encoding="utf-8"))
        executed["cells"] = select(executed["cells"])
        texts = [
            runs_list.read_text(encoding="utf-8") if runs_list.exists() else "{}\n",
            json.dumps(meta, indent=1) + "\n",
            # last: where it stands, the others stand too
            json.dumps(executed, indent=1, ensure_ascii=False) + "\n",
        ]
        for path, text in zip(list_outputs(output), texts, strict=True):
            with replace_when_whole(path) as file:
                file.write_text(text, encoding="utf-8")
    say(f"finished in {seconds:.0f} s")


def list_outputs(output: Path) -> list[Path]:
    """The files that an executed notebook consists of."""
    return [output.with_suffix(suffix) for suffix in (".runs.json", ".meta.json", ".ipynb")]


def check_output(notebook: Path, output: Path) -> None:
    """Refuse to write over anything but an earlier output.

    Raises:
        ReelbookError: a folder, a name without `.ipynb`, a notebook that papermill did not write,
            the notebook itself, or a folder in which nothing can be written.
    """
    check_place(output)
    if output.is_dir() or output.suffix != ".ipynb":
        raise ReelbookError(f"{output} is not the name of a notebook: end it in .ipynb.")
    if not output.exists():
        return
    try:
        executed = "papermill" in json.loads(output.read_text(encoding="utf-8"))["metadata"]
    except (OSError, ValueError, KeyError, TypeError):
        executed = False
    if not executed or output.samefile(notebook):
        raise ReelbookError(
            f"{format_path(output)} exists and was not written by this command. It is left "
            "unchanged: give another --output."
        )


def _prepare_environment(runs_list: Path, progress: Path) -> None:
    """Set what the kernel inherits, so that nothing of the person's own set-up changes a result."""
    set_environment()
    os.environ.pop("JUPYTER_PATH", None)  # a stray kernel named python3 would win
    os.environ.pop("MPLBACKEND", None)  # figures would go elsewhere than into the notebook
    os.environ |= {
        "JUPYTER_PREFER_ENV_PATH": "1",
        "IPYTHONDIR": str(get_build_dir() / ".ipython"),
        "REELBOOK_RUNS_LIST": str(runs_list),
        "REELBOOK_PROGRESS": str(progress),
    }


def _execute(notebook: Path, draft: Path, parameters: dict[str, Any], place: Place) -> str:
    """Run papermill; what went wrong in one line, or an empty text."""
    skip_slow_import()
    with do_without("pyarrow.fs"):  # of file systems on which no notebook of ours lies
        import papermill  # here, when the environment is set

    from reelbook.build.engine import ENGINE  # here: it imports papermill

    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO, force=True)
    # After Ctrl-C it would tell the console of a kernel's end that nobody waited for.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        executed = papermill.execute_notebook(
            _escape(notebook),
            _escape(draft),
            parameters,
            engine_name=ENGINE,
            kernel_name="python3",
            language="python",
            cwd=notebook.parent,
            progress_bar=False,
            log_output=True,
            on_cell_start=place.note_cell,
            # What C++ code prints, time stamps included, then goes to our log and to no page.
            extra_arguments=["--IPKernelApp.capture_fd_output=False"],
        )
    except papermill.PapermillExecutionError as error:
        return " ".join(f"{error.ename}: {error.evalue}".split())[:600]
    except (RuntimeError, KeyboardInterrupt) as error:  # of a kernel, dead or not yet alive
        if place.printed_too_much:
            return f"it printed more than {MOST_PRINTED // 1_000_000} MB, and was stopped"
        if isinstance(error, KeyboardInterrupt):
            raise
        return "the kernel died; it was killed, or memory ran out"
    outputs = [o for cell in executed.cells for o in cell.get("outputs", [])]
    if any(o.output_type == "error" for o in outputs):
        return "the cell ended the notebook before its last cell"  # sys.exit(0)
    return ""


def _escape(path: Path) -> str:
    """A path as papermill takes it, which reads braces as the names of parameters."""
    return str(path).replace("{", "{{").replace("}", "}}")


@contextmanager
def _send_output_to(log: Path) -> Iterator[None]:
    """Let all that this process and its kernel print, C++ messages included, go to a file."""
    saved = [os.dup(1), os.dup(2)]
    with log.open("a", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for target, source in zip([1, 2], saved, strict=True):
            os.dup2(source, target)
            os.close(source)


@contextmanager
def _tell_progress(
    place: Place, progress: Path, log: Path, say: Callable[[str], None]
) -> Iterator[None]:
    """Pass on the lines that the notebook leaves in a file, and a sign of life between them.

    A notebook that prints without end is stopped before it fills memory and disk.
    """
    ended = threading.Event()
    step = psutil.Process()
    start, held = time.monotonic(), step.memory_info().rss

    def follow() -> None:
        told, spoken, last_round = 0, start, False
        while not last_round:
            last_round = ended.wait(0.5)
            lines = progress.read_text(encoding="utf-8").splitlines() if progress.exists() else []
            printed = log.stat().st_size if log.exists() else 0
            too_much = step.memory_info().rss > held + MOST_HELD
            if (too_much or printed > MOST_PRINTED) and not place.printed_too_much:
                place.printed_too_much = True
                for kernel in step.children():
                    kernel.kill()
                _thread.interrupt_main(signal.SIGTERM)  # much is still on its way to the log
            now = time.monotonic()
            news = lines[told:]
            if not news and now - spoken > HEARTBEAT_SECONDS:
                news = [f"in cell {place.cell} after {now - start:.0f} s"]
            for line in news:
                say(line)
            told, spoken = len(lines), now if news else spoken

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _get_peak_memory_of_kernel_mb() -> float:
    """Largest resident memory in MB of an ended child process: the kernel is the only one."""
    return round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, 1)
