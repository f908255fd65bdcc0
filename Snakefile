# The road from a data set to the report: data -> executed notebooks -> results.csv -> book.
# `python -m reelbook build` runs it inside the build folder; paths are relative to that.
import json
import os
import sys

from reelbook import paths, pipeline

PLAN = pipeline.read_plan(config["plan"])
ROOT = os.path.relpath(paths.ROOT)
PAGE_MAKERS = ["book.py", "pages.py"]
BESIDE = {"__main__.py", "pipeline.py", "parameters.py", "verification.py", *PAGE_MAKERS}
LIBRARY = sorted(
    os.path.relpath(file)
    for file in (paths.ROOT / "lib" / "reelbook").rglob("*.*")
    if file.suffix in {".py", ".js", ".css", ".html"} and file.name not in BESIDE
)
LOADING = {"data.py", "parsing.py", "schema.py", "sources.py", "synthetic.py"}
PAGES = sorted(os.path.relpath(file) for file in paths.BOOK.rglob("*") if file.is_file())
CLAIMS = [file for file in PAGES if os.path.basename(file) in {"claims.yml", "documents.yml"}]
VERIFIED = [file for file in [f"{PLAN.name}/verification.json"] if os.path.exists(file)]
# A step's output is the record of what it made. Of that itself Snakemake would delete the last good
# version before it tries to make a new one.
STEPS = f"{PLAN.name}/steps"
REELBOOK = f"{sys.executable} -m reelbook"

wildcard_constraints:
    name="[^/]+",


rule all:
    input:
        f"{STEPS}/book.json",


rule data:
    input:
        [file for file in LIBRARY if os.path.basename(file) in LOADING],
    output:
        f"data/{PLAN.dataset}/data.json",
    params:
        dataset=PLAN.dataset,
    shell:
        "{REELBOOK} data {params.dataset:q}"


rule notebook:
    input:
        f"{ROOT}/notebooks/{{name}}.ipynb",
        LIBRARY,
        rules.data.output,
        # a page of the results waits for the figures, the claims and every notebook before it
        lambda wildcards: [*CLAIMS, f"{STEPS}/results.json", *VERIFIED]
        * PLAN.is_results(wildcards.name),
        lambda wildcards: [
            f"{STEPS}/notebook-{name}.json" for name in PLAN.list_earlier(wildcards.name)
        ],
    output:
        f"{STEPS}/notebook-{{name}}.json",
    params:
        plan=PLAN.name,
        parameters=lambda wildcards: json.dumps(PLAN.notebooks[wildcards.name], sort_keys=True),
    shell:
        "{REELBOOK} notebook {wildcards.name:q} --plan {params.plan:q}"


rule results:
    input:
        expand(f"{STEPS}/notebook-{{name}}.json", name=PLAN.chapters),
    output:
        f"{STEPS}/results.json",
    params:
        plan=PLAN.name,
    shell:
        "{REELBOOK} results {params.plan:q}"


rule book:
    input:
        expand(f"{STEPS}/notebook-{{name}}.json", name=PLAN.notebooks),
        rules.results.output,
        PAGES,
        [f"{ROOT}/lib/reelbook/{name}" for name in PAGE_MAKERS],
    output:
        f"{STEPS}/book.json",
    params:
        plan=PLAN.name,
    shell:
        "{REELBOOK} book {params.plan:q}"
