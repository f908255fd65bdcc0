"""The report on a real Slurm of two nodes: jobs, a lost node, a training that fails, Ctrl-C."""

import json
import shutil
import signal
import subprocess
import sys

import pytest
import slurm
import toys

LACKING = [name for name in slurm.PROGRAMS if slurm.find_program(name) is None]
pytestmark = pytest.mark.skipif(
    bool(LACKING), reason=f"no Slurm here (apt-get install slurm-wlm munge): {LACKING} are missing"
)
BUILD = ["build", "--plan", "toy", "--profile", "slurm"]
# The plugin looks at a queue in which nothing ends ever more rarely, by ten seconds each time.
IMPATIENT = """import asyncio
sleep = asyncio.sleep
asyncio.sleep = lambda seconds, *result: sleep(min(seconds, 1), *result)
"""
# What the model of chapter 08 does where a test says so.
FAULTS = """    import os, time
    from reelbook.errors import ReelbookError
    if os.environ.get("TOY_FAULT") == "fails":
        raise ReelbookError("it went astray")
    while os.environ.get("TOY_FAULT") == "hangs":
        time.sleep(0.1)
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A Slurm of two nodes."""
    running = slurm.Slurm(tmp_path_factory.mktemp("slurm"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Two chapters that train; a fault of the second one's model can be asked for."""
    folder = tmp_path_factory.mktemp("cluster") / "checkout"
    toys.make_cluster_checkout(folder, "slurm-init-seconds-before-status-checks")
    model = folder / "lib" / "reelbook" / "models" / "gaussian.py"
    head, fit, rest = model.read_text().partition("\ndef fit(")
    arguments, colon, body = rest.partition(":\n")
    model.write_text(head + fit + arguments + colon + FAULTS + body)
    (folder / "lib" / "sitecustomize.py").write_text(IMPATIENT)
    return folder


def start(cluster, checkout, **extra):
    return subprocess.Popen(
        [sys.executable, "-m", "reelbook", *BUILD],
        cwd=checkout,
        env=toys.make_environment(checkout, **cluster.environment, **extra),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def read_nodes(checkout) -> list[str]:
    files = sorted(checkout.glob("build/runs/*/run.json"))
    return [json.loads(file.read_text())["node"] for file in files]


def test_a_lost_node_and_a_failed_training_cost_their_own_runs(cluster, checkout):
    process = start(cluster, checkout, TOY_FAULT="fails")
    slurm.wait_for(lambda: read_nodes(checkout))  # the first run of chapter 02
    node = read_nodes(checkout)[0]
    cluster.lose(node)
    found = read_nodes(checkout)
    assert len(found) < 9, "lost too late"
    told = process.communicate(timeout=200)[1]
    assert process.returncode == 1
    assert "gaussian.fold_in: it went astray" in told
    steps = {file.stem.split("-")[1] for file in checkout.glob("build/toy/steps/notebook-*.json")}
    assert steps == {"02_matrix_factorization"}
    other = next(name for name in slurm.NODES if name != node)
    assert read_nodes(checkout).count(node) == len(found)  # what was finished was not lost
    assert read_nodes(checkout).count(other) == 9 - len(found)
    assert cluster.list_jobs() == []
    cluster.restore(node)


def test_ctrl_c_empties_the_queue(cluster, checkout):
    process = start(cluster, checkout, TOY_FAULT="hangs")
    slurm.wait_for(lambda: cluster.list_jobs("running"))
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert cluster.list_jobs() == []


def test_a_finished_build_is_that_of_home_byte_for_byte(cluster, checkout, tmp_path):
    shutil.copytree(checkout, tmp_path / "home")
    shutil.rmtree(tmp_path / "home" / "build")
    before = toys.snapshot(checkout / "build" / "runs")
    process = start(cluster, checkout)
    told = process.communicate(timeout=200)[1]
    assert process.returncode == 0, told
    assert before.items() <= toys.snapshot(checkout / "build" / "runs").items()
    here = toys.snapshot(checkout / "build" / "toy")
    home = toys.run(tmp_path / "home", "build", "--plan", "toy", REELBOOK_PROCESSES="1")
    assert home.returncode == 0, home.stderr
    results = [(place / "build/toy/results.csv") for place in (checkout, tmp_path / "home")]
    assert results[0].read_bytes() == results[1].read_bytes()
    again = toys.build(checkout)  # the place alone makes nothing anew
    assert again.returncode == 0, again.stderr
    assert toys.snapshot(checkout / "build" / "toy") == here
