"""Which jobs train what on a cluster, what they ask for, and how the queue is spoken to."""

import json

import pytest
import yaml

from reelbook.__main__ import main
from reelbook.build import cluster, trainings
from reelbook.build.plan import Plan
from reelbook.build.snakemake import describe_failure
from reelbook.build.steps import get_step_record
from reelbook.build.trainings import Run, group_runs
from reelbook.data.store import load
from reelbook.errors import ReelbookError
from reelbook.models import registry

GIVEN = {"dataset": "made-up", "folds": [1], "seeds": [0], "epochs": 1}
PLAN = Plan(
    "toy",
    "toy",
    "made-up",
    {"02_matrix_factorization": GIVEN, "08_recommend": {"dataset": "made-up", "folds": [1]}},
)


@pytest.fixture
def build(tmp_path, monkeypatch):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    return tmp_path


def test_runs_of_a_job_are_alike_in_memory_and_together_short():
    runs = [Run(f"short-{i}", "mf.dot", 100.0, 900.0) for i in range(7)]
    runs += [Run("long", "mf.mlp", 900.0, 900.0), Run("large", "topn.ease", 1.0, 9000.0)]
    groups = [[run.run_id for run in group] for group in group_runs(runs)]
    assert groups == [
        ["short-0", "short-1", "short-2"],
        ["short-3", "short-4", "short-5"],
        ["short-6"],
        ["long"],
        ["large"],
    ]


def test_memory_is_that_of_earlier_runs_or_of_what_a_model_grows_with(build):
    dataset = load("made-up")
    record = {"run_id": "a", "model": "mf.dot", "dataset": {"sha256": dataset.sha256}}
    record |= {"split": {"protocol": "official"}, "seconds": 1, "params": {}}
    for number, peak in enumerate([700.0, 1234.0]):
        folder = build / "runs" / str(number)
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps(record | {"peak_memory_mb": peak}))
    found = trainings.estimate_memory({"mf.dot", "mf.biased", "baseline.knn"}, dataset)
    assert found["mf.dot"] == 1234.0
    rows = 1000 + 250e-6 * len(dataset.ratings)
    assert found["mf.biased"] == pytest.approx(rows)
    assert "movies x movies" in registry.describe_model("baseline.knn").grows
    shares = [
        len(dataset.movies) ** 2 / registry.LIMITS["movies x movies"],
        len(dataset.ratings) / registry.LIMITS["ratings as Python objects"],
    ]
    assert found["baseline.knn"] == pytest.approx(rows + 16_000 * max(shares))


def test_a_model_that_is_left_out_asks_for_no_more_than_it_could_take(build, monkeypatch):
    monkeypatch.setitem(registry.LIMITS, "movies x movies", 1)
    found = trainings.estimate_memory({"baseline.knn"}, load("made-up"))
    assert found["baseline.knn"] < 18_000


def test_jobs_of_a_finished_chapter_stay_and_those_of_lost_runs_are_to_do(build):
    first = trainings.plan_trainings(PLAN)
    assert [name.split("-")[0] for name in first["ahead"]] == [*PLAN.notebooks]
    assert trainings.describe_jobs(first)[0] == "10 runs to train in 2 jobs"
    recommend = first["ahead"][1]
    trainings.train_job(PLAN, recommend)
    assert get_step_record("toy", f"train-{recommend}").exists()
    second = trainings.plan_trainings(PLAN)
    assert second["ahead"] == first["ahead"][:1]
    assert second["chapters"] == first["chapters"]
    (run_id,) = first["jobs"][recommend]["runs"]
    (build / "runs" / run_id / "run.json").unlink()
    assert trainings.plan_trainings(PLAN)["ahead"] == first["ahead"]
    assert not get_step_record("toy", f"train-{recommend}").exists()


def test_a_job_that_nobody_planned_or_whose_runs_are_others_now_is_told(build):
    with pytest.raises(ReelbookError, match=r"trainings\.json holds no job 'x'\."):
        trainings.train_job(PLAN, "x")
    content = trainings.plan_trainings(PLAN)
    name = content["ahead"][1]
    content["jobs"][name]["runs"] = ["0123"]
    trainings.get_path(PLAN).write_text(json.dumps(content))
    with pytest.raises(ReelbookError, match=f"or the data changed since job {name} was planned"):
        trainings.train_job(PLAN, name)


def test_a_notebook_asks_for_what_it_took_or_for_a_guess(build):
    asked = trainings.read_trainings(PLAN) | {"rows_mb": 1000.0}
    assert trainings.estimate_notebook(PLAN, "08_recommend", asked) == (4500, 30)
    meta = build / "toy" / "executed" / "08_recommend.meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"peak_memory_mb": 1300.0, "seconds": 60.0}))
    assert trainings.estimate_notebook(PLAN, "08_recommend", asked) == (2000, 12)


@pytest.fixture
def profile(tmp_path, monkeypatch):
    """A profile `mine` whose options a test sets; in PATH a squeue and a scancel of its own."""
    monkeypatch.setattr(cluster, "PROFILES", tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)

    def write(options: object = None, **programs: str) -> str:
        (tmp_path / "mine").mkdir(exist_ok=True)
        text = yaml.safe_dump({"executor": "slurm"} if options is None else options)
        (tmp_path / "mine" / "config.yaml").write_text(text)
        for name, script in {"squeue": "true", "scancel": "true", **programs}.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / name).chmod(0o755)
        return "mine"

    return write


def test_a_wrong_profile_is_told_in_a_line(profile, monkeypatch, capsys):
    profile({"executor": "lsf"})
    assert main(["build", "--plan", "smoke", "--profile", "theirs"]) == 1
    assert "There is no profile 'theirs'. The profiles are mine." in capsys.readouterr().err
    with pytest.raises(ReelbookError, match=r"executor must be slurm or cluster-generic\.$"):
        cluster.read_cluster("mine")
    name = profile()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ReelbookError, match="Profile mine needs squeue, which is not installed"):
        cluster.read_cluster(name)


def test_only_jobs_of_this_build_folder_are_cancelled(profile, build):
    own = cluster.read_cluster(profile())
    queue = build / "queue"
    queue.write_text(f"7 {own.label}_x\n8 reelbook-of-another\n9 theirs\n")
    profile(squeue=f"cat {queue}", scancel=f'echo "$@" >> {build}/told; sed -i 1d {queue}')
    cluster.empty_queue(own)
    assert (build / "told").read_text() == "7\n"


def test_a_cluster_that_does_not_answer_or_does_not_cancel_is_told(profile, build):
    found = cluster.read_cluster(profile(squeue="echo no controller >&2; exit 1"))
    with pytest.raises(ReelbookError, match="does not answer: squeue: no controller"):
        cluster.empty_queue(found)
    profile(squeue=f"echo 7 {found.label}")
    with pytest.raises(ReelbookError, match=r"cancelled, but are still in the queue: 7\."):
        cluster.empty_queue(found)


def test_why_a_cluster_refused_jobs_is_told_once(tmp_path):
    (tmp_path / "errors").mkdir()
    log = tmp_path / "snakemake.log"
    log.write_text(2 * "SLURM sbatch failed. The error message was 'too much\nmemory'.\n")
    lines = describe_failure([], tmp_path / "errors", log).splitlines()
    assert lines[0] == "The cluster refused a job: too much memory"
    assert lines[1] == f"Snakemake's log: {log}"
