"""What Kubernetes is asked for, and a build by a kubectl that runs the jobs on this machine."""

import json
import os
import re
from pathlib import Path

import pytest
import toys
import yaml

from reelbook.build import kubernetes
from reelbook.errors import ReelbookError
from reelbook.files import read_yaml
from reelbook.paths import PROFILES, ROOT

FOLDER = PROFILES / "kubernetes"
HERE = Path(__file__).parent
PROPERTIES = {
    "rule": "train",
    "wildcards": {"job": "02_x-1234"},
    "threads": 1,
    "resources": {"mem_mb": 2500, "runtime": 11},
}
ENVIRONMENT = {
    "REELBOOK_LABEL": "reelbook-abc",
    "REELBOOK_BUILD": "/reelbook/build",
    "PYTHONPATH": "/reelbook/lib",
    "SECRET": "of the person who builds",
}


@pytest.fixture
def script(tmp_path):
    """A job script as Snakemake writes it."""
    path = tmp_path / "snakejob.train.4.sh"
    path.write_text(f"#!/bin/sh\n# properties = {json.dumps(PROPERTIES)}\ncd /reelbook && true\n")
    return path


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    """The stand-in for kubectl first in PATH; where it keeps its jobs."""
    (tmp_path / "jobs").mkdir()
    monkeypatch.setenv("PATH", f"{HERE}:{os.environ['PATH']}")
    monkeypatch.setenv("REELBOOK_TOY_CLUSTER", str(tmp_path / "jobs"))
    return tmp_path / "jobs"


def test_a_job_has_its_step_its_needs_and_what_the_build_knows(script):
    job = kubernetes.render_job(script, read_yaml(FOLDER / "job.yaml"), ENVIRONMENT)
    assert re.fullmatch("reelbook-abc-[0-9a-f]{8}", job["metadata"]["name"])
    assert job["metadata"]["labels"] == {"reelbook": "reelbook-abc"}
    assert job["metadata"]["annotations"] == {"step": "train 02_x-1234"}
    pod = job["spec"]["template"]["spec"]
    assert pod["activeDeadlineSeconds"] == 660
    assert pod["restartPolicy"] == "Never"
    (container,) = pod["containers"]
    assert container["command"] == ["/bin/sh", str(script)]
    assert container["resources"] == {
        "requests": {"cpu": "1", "memory": "2500M"},
        "limits": {"memory": "2500M"},
    }
    values = {one["name"]: one.get("value") for one in container["env"]}
    assert values == {
        "REELBOOK_LABEL": "reelbook-abc",
        "REELBOOK_BUILD": "/reelbook/build",
        "PYTHONPATH": "/reelbook/lib",
        "HOME": "/tmp",
        "NODE_NAME": None,  # from the pod itself
    }


def test_jobs_and_the_build_share_image_volume_and_claim():
    parts = list(yaml.safe_load_all((FOLDER / "head.yaml").read_text()))
    kinds = {part["kind"]: part for part in parts}
    job, head = (
        one["spec"]["template"]["spec"] for one in (read_yaml(FOLDER / "job.yaml"), kinds["Job"])
    )
    for name in ["image", "volumeMounts"]:
        assert job["containers"][0][name] == head["containers"][0][name]
    assert job["volumes"] == head["volumes"]
    claim = job["volumes"][0]["persistentVolumeClaim"]["claimName"]
    assert kinds["PersistentVolumeClaim"]["metadata"]["name"] == claim
    assert head["serviceAccountName"] == kinds["ServiceAccount"]["metadata"]["name"]
    text = (FOLDER / "Containerfile").read_text()
    assert f"--tag {job['containers'][0]['image']} " in text
    mount = job["containers"][0]["volumeMounts"][0]["mountPath"]
    assert mount == f"{re.search('WORKDIR (.+)', text)[1]}/build"
    for copied in re.findall(r"^COPY (.+) \./\S*$", text, re.M):
        assert all((ROOT / name).exists() for name in copied.split())


def test_the_state_of_a_job_in_the_words_of_snakemake(monkeypatch):
    told = {
        '{"status": {"succeeded": 1}}': "success",
        '{"status": {"active": 1}}': "running",
        '{"status": {"conditions": [{"type": "Failed", "status": "True"}]}}': "failed",
        "{}": "running",
    }
    for answer, state in told.items():
        monkeypatch.setattr(kubernetes, "ask", lambda arguments, answer=answer: answer)
        assert kubernetes.find_state("a") == state
    for answer, state in {"jobs (NotFound)": "failed", "timeout": "running"}.items():

        def fail(arguments, answer=answer):
            raise ReelbookError(answer)

        monkeypatch.setattr(kubernetes, "ask", fail)
        assert kubernetes.find_state("a") == state


def test_a_job_that_is_refused_is_told(script, kubectl, monkeypatch, capsys):
    monkeypatch.setenv("REELBOOK_PROFILE", str(FOLDER))
    monkeypatch.setenv("REELBOOK_LABEL", "reelbook-abc")
    monkeypatch.setenv("REELBOOK_TOY_CLUSTER", "/nowhere")
    assert kubernetes.main("submit", str(script)) == 1
    assert capsys.readouterr().err.startswith("error: The cluster refused a job: Traceback")


def test_the_jobs_build_the_report(kubectl, tmp_path):
    checkout = toys.make_cluster_checkout(tmp_path / "checkout", "seconds-between-status-checks")
    done = toys.run(
        checkout, "build", "--plan", "toy", "--profile", "kubernetes",
        REELBOOK_TOY_CLUSTER=str(kubectl),
    )  # fmt: skip
    logs = "\n".join(file.read_text()[-2000:] for file in kubectl.glob("*.log"))
    assert done.returncode == 0, done.stderr + logs
    assert (checkout / "build" / "toy" / "results.csv").stat().st_size > 1000
    jobs = [json.loads(file.read_text()) for file in kubectl.glob("*.json")]
    steps = sorted(job["metadata"]["annotations"]["step"].split("-")[0] for job in jobs)
    assert steps == [
        "notebook 02_matrix_factorization",
        "notebook 08_recommend",
        "train 02_matrix_factorization",
        "train 08_recommend",
    ]
    records = [json.loads(f.read_text()) for f in (checkout / "build").glob("runs/*/run.json")]
    assert {record["node"] for record in records} == {"node-7"}
