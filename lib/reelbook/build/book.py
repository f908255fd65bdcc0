"""The book: assembled from written pages and executed notebooks, built, checked and published."""

import fnmatch
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from reelbook.build.finish import finish_pages, name_figures, word_outputs
from reelbook.build.pages import list_faults
from reelbook.build.plan import Plan
from reelbook.data.names import count, word_items
from reelbook.errors import ReelbookError
from reelbook.files import read_yaml
from reelbook.paths import BOOK, format_path, get_plan_dir, name_command
from reelbook.processes import end_with_parent

START = (  # jupyter-book, started quicker
    "from reelbook.processes import skip_slow_import; skip_slow_import(); "
    "from jupyter_book.cli.main import main; main()"
)
FOLDED_TAGS = {"hide-input", "parameters", "injected-parameters"}


def make_book(plan: Plan) -> Path:
    """Build the pages of a plan beside the old ones, check them, and put them in their place.

    Raises:
        ReelbookError: a notebook holds an error or a warning, the build warned of something, or a
            page has a fault. The old pages then stay as they are.
    """
    folder = get_plan_dir(plan.name)
    wanted = [folder / "results.csv", *(folder / "executed" / f"{n}.ipynb" for n in plan.notebooks)]
    if missing := [path.name for path in wanted if not path.is_file()]:
        told = f"{missing[0]} is not there yet. Run: {name_command(plan.name)}"
        raise ReelbookError(f"The book of plan {plan.name} cannot be bound: {told}")
    source, built, log = folder / "book_src", folder / "book_built", folder / "logs" / "book.log"
    for old in [source, built]:
        shutil.rmtree(old, ignore_errors=True)
    assemble(plan, source)
    log.parent.mkdir(parents=True, exist_ok=True)
    run_jupyter_book(source, built, log)
    html = built / "_build" / "html"
    finish_pages(html)
    pages = [*plan.notebooks, *(page.stem for page in BOOK.glob("*.md"))]
    if faults := list_faults(html, [f"{page}.html" for page in pages]):
        raise ReelbookError(
            f"The pages have {count(len(faults), 'fault')} and were not published: "
            + "; ".join(faults[:5])
            + f"\n  all pages: {format_path(html)}"
        )
    publish(html, folder / "html")
    shutil.rmtree(built)
    return folder / "html" / "index.html"


