"""The start page of JupyterLab: every link leads somewhere, and the notebooks open in place."""

import re

from reelbook.build import lab
from reelbook.paths import NOTEBOOKS, PLANS, ROOT


def test_the_start_page_links_to_all_that_there_is(monkeypatch):
    monkeypatch.delenv("REELBOOK_BUILD", raising=False)
    page = lab.write_start_page()
    links = re.findall(r"\]\(([^)]+)\)", page.read_text())
    found = {(page.parent / link.replace("%20", " ")).resolve() for link in links}
    assert all(file.exists() for file in found)
    assert found >= {*NOTEBOOKS.glob("*.ipynb"), *PLANS.glob("*.yml"), ROOT / "README.md"}


def test_the_start_page_names_reports_and_their_executed_notebooks(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "ROOT", tmp_path)
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path / "build"))
    assert "None yet" in lab.write_start_page().read_text()
    for file in ["executed/01_a.ipynb", "html/index.html"]:
        (tmp_path / "build" / "toy" / file).parent.mkdir(parents=True)
        (tmp_path / "build" / "toy" / file).touch()
    text = lab.write_start_page().read_text()
    assert "**toy**: the report is `" in text
    assert "- [01_a](toy/executed/01_a.ipynb)" in text
