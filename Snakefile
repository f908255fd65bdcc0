# The road from a data set to the report: data -> executed notebooks -> results.csv -> book.
# `python -m reelbook build` runs it inside the build folder; paths are relative to that.
import json
import os
import shlex
import sys

from reelbook import paths
from reelbook.build.plan import read_plan
from reelbook.data.names import name_dataset

PLAN = read_plan(config["plan"], config["data"] or None)
DATASETS = {name_dataset(dataset): dataset for dataset in PLAN.datasets}
OF_PLAN = f"{PLAN.file} --data {PLAN.data_name}" if config["data"] else PLAN.file
ROOT = os.path.relpath(paths.ROOT)
PACKAGE = paths.ROOT / "lib" / "reelbook"
PAGE_MAKERS = ["build/book.py", "build/pages.py"]
BESIDE = [
    "__main__.py", "build/__init__.py", "build/plan.py", "build/run.py", "build/results.py",
    "build/matrix.py", "build/batch.py", "build/comparison.py", "build/parameters.py", "build/golden.py", "build/outlook.py", "build/steps.py", "build/verify.py", *PAGE_MAKERS,
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
REELBOOK = f"exec {shlex.quote(sys.executable)} -m reelbook"  # our child: it ends with us

wildcard_constraints:
    name="[^/]+",
    dataset="[^/]+",


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


rule notebook:
    input:
        lambda wildcards: f"{ROOT}/notebooks/{PLAN.get_source(wildcards.name)}.ipynb",
        LIBRARY,
        lambda wildcards: f"data/{PLAN.get_data_name(wildcards.name)}/data.json",
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