def assemble(plan: Plan, target: Path) -> None:
    """Copy the written pages, the executed notebooks and results.csv into one folder.

    The notebooks lose papermill's notes, which hold paths of this machine; their code is folded.

    Raises:
        ReelbookError: a notebook has an output of an error, or wrote to stderr.
    """
    folder, notebooks, there = get_plan_dir(plan.name), list(plan.notebooks), plan.there
    shutil.copytree(BOOK, target)
    shutil.copy(folder / "results.csv", target)
    for page in target.glob("*.md"):
        text = fit_text(page.read_text(encoding="utf-8"), there)
        page.write_text(word_items(put_note(text, plan.note), plan.noun), encoding="utf-8")
    toc = read_yaml(target / "_toc.yml")
    patterns = {part["caption"]: part["chapters"][0].get("glob") for part in toc["parts"]}
    empty = {
        name for name, glob in patterns.items() if glob and not fnmatch.filter(notebooks, glob)
    }
    toc["parts"] = [part for part in toc["parts"] if part["caption"] not in empty]
    (target / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    titles = [] if plan.noun == "movies" else list_titles(plan)
    for name in notebooks:
        content = json.loads((folder / "executed" / f"{name}.ipynb").read_text(encoding="utf-8"))
        check_outputs(name, content)
        content["metadata"].pop("papermill", None)
        cells = plan.select_cells(content["cells"])
        name_figures(cells)
        if plan.noun != "movies":
            word_outputs(cells, plan.noun, titles)
        content["cells"] = fold_code(cells)
        head = content["cells"][0]
        head["source"] = put_note("".join(head["source"]), plan.note)
        for cell in content["cells"]:
            if cell["cell_type"] == "markdown":
                # Written pages lie beside the notebooks here, not in a folder of their own.
                text = fit_text("".join(cell["source"]).replace("../book/", ""), there)
                cell["source"] = word_items(text, plan.noun)
        text = json.dumps(content, indent=1)
        (target / f"{name}.ipynb").write_text(text, encoding="utf-8")


def put_note(text: str, note: str) -> str:
    """A page whose title is followed by a note in a box; as it was where there is none."""
    title, end, rest = text.partition("\n")
    return f"{title}\n\n```{{attention}}\n{note}\n```\n{end}{rest}" if note else text


def list_titles(plan: Plan) -> list[str]:
    """The titles of the plan's items."""
    from reelbook.data.store import load  # pandas, which a book on movies does without

    return load(plan.dataset).movies["title"].to_list()


def fit_text(text: str, there: list[str]) -> str:
    """A written page for a plan that lacks some notebooks: without what leads to them.

    What stands between `% with NAME` and `% end` goes with that notebook or trait of the data, and
    `% without NAME` is the other way round. A link to a notebook that is not there leaves its
    words.
    """

    def keep_block(found: re.Match[str]) -> str:
        return found[3] if (found[2] in there) == (found[1] == "with") else ""

    def keep_link(found: re.Match[str]) -> str:
        return found[0] if found[2] in there else found[1]

    block = re.compile(r"^% (with|without) (\w+)\n((?:(?!% ).*\n)*)% end\n", re.M)  # innermost
    while block.search(text):
        text = block.sub(keep_block, text)
    return re.sub(r"\[([^]]+)\]\((\d\w+)\.ipynb\)", keep_link, text)


def fold_code(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Cells for a reader: code folded away, and joined to the code below it if it shows nothing.

    A cell with a tag of its own, such as `remove-cell`, stays as it is.
    """
    folded: list[dict[str, Any]] = []
    for cell in cells:
        given = cell["metadata"].get("tags", [])
        tags = [tag for tag in given if not tag.startswith(("needs-", "without-"))]
        prompts = {name: cell["metadata"][name] for name in ["mystnb"] if name in cell["metadata"]}
        cell = cell | {"metadata": {"tags": tags} | prompts}
        if cell["cell_type"] == "code" and set(tags) <= FOLDED_TAGS:
            cell["metadata"] = {"tags": ["hide-input"]}
            above = folded[-1] if folded else None
            if above and above["metadata"] == cell["metadata"] and not shows(above):
                folded.pop()
                cell["source"] = "".join([*above["source"], "\n\n", *cell["source"]])
                cell["outputs"] = above["outputs"] + cell["outputs"]
        folded.append(cell)
    return folded


def shows(cell: dict[str, Any]) -> bool:
    """Whether a code cell has an output that a reader sees; glue without display is for prose."""
    return any(
        not key.startswith("application/papermill.record")
        for output in cell["outputs"]
        for key in output.get("data", output)
    )


def check_outputs(name: str, notebook: dict[str, Any]) -> None:
    """Refuse an error or a warning in a notebook: ReelbookError with the cell and the text."""
    for number, cell in enumerate(notebook["cells"], start=1):
        for output in cell.get("outputs", []):
            where = f"{name}, cell {number} of the executed notebook,"
            if output["output_type"] == "error":
                raise ReelbookError(f"{where} holds an error: {output['ename']}.")
            text = "".join(output.get("text", "")).strip()[:300]
            if output.get("name") == "stderr":
                raise ReelbookError(f"{where} wrote to stderr, which no page may show: {text}")
            if text.startswith("WARNING:"):  # TensorFlow logs to stdout where a person may look on
                raise ReelbookError(f"{where} holds a warning, which no page may show: {text}")


def run_jupyter_book(source: Path, built: Path, log: Path) -> None:
    """Build the pages; ReelbookError with the first warnings if there is any."""
    command = [sys.executable, "-c", START, "build", str(source), "--path-output", str(built)]
    command += ["--nitpick", "--warningiserror", "--keep-going", "--quiet"]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:  # a full disk would cut the log
        done = subprocess.run(
            command, stdout=file, stderr=subprocess.STDOUT, preexec_fn=end_with_parent
        )
        file.seek(0)
        text = file.read()
    log.write_text(text, encoding="utf-8")
    lines = re.sub(r"\x1b\[[\d;]*m", "", text).splitlines()  # without colours
    told = [line for line in lines if re.search("WARNING|ERROR|CRITICAL|Errno", line)]
    if done.returncode or told:
        shown = [line.replace(f"{source}/", "")[:300] for line in (told or lines)[:4]]
        what = "\n  ".join([f"The book does not build, log: {format_path(log)}", *shown])
        raise ReelbookError(what)


def publish(built: Path, target: Path) -> None:
    """Swap new pages in by two renames, so that a reader never meets half a book."""
    old = target.with_name("html_old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    built.rename(target)
    shutil.rmtree(old, ignore_errors=True)
