"""A person's own ratings, in whatever files they come: from any layout to the canonical tables.

The ratings are found by content (`reelbook.data.roles`), and a catalogue of titles beside them. Ids
may be any text: whole numbers stay as they are, others are numbered in the order of the alphabet.
What is missing is empty in the tables: no times are times of 0, no stars are ones, and an item
without a title is called by its id.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from reelbook.data.catalogue import make_items, read_catalogue, take_titles
from reelbook.data.faults import Faults, raise_for_faults
from reelbook.data.names import count, get_options_path
from reelbook.data.opening import HEAD, Entry, cut_head, list_entries
from reelbook.data.parsing import USER_FILES, Tables, describes_people, read_people
from reelbook.data.roles import (
    find_roles,
    name_items,
    simplify,
)
from reelbook.data.sheets import SEPARATORS, Sheet, decode, read_sheet
from reelbook.data.tables import has_repeated
from reelbook.errors import ReelbookError
from reelbook.files import read_yaml, replace_when_whole

REPEATED = ("error", "last", "mean")
# What stands for "watched, but not rated" in a column, by its plain name (Book-Crossing).
NOT_RATED = {"bookrating": 0.0}
NEVER_RATED = -1.0  # in any data set (anime lists)
LATEST = 2**32  # seconds since 1970, in the year 2106


@dataclass(frozen=True)
class Options:
    """What a person decides where the data leave it open.

    Attributes:
        columns: role to column, by its name or its place from 1; empty to find them.
        repeated: what to do where a user rated an item twice, one of REPEATED.
        skip_bad_rows: whether to leave out rows that cannot be read.
    """

    columns: dict[str, str] = field(default_factory=dict)
    repeated: str = "error"
    skip_bad_rows: bool = False


def read_options(path: Path) -> Options:
    """The options that are kept beside a data set; the defaults where there are none.

    Raises:
        ReelbookError: a file that is no such options.
    """
    file = get_options_path(path)
    if not file.is_file():
        return Options()
    try:
        options = Options(**read_yaml(file))
    except TypeError as error:
        raise ReelbookError(f"{file} holds no options: {error}") from None
    if options.repeated not in REPEATED:
        raise ReelbookError(f"{file}: repeated must be {', '.join(REPEATED)}")
    return options


def write_options(path: Path, options: Options) -> Path:
    """Keep options beside a data set, for each later command and notebook; gives the file."""
    file = get_options_path(path)
    with replace_when_whole(file) as part:
        part.write_text(yaml.safe_dump(asdict(options), sort_keys=False), encoding="utf-8")
    return file


class Reading(NamedTuple):
    """What was read and understood.

    Attributes:
        tables: the canonical tables.
        told: what was understood, in the words of a person, by subject.
        set_aside: what is not in the tables, and why; a text a reason.
        bad_rows: the lines that could not be read, each behind its number.
        first: the first rows as read, under the names of their roles.
        is_implicit: whether the data say only who took what.
        user_names: the text of each user's id, by user_id, where it is no number.
        noun: what the items are, in the plural.
    """

    tables: Tables
    told: dict[str, str]
    set_aside: list[str]
    bad_rows: list[str]
    first: pd.DataFrame
    is_implicit: bool
    user_names: pd.Series
    noun: str


def read_own(path: Path, options: Options) -> Reading:
    """The ratings and the catalogue in a file, a folder or a zip.

    Raises:
        ReelbookError: no ratings in it, columns that stay open, faulty rows (the first ten are
            told), or a pair of user and item that stands there twice.
    """
    return read_entries(list_entries(path), options, path)


def read_files(files: dict[str, bytes]) -> Reading:
    """The same, of files that were read before, by name."""

    def make_entry(name: str, content: bytes) -> Entry:
        return Entry(name, lambda size: content[: None if size < 0 else size])

    return read_entries([make_entry(*file) for file in files.items()], Options(), "the data set")


def read_entries(entries: list[Entry], options: Options, where: object) -> Reading:
    """The same, of these files; `where` they are is for an error."""
    entry = _find_ratings(where, entries, options)
    faults = Faults(entry.name)
    sheet = read_sheet(entry.name, entry.read(-1), faults)
    roles = find_roles(sheet, options.columns)
    columns = {role: sheet.rows[column] for role, column in roles.items()}
    is_implicit = "rating" not in columns
    ratings, set_aside = _make_ratings(columns, roles, sheet, faults)
    if len(faults.lines) and not options.skip_bad_rows:
        _raise(faults)
    if len(faults.lines):
        set_aside.append(f"{count(len(faults.lines), 'row')} that cannot be read")
    if ratings.empty:
        raise ReelbookError(f"{entry.name}: no row of it is a rating")
    first = pd.DataFrame({role: texts.head(3) for role, texts in columns.items()})
    users, items = _number(ratings["user"]), _number(ratings["item"])
    if has_repeated(users.numbers, items.numbers):
        ratings = _join_repeated(ratings, entry.name, options, set_aside)
        users, items = _number(ratings["user"]), _number(ratings["item"])
    table = pd.DataFrame(
        {
            "user_id": users.numbers,
            "movie_id": items.numbers,
            "rating": ratings["rating"].to_numpy("float32"),
            "timestamp": ratings["time"].to_numpy("int64"),
        }
    )
    catalogue = read_catalogue([e for e in entries if e is not entry], items.names)
    if catalogue.empty:
        catalogue = take_titles(sheet, roles)
    people = _read_people([e for e in entries if e is not entry])
    all_users = _make_users(users.names, people)
    tables = Tables(table, all_users, make_items(items.names, catalogue))
    told = _tell(sheet, roles, tables, catalogue, is_implicit=is_implicit)
    bad_rows = _list_bad_rows(entry, sheet, faults)
    named_by = [roles["item"], *catalogue["file"].head(1)]
    has_genres = bool(
        tables.movies["genres"].map(len).any()
    )  # as no other public set without names
    noun = name_items(*named_by) if sheet.header or not has_genres else "movies"
    return Reading(tables, told, set_aside, bad_rows, first, is_implicit, users.texts, noun)


def _list_bad_rows(entry: Entry, sheet: Sheet, faults: Faults) -> list[str]:
    """The faulty lines as they stand in the file, each behind its number."""
    if not len(faults.lines) or not sheet.encoding:
        return [f"row {line}" for line in faults.lines]
    lines = decode(entry.read(-1))[0].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [f"{line}: {lines[line - 1]}" for line in faults.lines]


def _raise(faults: Faults) -> None:
    try:
        raise_for_faults([faults])
    except ReelbookError as error:
        raise ReelbookError(
            f"{error}\nCorrect the file, or leave these rows out: --skip-bad-rows"
        ) from None


def _find_ratings(where: object, entries: list[Entry], options: Options) -> Entry:
    """The file that holds ratings: with a user, an item and stars, or with as much of it as any."""
    if len(entries) == 1:
        return entries[0]
    scores, reasons = {}, []
    for place, entry in enumerate(entries):
        try:
            sheet = read_sheet(entry.name, cut_head(entry.read(HEAD)), Faults(entry.name))
            roles = find_roles(sheet, options.columns)
        except ReelbookError as error:
            reasons.append(f"\n  - {str(error).splitlines()[0]}")
            continue
        named = "rating" in entry.name.lower() or entry.name.endswith((".inter", ".data"))
        scores[place] = (named, "rating" in roles or "count" in roles, sheet.header)
    if not scores:
        raise ReelbookError(f"{where}: none of its files holds ratings:{''.join(reasons[:5])}")
    best = max(scores, key=lambda place: scores[place])
    *kind, header = scores[best]
    folder = PurePosixPath(entries[best].name).parent
    rivals = [
        entries[place].name
        for place, score in scores.items()
        if [*score[:2]] == kind
        and (score[2] == header or PurePosixPath(entries[place].name).parent != folder)
    ]
    if len(rivals) > 1:
        several = ", ".join(rivals[:5])
        raise ReelbookError(f"{where} holds several files of ratings: {several}. Name one of them.")
    return entries[best]


def _make_ratings(
    columns: dict[str, pd.Series], roles: dict[str, str], sheet: Sheet, faults: Faults
) -> tuple[pd.DataFrame, list[str]]:
    """user, item, rating and time of each good row, by its line."""
    rows = pd.DataFrame({role: columns[role].str.strip() for role in ("user", "item")})
    for role in ("user", "item"):
        faults.add(rows[role][rows[role] == ""], f"no {role} in column {roles[role]}")
    set_aside = []
    rows["rating"] = 1.0
    if "rating" in columns:
        rows["rating"] = _read_numbers(columns["rating"], "rating", sheet, faults)
        unrated = NOT_RATED.get(simplify(roles["rating"]), NEVER_RATED)
        not_rated = np.setdiff1d(rows.index[rows["rating"] == unrated], faults.lines)
        only = rows["rating"].min() >= NEVER_RATED  # a scale of -5 to 5 has more below zero
        if len(not_rated) and only:
            set_aside.append(
                f"{count(len(not_rated), 'row')} with {unrated:g} in place of a rating: "
                "seen, not rated"
            )
            rows = rows.drop(not_rated)
    rows["time"] = 0
    if "time" in columns:
        texts = columns["time"]
        if len(rows) < len(texts):
            texts = texts.loc[rows.index]
        rows["time"] = _read_times(texts, faults)
    return faults.drop(rows), set_aside


def _read_numbers(texts: pd.Series, kind: str, sheet: Sheet, faults: Faults) -> pd.Series:
    """Decimal numbers; a comma is a decimal point where it is no separator."""
    if sheet.separator != "," and texts.head(1000).str.contains(",").any():
        texts = texts.str.replace(",", ".")
    array = pa.array(texts, pa.string())
    is_number = pc.match_substring_regex(array, r"^\s*-?[0-9]+(\.[0-9]*)?\s*$").to_numpy(False)
    faults.add(texts[~is_number].str[:40], f"{kind} {{!r}} is not a number")
    plain = pc.if_else(pa.array(is_number), pc.utf8_trim_whitespace(array), "0")
    return pd.Series(pc.cast(plain, pa.float64()).to_numpy(), texts.index)


def _read_times(texts: pd.Series, faults: Faults) -> pd.Series:
    """Seconds since 1970, from seconds, milliseconds or dates; dates without a zone are UTC."""
    array = pc.utf8_trim_whitespace(pa.array(texts, pa.string()))
    is_stamp = pc.match_substring_regex(array, r"^[0-9]{1,13}(\.[0-9]*)?$").to_numpy(False)
    if 2 * is_stamp.sum() > len(texts):
        faults.add(texts[~is_stamp].str[:40], "time {!r} is not a number, as others are")
        numbers = pc.cast(pc.if_else(pa.array(is_stamp), array, "0"), pa.float64()).to_numpy()
        if np.median(numbers) > LATEST:
            numbers = numbers / 1000
        seconds = pd.Series(np.floor(numbers).astype("int64"), texts.index)
        late = seconds > LATEST
        faults.add(texts[late], "time {} is neither in seconds nor in milliseconds, as others are")
        return seconds.where(~late, 0)
    dates = pd.to_datetime(texts, utc=True, format="ISO8601", errors="coerce")
    if dates.isna().mean() > 0.5:
        dates = pd.to_datetime(texts, utc=True, format="mixed", errors="coerce")
    faults.add(texts[dates.isna()].str[:40], "time {!r} is not a date that can be read")
    since = (dates - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(seconds=1)
    return since.fillna(0).astype("int64")


def _join_repeated(
    ratings: pd.DataFrame, name: str, options: Options, set_aside: list[str]
) -> pd.DataFrame:
    again = ratings.duplicated(
        ["user", "item"], keep="last" if options.repeated == "last" else "first"
    )
    if options.repeated == "error":
        line, row = next(ratings[again].iterrows())
        raise ReelbookError(
            f"{name}, line {line}: user {row['user']} rated item {row['item']} before, as in "
            f"{count(int(again.sum()), 'row')} in all. Keep the last of them or take their mean: "
            "--repeated last, or --repeated mean"
        )
    set_aside.append(
        f"{count(int(again.sum()), 'repeated rating')} of a pair ({options.repeated} kept)"
    )
    if options.repeated == "mean":
        means = ratings.groupby(["user", "item"], sort=False)["rating"].transform("mean")
        ratings = ratings.assign(rating=means)
    return ratings[~again]


class Numbered(NamedTuple):
    """Ids as numbers: of each row, and the texts behind them by number."""

    numbers: np.ndarray
    texts: pd.Series
    names: pd.Series


def _number(ids: pd.Series) -> Numbered:
    """Whole numbers from 1 on stay; any other texts are numbered in the order of the alphabet."""
    codes, known = pd.factorize(ids, sort=True)
    texts = pd.Series(known, dtype="str")
    is_plain = texts.str.fullmatch(r"[1-9][0-9]{0,9}").all()
    if is_plain and (own := texts.astype("int64")).max() < 2**31:
        numbers = own.to_numpy("int32")
    else:
        numbers = np.arange(1, len(texts) + 1, dtype="int32")
    names = pd.Series(texts.to_numpy(), numbers, dtype="str")
    return Numbered(numbers[codes], names[:0] if is_plain else names, names)


def _read_people(entries: list[Entry]) -> pd.DataFrame | None:
    """What a file in one of GroupLens' layouts says of the users; None where there is none."""
    for entry in entries:
        name = PurePosixPath(entry.name).name
        if name in USER_FILES and describes_people(name, entry.read(HEAD)):
            return read_people(name, entry.read(-1))
    return None


