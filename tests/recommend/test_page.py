import json
import shutil
import subprocess
from urllib.parse import quote

import exports
import numpy as np
import pandas as pd
import pytest
from browser import find_browser, open_browser

from reelbook.data.titles import match_titles, simplify
from reelbook.recommend import recommender
from reelbook.recommend.page import BROWSER, SCRIPTS, make_page, pack_model
from reelbook.recommend.ratings_file import match_ratings, read_ratings

PLACES = [3, 5, 8, 13]
CATALOGUE = [
    "The Battleship Potemkin (Bronenosets Potyomkin) (1925)", "Sabrina (1954)", "Sabrina (1995)",
    "Star Wars: Episode IV - A New Hope (1977)", "Born into Brothels (2004)", "Fargo (1996)",
    "Hate (Haine, La) (1995)", "Star Trek: Insurrection (1998)", "The Lodger (1944)",
    "A Lodger (1927)", "Undated", "Seven (Se7en) (1995)", "$ (1971)", "8½ (1963)",
    "Sabrina (1995)", "Les Misérables (1995)",
]  # fmt: skip
ASKED = [
    "Battleship Potemkin (1925)", "The Fargo (1996)", "Star Wars (1977)", "Star Wars (1978)",
    "Born Into Brothels: Calcutta's Red Light Kids (2004)", "Star Trek: Generations (1998)",
    "Fargo (1995)", "Fargo (1998)", "La Haine (1996)", "Sabrina", "Sabrina (1996)", "Lodger (1944)",
    "Undated (2001)", "Se7en", "les miserables (1996)", "Fargo (True Crime, #1) (1996)",
    "The (1990)", "A", "(1990)", "", ": (1990)",
]  # fmt: skip


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
    scripts = [(BROWSER / name).read_text(encoding="utf-8") for name in SCRIPTS[:-1]]
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


def test_the_script_shares_a_list_out_as_python_does(made):
    liked = [4, 9, 2]
    ours = recommender.recommend_to_fan(made, made.movies["name"].iloc[liked].tolist())
    place = made.movies.set_index("name").index.get_loc(ours["name"][0])
    found = run_script(made, f"(liked.push(...{liked}), findPulls({place}))")
    shares = recommender.find_pulls(made, np.array(liked), place)
    assert dict(found) == pytest.approx(shares.to_dict(), abs=0.01)
    assert [share for _, share in found] == sorted((share for _, share in found), reverse=True)
    assert run_script(made, "formatPulls([['A', 0.75], ['B', 0.246], ['C', 0.004]])") == (
        recommender.format_pulls(pd.Series({"A": 0.75, "B": 0.246, "C": 0.004}))
    )


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


def test_without_its_script_the_page_says_what_it_needs(made):
    """JupyterLab shows outputs of a notebook that it does not trust without their scripts."""
    text, _ = make_page(made).split("<script>")
    assert "in JupyterLab, trust the notebook or run this cell." in text


def test_the_page_recommends_what_python_does(made, tab):
    tab.open(tab.address)
    assert tab.run("document.getElementById('rb-status').textContent") == "Nothing chosen yet."
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


def test_what_only_pushes_a_movie_down_is_no_reason(made):
    down = made._replace(weights=np.full_like(made.weights, -1.0))  # on itself, too: it is liked
    assert not any(row["why"] for row in run_script(down, "(liked.push(4), recommend())"))
    assert set(recommender.recommend_to_fan(down, [down.movies["name"][4]])["because"]) == {""}


