"""What holds for every process that computes: its environment, its end, its count of epochs."""

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

# One thread a process: the digits then do not depend on how many notebooks run at once.
ONE_THREAD = dict.fromkeys(
    [
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
        "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS",
    ],
    "1",
)  # fmt: skip
LIBRARY = str(Path(__file__).resolve().parents[1])
SET = ONE_THREAD | {
    "TF_USE_LEGACY_KERAS": "1",  # reelbook itself sets these two where they are not set at all
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",  # a graphics card rounds in its own way
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "PYTHONPATH": LIBRARY,
}
# By how they begin, other variables that could change a result or break a notebook.
REMOVED = (
    "TF_", "XLA_", "KERAS_", "NPY_", "OPENBLAS_", "MKL_", "OMP_", "KMP_", "MATPLOTLIBRC",
    "SNAKEMAKE_", "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONINSPECT",
    "PYTHONBREAKPOINT",
)  # fmt: skip


def skip_slow_import() -> None:
    """Let jsonschema, which checks notebooks, do without a grammar that takes two seconds to load.

    It is that of addresses in other alphabets; no field of a notebook is one.
    """
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # as if not installed


def collect_rarely() -> None:
    """Look for garbage at every 10,000th new object: TensorFlow then loads in four fifths the time.

    At every 700th, as Python does by itself, it finds next to nothing more.
    """
    gc.set_threshold(10_000)


@contextmanager
def do_without(module: str) -> Iterator[None]:
    """Let what is imported here take a module for not installed, unless it is loaded already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]


def set_environment() -> None:
    """Let nothing of a person's own set-up change a result, here or in a process started here.

    What a process reads when it starts, such as the seed of hashes, holds for those it starts.
    """
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    strays = {str(Path(place).absolute()) for place in named if place} - {LIBRARY}
    sys.path[:] = [place for place in sys.path if place not in strays]
    for name in [name for name in os.environ if name.startswith(REMOVED)]:
        del os.environ[name]
    os.environ |= SET


def end_with_parent(sent: int = signal.SIGTERM) -> None:
    """Let the system send a signal to this process when the one that started it has ended."""
    if sys.platform == "linux":  # elsewhere workers watch their parent, and steps run to their end
        ctypes.CDLL(None).prctl(1, sent)  # PR_SET_PDEATHSIG


def is_cluster_job() -> bool:
    """Whether this is a job of a cluster: a build with a profile says so to all that it starts."""
    return "REELBOOK_PROFILE" in os.environ


_epochs: "Synchronized[int] | None" = None


def count_epochs_in(counter: "Synchronized[int]") -> None:
    """From now on, add the epochs that this process begins to a number that others see, too."""
    global _epochs
    _epochs = counter


def count_epoch() -> None:
    """Note that an epoch has begun; nothing where nobody asked."""
    if _epochs is not None:
        with _epochs.get_lock():
            _epochs.value += 1
