"""Jobs of Snakemake as jobs of Kubernetes: `python -m reelbook.build.kubernetes submit FILE`.

Snakemake's executor `cluster-generic` calls it, as `profiles/kubernetes/config.yaml` says. The one
that Snakemake has for Kubernetes copies a step's declared outputs through an object store; here a
step declares a record, and the runs that this speaks of stand on a shared volume.
"""

import copy
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from reelbook.errors import ReelbookError
from reelbook.files import read_yaml

PASSED = ("REELBOOK_", "PYTHONHASHSEED", "PYTHONPATH")  # what begins so is the same in each job


def main(action: str, given: str) -> int:
    """Submit a job script and print the job's name, or print the state of a job."""
    try:
        if action == "submit":
            template = read_yaml(Path(os.environ["REELBOOK_PROFILE"], "job.yaml"))
            job = render_job(Path(given), template, dict(os.environ))
            ask(["create", "--filename", "-"], sent=json.dumps(job))
            print(job["metadata"]["name"])
        else:
            print(find_state(given))
    except ReelbookError as error:
        print(f"error: The cluster refused a job: {error}", file=sys.stderr)
        return 1
    return 0


def render_job(script: Path, template: dict[str, Any], environment: dict[str, str]) -> Any:
    """The manifest of a job.

    Args:
        script: that Snakemake wrote: its first comment has the rule, its wildcards and resources.
        template: a manifest with one container, to fill in.
        environment: of the build.
    """
    lines = script.read_text(encoding="utf-8").splitlines()
    told = next(line for line in lines if line.startswith("# properties = "))
    properties = json.loads(told.removeprefix("# properties = "))
    resources = properties["resources"]
    label = environment["REELBOOK_LABEL"]
    job = copy.deepcopy(template)
    job["metadata"] = {
        "name": f"{label}-{uuid.uuid4().hex[:8]}",
        "labels": {"reelbook": label},
        "annotations": {"step": " ".join([properties["rule"], *properties["wildcards"].values()])},
    }
    pod = job["spec"]["template"]["spec"]
    pod["activeDeadlineSeconds"] = 60 * resources["runtime"]
    (container,) = pod["containers"]
    container["command"] = ["/bin/sh", str(script)]
    passed = {key: value for key, value in environment.items() if key.startswith(PASSED)}
    container["env"] = [
        *({"name": key, "value": value} for key, value in sorted(passed.items())),
        {"name": "HOME", "value": "/tmp"},  # Snakemake keeps a cache there
        {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
    ]
    needs = {"cpu": str(properties["threads"]), "memory": f"{resources['mem_mb']}M"}
    container["resources"] = {"requests": needs, "limits": {"memory": needs["memory"]}}
    return job


def find_state(name: str) -> str:
    """Whether a job is `running`, a `success` or `failed`, in Snakemake's words."""
    try:
        status = json.loads(ask(["get", "job", name, "--output", "json"])).get("status", {})
    except ReelbookError as error:
        return "failed" if "NotFound" in str(error) else "running"  # no answer: ask again later
    if status.get("succeeded"):
        return "success"
    conditions = {one["type"] for one in status.get("conditions", []) if one["status"] == "True"}
    return "failed" if "Failed" in conditions else "running"


def ask(arguments: list[str], *, sent: str = "") -> str:
    """What kubectl answers; ReelbookError with its words where it fails."""
    done = subprocess.run(["kubectl", *arguments], input=sent, capture_output=True, text=True)
    if done.returncode:
        raise ReelbookError(" ".join(done.stderr.split()) or "kubectl failed")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