def _make_users(names: pd.Series, people: pd.DataFrame | None) -> pd.DataFrame:
    """The users; of most data nothing but the id is known of them."""
    users = pd.DataFrame({"user_id": np.sort(names.index.to_numpy("int32"))})
    unknown: dict[str, Any] = {"age": 0, "gender": "", "occupation": "", "zip_code": ""}
    if people is None:
        users = users.assign(**unknown)
    else:
        users = users.merge(people, on="user_id", how="left").fillna(unknown)
    return users.astype({"age": "int32", "gender": "str", "occupation": "str", "zip_code": "str"})


def _tell(
    sheet: Sheet,
    roles: dict[str, str],
    tables: Tables,
    catalogue: pd.DataFrame,
    *,
    is_implicit: bool,
) -> dict[str, str]:
    """What was understood, by subject."""
    stars = np.unique(tables.ratings["rating"])
    steps = np.diff(np.round(stars.astype("float64"), 4))
    is_even = 0 < len(steps) <= 100 and np.allclose(steps / steps.min() % 1, 0, atol=1e-6)
    kinds = f"in steps of {steps.min():g}" if is_even else f"{len(stars):,} different values"
    times = tables.ratings["timestamp"]
    days = [pd.Timestamp(t, unit="s").strftime("%d %b %Y") for t in (times.min(), times.max())]
    num_people = (tables.users["occupation"] != "").sum()
    named = (tables.movies["title"] != tables.movies["movie_id"].astype("str")).sum()
    return {
        "file": f"{sheet.name}, {count(len(sheet.rows), 'row')}"
        + (
            f", {sheet.encoding}, separated by {SEPARATORS[sheet.separator]}" * bool(sheet.encoding)
            if sheet.separator
            else ""
        )
        + (", with a header" if sheet.header else ", without a header"),
        "columns": ", ".join(f"{role}: {column}" for role, column in roles.items()),
        "feedback": "implicit: who took what, without stars"
        if is_implicit
        else f"explicit: {stars[0]:g} to {stars[-1]:g}, {kinds}"
        if len(stars) > 1
        else f"explicit: all are {stars[0]:g}",
        "times": f"{days[0]} to {days[1]} (UTC)" if times.any() else "none",
        "titles": f"{count(len(catalogue), 'item')} in {catalogue['file'].iloc[0]}; {named:,} of "
        f"{len(tables.movies):,} rated items have a title"
        if len(catalogue)
        else "none: items go by their ids",
        "people": f"age, gender, occupation and zip code of {num_people:,} users"
        if num_people
        else "none: users go by their ids",
        "size": f"{count(len(tables.ratings), 'rating')} by {count(len(tables.users), 'user')} of "
        f"{tables.ratings['movie_id'].nunique():,} items",
    }