def test_the_reader_sorts_a_list_by_stars(made, tab):
    tab.open(tab.address)
    is_shown = "document.getElementById('rb-order').checkVisibility()"
    assert not tab.run(is_shown)
    tab.open(f"{tab.address}#like={quote(made.movies['name'][4])}")
    read = "[...document.querySelectorAll('#rb-list li')].map(e => e.textContent)"
    by_fit = tab.run(read)
    assert "%)" in by_fit[0]
    assert tab.run(is_shown)
    tab.run(
        "(e => {e.value = 'stars'; e.dispatchEvent(new Event('change'))})"
        "(document.getElementById('rb-order'))"
    )
    by_stars = tab.run(read)
    assert sorted(by_stars) == sorted(by_fit)
    assert by_stars != by_fit
    stars = tab.run(
        "[...document.querySelectorAll('#rb-list .rb-stars')].map(e => parseFloat(e.textContent))"
    )
    assert stars == sorted(stars, reverse=True)


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


@pytest.fixture
def films(dataset):
    """Title and year of four movies, the places of which are PLACES."""
    movies = dataset.movies.sort_values("movie_id").iloc[PLACES]
    return list(zip(movies["title"], movies["year"].astype(str), strict=True))


def test_the_script_reads_files_as_python_does(made, dataset, films, tmp_path):
    files = exports.make_files(films)
    files["odd.csv"] = b'Year,Title,My Rating,x\n1990,,4,\n1990,"A ""b"",\nc",4.5,\n1991,d,five,'
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        read = f"readRatings(Uint8Array.from({list(content)}))"
        theirs = run_script(made, f"(r => [r, [...matchRatings(r).found]])({read})")
        ours = read_ratings(tmp_path / name)
        assert [row["title"] for row in theirs[0]["ratings"]] == ours.titles
        assert [row["stars"] for row in theirs[0]["ratings"]] == ours.stars.tolist()
        assert theirs[0]["top"] == ours.top
        if name != "odd.csv":
            found = match_ratings(ours, dataset)
            assert theirs[1] == [list(pair) for pair in zip(found.rated, found.given, strict=True)]


def test_the_script_matches_titles_as_python_does(made):
    movies = made.movies.copy()
    names = [*CATALOGUE, *movies["name"][len(CATALOGUE) :]]
    made = made._replace(movies=movies.assign(name=names))
    asked = [*TYPED, *CATALOGUE, *ASKED]
    found = run_script(made, f"{json.dumps(asked)}.map(matchTitle)")
    assert found == match_titles(asked, names)
    assert sum(map(bool, found)) > len(CATALOGUE) + 10


def list_shown(tab):
    return tab.run("[...document.querySelectorAll('#rb-list strong')].map(e => e.textContent)")


def list_stars(tab):
    return tab.run("[...document.querySelectorAll('#rb-liked select')].map(e => e.value)")


def test_a_chosen_file_gives_the_list_that_the_command_gives(made, films, tab, tmp_path):
    file = tmp_path / "letterboxd.csv"
    file.write_bytes(exports.make_files(films)["letterboxd.csv"])
    tab.open(tab.address)
    tab.send("Network.enable")
    tab.events.clear()
    tab.choose_file("#rb-file", file)
    tab.wait_for("document.querySelectorAll('#rb-list li').length === 10")
    assert "Network.requestWillBeSent" not in tab.events  # nothing leaves the page
    assert tab.run("document.getElementById('rb-told').textContent") == (
        "letterboxd.csv (Letterboxd): 5 ratings, stars out of 5. 4 of 5 titles found."
    )
    missing = "document.getElementById('rb-missing')"
    assert tab.run(f"{missing}.querySelector('summary').textContent") == "1 not found"
    assert tab.run(f"{missing}.querySelector('li').textContent") == f"{exports.UNKNOWN} (2001)"
    assert list_stars(tab) == ["5", "1", "3", "4"]
    ours = recommender.recommend(made, np.array(PLACES), np.array([5.0, 1, 3, 4]))
    shown = list_shown(tab)
    assert len(set(shown) & set(ours["name"])) >= 9  # weights are in 8 bits
    stars = tab.run("[...document.querySelectorAll('.rb-stars')].map(e => parseFloat(e.innerText))")
    expected = ours.set_index("name")["stars"]
    for name, star in zip(shown, stars, strict=True):
        if name in expected:
            assert star == pytest.approx(expected[name], abs=0.11)


