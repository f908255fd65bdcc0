# The road from a data set to the report: data -> executed notebooks -> results.csv -> book.
# `python -m reelbook build` runs it inside the build folder; paths are relative to that.
import json
import os
import shlex
import sys

from reelbook import paths
from reelbook.build.plan import read_plan
from reelbook.build.trainings import estimate_notebook, find_done, read_trainings
from reelbook.data.names import name_dataset
from reelbook.files import read_yaml

PLAN = read_plan(config["plan"], config["data"] or None)
DATASETS = {name_dataset(dataset): dataset for dataset in PLAN.datasets}
OF_PLAN = f"{PLAN.file} --data {PLAN.data_name}" if config["data"] else PLAN.file
ROOT = os.path.relpath(paths.ROOT)
PACKAGE = paths.ROOT / "lib" / "reelbook"
PAGE_MAKERS = ["build/book.py", "build/pages.py"]
BESIDE = [
    "__main__.py", "build/__init__.py", "build/plan.py", "build/run.py", "build/results.py",
    "build/matrix.py", "build/batch.py", "build/comparison.py", "build/parameters.py", "build/golden.py", "build/outlook.py", "build/steps.py", "build/verify.py",
    "build/console.py", "build/cluster.py", "build/kubernetes.py", "build/snakemake.py", "build/trainings.py", *PAGE_MAKERS,
]
LIBRARY = sorted(
    os.path.relpath(file)
    for file in PACKAGE.rglob("*.*")
    if file.suffix in {".py", ".js", ".css", ".html"}
    and str(file.relative_to(PACKAGE)) not in BESIDE
)
PAGES = sorted(os.path.relpath(file) for file in paths.BOOK.rglob("*") if file.is_file())
CLAIMS = [file for file in PAGES if os.path.basename(file) in {"claims.yml", "documents.yml"}]
VERIFIED = [file for file in [f"{PLAN.name}/verification.json"] if os.path.exists(file)]
# A step's output is the record of what it made. Of that itself Snakemake would delete the last good
# version before it tries to make a new one.
STEPS = f"{PLAN.name}/steps"
# On a cluster a chapter waits for the jobs that train its runs. At home it trains them itself, and
# those of a finished build stay among its inputs, so that the place alone makes nothing anew.
TRAININGS = read_trainings(PLAN)
ON_CLUSTER = "REELBOOK_PROFILE" in os.environ
JOBS_OF = {
    name: TRAININGS["chapters"].get(name, []) if ON_CLUSTER else find_done(PLAN, TRAININGS, name)
    for name in PLAN.notebooks
}
# What takes longest starts first, or the build waits for it alone.
SECONDS = read_yaml(paths.BOOK / "costs.yml")["chapters"]
REELBOOK = f"exec {shlex.quote(sys.executable)} -m reelbook"  # our child: it ends with us

wildcard_constraints:
    name="[^/]+",
    dataset="[^/]+",
    job="[^/]+",


# Too small for a queue.
localrules: all, data, results, book


rule all:
    input:
        # a batch ends with its notebooks: what compares them goes by those that did not fail
        expand(f"{STEPS}/notebook-{{name}}.json", name=PLAN.notebooks)
        if PLAN.notebook
        else f"{STEPS}/book.json",


rule data:
    input:
        [file for file in LIBRARY if os.path.dirname(file).endswith("/data")],
    output:
        "data/{dataset}/data.json",
    params:
        # no name: what it stands for is in the output, deleted before
        dataset=lambda wildcards: DATASETS[wildcards.dataset],
    shell:
        "{REELBOOK} data {params.dataset:q}"


rule train:
    input:
        # ancient: prepared anew from the same files, data train nothing anew
        lambda wildcards: ancient(f"data/{PLAN.data_name}/data.json"),
    output:
        f"{STEPS}/train-{{job}}.json",
    retries: 1  # with twice the memory and time: what was finished is found
    resources:
        mem_mb=lambda wildcards, attempt: TRAININGS["jobs"][wildcards.job]["memory_mb"] * attempt,
        runtime=lambda wildcards, attempt: TRAININGS["jobs"][wildcards.job]["minutes"] * attempt,
    shell:
        "{REELBOOK} train {wildcards.job:q} --plan {OF_PLAN}"


rule notebook:
    input:
        lambda wildcards: f"{ROOT}/notebooks/{PLAN.get_source(wildcards.name)}.ipynb",
        LIBRARY,
        lambda wildcards: f"data/{PLAN.get_data_name(wildcards.name)}/data.json",
        lambda wildcards: [f"{STEPS}/train-{job}.json" for job in JOBS_OF[wildcards.name]],
        # a page of the results waits for the figures, the claims and every notebook before it
        lambda wildcards: [*CLAIMS, f"{STEPS}/results.json", *VERIFIED]
        * PLAN.is_results(wildcards.name),
        lambda wildcards: [
            f"{STEPS}/notebook-{name}.json" for name in PLAN.list_earlier(wildcards.name)
        ],
    output:
        f"{STEPS}/notebook-{{name}}.json",
    params:
        parameters=lambda wildcards: json.dumps(PLAN.notebooks[wildcards.name], sort_keys=True),
    priority: lambda wildcards: SECONDS.get(PLAN.get_source(wildcards.name), 0),
    resources:
        mem_mb=lambda wildcards: estimate_notebook(PLAN, wildcards.name, TRAININGS)[0],
        runtime=lambda wildcards: estimate_notebook(PLAN, wildcards.name, TRAININGS)[1],
    shell:
        "{REELBOOK} notebook {wildcards.name:q} --plan {OF_PLAN}"


rule results:
    input:
        expand(f"{STEPS}/notebook-{{name}}.json", name=PLAN.chapters),
    output:
        f"{STEPS}/results.json",
    shell:
        "{REELBOOK} results {OF_PLAN}"


rule book:
    input:
        expand(f"{STEPS}/notebook-{{name}}.json", name=PLAN.notebooks),
        rules.results.output,
        PAGES,
        [os.path.relpath(PACKAGE / name) for name in PAGE_MAKERS],
    output:
        f"{STEPS}/book.json",
    shell:
        "{REELBOOK} book {OF_PLAN}"
