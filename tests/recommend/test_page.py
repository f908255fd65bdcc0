import json
import shutil
import subprocess
from urllib.parse import quote

import pytest
from browser import find_browser, open_browser

from reelbook.data.titles import simplify
from reelbook.recommend import recommender
from reelbook.recommend.page import BROWSER, make_page, pack_model


@pytest.fixture(scope="module")
def tab(made, tmp_path_factory):
    """The page in a browser."""
    if find_browser() is None:
        pytest.skip("no Chromium on this machine")
    file = tmp_path_factory.mktemp("page") / "page.html"
    text = f"<!doctype html><meta charset=utf-8><title>page</title>{make_page(made)}"
    file.write_text(text)
    with open_browser() as found:
        found.address = file.as_uri()
        yield found


def run_script(made, expression):
    """The value of an expression among the page's own functions, without a page."""
    if shutil.which("node") is None:
        pytest.skip("no node on this machine")
    scripts = [(BROWSER / name).read_text(encoding="utf-8") for name in ("model.js", "titles.js")]
    model = f"const model = {json.dumps(pack_model(made))};"
    code = "\n".join([model, *scripts, f"console.log(JSON.stringify({expression}));"])
    done = subprocess.run(["node", "-"], input=code, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_script_recommends_what_python_does(made):
    names = made.movies["name"].tolist()
    found = run_script(made, "(liked.push(4, 9), recommend())")
    ours = recommender.recommend_to_fan(made, [names[4], names[9]])
    assert len({row["name"] for row in found} & set(ours["name"])) >= 9  # weights are in 8 bits
    stars = ours.set_index("name")["stars"]
    for row in found:
        if row["name"] in stars:
            assert row["stars"] == pytest.approx(stars[row["name"]], abs=0.02)


def test_the_script_takes_two_ids_for_one_movie(twins):
    liked = twins.movies["name"].tolist()[0]
    found = run_script(twins, "(liked.push(0), [recommend(), match('twin'), match('')])")
    for shown in [[row["name"] for row in found[0]], [twins.movies["name"][i] for i in found[1]]]:
        assert len(set(shown)) == len(shown) > 5
        assert liked not in shown
    assert found[2] == []


TYPED = [
    "Misérables, Les (1995)", "les mise\u0301rables", "Beauty & the Beast", "8½ (1963)", "8 1/2",
    "Enfer, L\u2019", "Die Straße", "$", "", "!!!", "$ (1971)", " Fargo  (1996) ", "Yo_Yo",
    "Paris, Texas",
    "Seven (Se7en) (1995)", "千と千尋", "Godfather, THE", "1984", "City, The (Cité, La) (1995)",
]  # fmt: skip


def test_the_script_spells_titles_as_python_does(made):
    found = run_script(made, f"{json.dumps(TYPED)}.map(simplify)")
    assert found == [simplify(title) for title in TYPED]


def test_the_script_finds_titles_as_people_type_them(made):
    names = ["The Godfather (1972)", "Les Misérables (1995)", "Beauty and the Beast (1991)"]
    movies = made.movies.copy()
    movies.loc[:2, "name"] = names
    made = made._replace(movies=movies)
    for typed, place in [("Godfather, The", 0), ("godf", 0), ("les miserables", 1), ("& the", 2)]:
        assert run_script(made, f"match({typed!r})[0]") == place
    assert run_script(made, "[match('Godfhater'), listClosest('Godfhater')]") == [[], [0]]
    assert run_script(made, "['misérables, les (1995)', 'Qqq'].map(findMovie)") == [1, None]


def test_the_page_recommends_what_python_does(made, tab):
    tab.open(tab.address)
    names = made.movies["name"].tolist()
    ours = recommender.recommend_to_fan(made, [names[4]])
    tab.run("document.getElementById('rb-input').focus()")
    tab.type(names[4])
    tab.press("ArrowDown")
    assert tab.run("document.activeElement.getAttribute('aria-activedescendant')") == "rb-option-0"
    tab.press("Enter")
    shown = tab.run("[...document.querySelectorAll('#rb-list strong')].map(e => e.textContent)")
    assert len(set(shown) & set(ours["name"])) >= 9  # weights are rounded to 8 bits
    stars = tab.run("document.querySelector('#rb-list .rb-stars').textContent")
    first = ours[ours["name"] == shown[0]].iloc[0]
    assert float(stars.split()[0]) == pytest.approx(first["stars"], abs=0.11)
    assert "10 recommendations" in tab.run("document.getElementById('rb-status').textContent")


def test_titles_are_text_and_never_html(made, tab):
    tab.open(tab.address)
    tab.run("document.getElementById('rb-input').focus()")
    tab.type("bold")
    assert tab.run("document.querySelector('#rb-options li').textContent").startswith(
        made.movies["name"][0]
    )
    tab.press("Enter")
    assert made.movies["name"][0] in tab.run(
        "document.querySelector('#rb-liked button').textContent"
    )
    assert tab.run("document.querySelectorAll('#rb-page img, #rb-page b').length") == 0


def test_a_like_can_be_taken_back_and_escape_closes(made, tab):
    tab.open(tab.address)
    tab.run("document.getElementById('rb-input').focus()")
    tab.type(made.movies["name"].iloc[7][:4])
    assert tab.run("document.getElementById('rb-input').getAttribute('aria-expanded')") == "true"
    tab.press("Escape")
    assert tab.run("document.getElementById('rb-options').hidden")
    tab.run("document.getElementById('rb-input').select()")
    tab.type(made.movies["name"].iloc[7])
    tab.press("Enter")
    assert tab.run("document.querySelectorAll('#rb-list li').length") == 10
    tab.run("document.querySelector('#rb-liked button').click()")
    assert tab.run("document.querySelectorAll('#rb-list li').length") == 0


def test_a_link_holds_the_likes_and_what_it_cannot_mean_is_passed_over(made, tab):
    name = made.movies["name"].iloc[7]
    tab.open(f"{tab.address}#like=%E0%A4%A|No such title|{quote(name)}")
    buttons = tab.run("[...document.querySelectorAll('#rb-liked button')].map(e => e.textContent)")
    assert buttons == [f"{name} ✕"]
    assert tab.run("document.getElementById('rb-status').textContent").endswith(
        "Not found: No such title."
    )
    assert tab.run("document.querySelectorAll('#rb-list li').length") == 10


def test_the_page_says_what_is_there_for_being_popular(blind, tab, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(f"<!doctype html><meta charset=utf-8><title>page</title>{make_page(blind)}")
    tab.open(f"{file.as_uri()}#like={quote(blind.movies['name'].iloc[0])}")
    ours = recommender.recommend_to_fan(blind, blind.movies["name"].tolist()[:1], k=10)
    shown = tab.run("[...document.querySelectorAll('#rb-list strong')].map(e => e.textContent)")
    assert shown == ours["name"].tolist()
    why = tab.run("[...document.querySelectorAll('#rb-list .rb-why')].map(e => e.textContent)")
    assert why == [recommender.POPULAR] * 10