@pytest.mark.parametrize("name", ["imdb.csv", "excel.txt"])
def test_a_dropped_file_is_read_in_its_own_letters(films, tab, name):
    """IMDb's is Latin-1: as UTF-8 its titles would have signs in place of letters."""
    content = list(exports.make_files(films)[name])
    tab.open(tab.address)
    tab.run(f"var data = new DataTransfer(); var content = Uint8Array.from({content})")
    tab.run(f"data.items.add(new File([content], {name!r})) && 0")
    tab.run(
        "document.getElementById('rb-liked').dispatchEvent(new DragEvent('drop',"
        "{dataTransfer: data, bubbles: true, cancelable: true}))"
    )
    tab.wait_for("document.querySelectorAll('#rb-list li').length === 10")
    assert list_stars(tab) == ["5", "1", "3", "4"]
    missing = tab.run("document.querySelector('#rb-missing li').textContent")
    assert missing == f"{exports.UNKNOWN} (2001)"


def test_the_file_and_the_stars_are_reached_by_keys_alone(made, films, tab, tmp_path):
    file = tmp_path / "mine.csv"
    file.write_bytes(exports.make_files(films)["two.csv"])
    tab.open(tab.address)
    tab.send("Page.enable")
    tab.send("Page.setInterceptFileChooserDialog", enabled=True)
    tab.run("document.getElementById('rb-input').focus()")
    tab.press("Tab")
    assert tab.run("document.activeElement.id") == "rb-file"
    assert tab.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.press("Enter")
    tab.wait_for_event("Page.fileChooserOpened")
    tab.send("Page.setInterceptFileChooserDialog", enabled=False)
    tab.choose_file("#rb-file", file)
    tab.wait_for("document.querySelectorAll('#rb-liked select').length === 4")
    for _ in range(3):  # the titles not found, then the first movie and its stars
        tab.press("Tab")
    assert tab.run("document.activeElement.getAttribute('aria-label')").startswith("Stars for")
    before = tab.run("document.getElementById('rb-list').textContent")
    tab.press("ArrowDown")
    assert list_stars(tab)[0] == "4.5"
    assert tab.run("document.activeElement.tagName") == "SELECT"  # it keeps the focus
    assert tab.run("document.getElementById('rb-list').textContent") != before


def test_a_link_keeps_the_stars(made, tab):
    names = made.movies["name"].tolist()
    tab.open(f"{tab.address}#like={quote(names[5])}=2|{quote(names[8])}")
    assert list_stars(tab) == ["2", ""]
    ours = recommender.recommend(made, np.array([5, 8]), np.array([2, made.liked_stars]))
    assert len(set(list_shown(tab)) & set(ours["name"])) >= 9
    assert tab.run("location.hash").startswith(f"#like={quote(names[5], safe='()')}=2|")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("PK\x03\x04", "mine.csv: This is an archive"),
        ("", "mine.csv: Which column"),
        ("a,b,c\nFargo,Heat,3\n", "mine.csv: Which column has the titles"),
        ("Title,Rating\nFargo,0\n", "mine.csv: No row has a title"),
        ("Title,Rating\n<b>Qqq</b>,3\n", "0 of 1 titles found."),
    ],
)
def test_the_page_says_what_is_wrong_with_a_file(tab, tmp_path, content, says):
    (tmp_path / "mine.csv").write_text(content)
    tab.open(tab.address)
    tab.choose_file("#rb-file", tmp_path / "mine.csv")
    tab.wait_for("document.getElementById('rb-told').textContent !== ''")
    assert says in tab.run("document.getElementById('rb-told').textContent")
    assert tab.run("document.querySelectorAll('#rb-page b').length") == 0
    assert list_stars(tab) == []
