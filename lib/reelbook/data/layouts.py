"""Which files make a layout, and how they are found in a folder or a zip that a person has."""

import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from reelbook.data.opening import TABLES
from reelbook.errors import ReelbookError

# The files that make a layout; parsing.py reads each layout but those in READ_AS_OWN.
LAYOUTS = {
    "grouplens-100k": ["u.data", "u.item", "u.user"],
    "recbole-100k": ["ml-100k.inter", "ml-100k.item", "ml-100k.user"],
    "recbole-graph": ["ml-100k.kg", "ml-100k.link"],  # for film_graph.py
    "grouplens-1m": ["ratings.dat", "movies.dat", "users.dat"],
    "grouplens-10m": ["ratings.dat", "movies.dat", "tags.dat"],
    "grouplens-csv": ["ratings.csv", "movies.csv"],
}
READ_AS_OWN = ("grouplens-10m", "grouplens-csv")  # by own.py: half stars, nothing on the users
DATASET_LAYOUTS = {
    "ml-100k": ["grouplens-100k", "recbole-100k"],
    "ml-1m": ["grouplens-1m"],
    "ml-10m": ["grouplens-10m"],
    **{name: ["grouplens-csv"] for name in ("ml-20m", "ml-25m", "ml-32m", "ml-latest-small")},
}
# What else a person may have at hand, by words in the name or the first line of a file.
LOOKS = {
    "userid,movieid,rating": "MovieLens' newer CSV files",
    "letterboxd uri": "an export from Letterboxd",
    "your rating": "an export from IMDb",
    "isbn": "Book-Crossing",
    "ratings.txt": "FilmTrust",
}
MAX_SIZE = 2 * 2**30  # bytes that a member of a zip may unpack to: twice the largest MovieLens
Open = Callable[[str], IO[bytes]]  # opens a file of a folder or a zip by its name in there


def read_zip(path: Path, layouts: list[str]) -> tuple[str, dict[str, bytes]]:
    """The first of the layouts that a zip holds in any one folder, with the contents of its files.

    Raises:
        ReelbookError: no zip, a damaged one, one whose members are links, climb out of its folder
            or have an absurd size, or a layout that is not there or not whole.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if why := _find_danger(member):
                    raise ReelbookError(f"{path}: refused, its member {member.filename!r} {why}")
            return _read_layout(archive.namelist(), layouts, path, archive.open)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise ReelbookError(f"{path}: not a readable zip ({error}); fetch it again") from None


def read_folder(path: Path, dataset: str) -> tuple[str, dict[str, bytes]]:
    """What `read_zip` gives, for a folder that holds the files itself or in a folder below.

    Raises:
        ReelbookError: no folder, or a layout that is not there or not whole.
    """
    if not path.is_dir():
        raise ReelbookError("no such folder or zip")
    folder = path / dataset if (path / dataset).is_dir() else path
    files = [entry for pattern in ("*", "*/*") for entry in folder.glob(pattern) if entry.is_file()]
    names = [entry.relative_to(folder).as_posix() for entry in files]
    layouts = DATASET_LAYOUTS[dataset]
    try:
        return _read_layout(names, layouts, folder, open_in(folder))
    except ReelbookError as error:
        above = {entry.name.lower() for entry in folder.resolve().parent.iterdir()}
        is_above = any(above.issuperset(LAYOUTS[layout]) for layout in layouts)
        hint = "; the folder above holds it: name that one" if is_above else ""
        raise ReelbookError(f"{error}{hint}") from None


def open_in(folder: Path) -> Open:
    """How to open the files of a folder."""
    return lambda name: (folder / name).open("rb")


def _find_danger(member: zipfile.ZipInfo) -> str:
    """Why a member of a zip is refused; empty for one that does no harm."""
    place = PureWindowsPath(member.filename)  # a drive or a backslash climbs out on Windows
    if place.anchor or ".." in place.parts:
        return "climbs out of it"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link"
    too_large = member.file_size > MAX_SIZE
    return f"unpacks to {member.file_size:,} bytes" if too_large else ""


def _read_layout(
    names: list[str], layouts: list[str], where: Path, open_file: Open
) -> tuple[str, dict[str, bytes]]:
    """The first layout whose files lie together in one folder, and their contents.

    Small and capital letters are the same here, and so are both kinds of slashes.
    """
    folders: dict[PurePosixPath, dict[str, str]] = {}
    for name in sorted(names):  # of U.DATA and u.data the latter is taken
        place = PurePosixPath(name.replace("\\", "/"))
        folders.setdefault(place.parent, {})[place.name.lower()] = name
    in_order = sorted(folders, key=lambda folder: (len(folder.parts), str(folder)))
    incomplete = []
    for layout in layouts:
        wanted = LAYOUTS[layout]
        whole = [folder for folder in in_order if folders[folder].keys() >= set(wanted)]
        if len(whole) > 1 and len(whole[0].parts) == len(whole[1].parts):
            both = f"{whole[0]} and {whole[1]}"
            raise ReelbookError(f"{where} holds the files twice, in {both}; name one of these")
        if whole:
            places = folders[whole[0]]
            return layout, {name: _read(open_file(places[name])) for name in wanted}
        for folder in in_order:
            missing = [str(folder / name) for name in wanted if name not in folders[folder]]
            if len(missing) < len(wanted):
                incomplete.append(", ".join(missing))
    look = _find_dataset(folders.values()) or find_look(names, open_file, where)
    if incomplete:
        remedy = look or "; unpack the archive again"
        raise ReelbookError(f"{where}: {incomplete[0]} missing{remedy}")
    expected = " or ".join(", ".join(LAYOUTS[layout]) for layout in layouts)
    there = ", ".join(sorted(names)[:5]) or "nothing"
    raise ReelbookError(f"{where} holds {there}, but not {expected}{look}")


def find_look(names: list[str], open_file: Open, where: Path) -> str:
    """The end of a message: what files of no known layout look like, and which command takes them.

    Nothing for files of which none may be ratings.
    """
    looks = [look for name in sorted(names) if (look := _find_look(name, open_file))]
    if not looks and not any(PurePosixPath(name).suffix.lower() in TABLES for name in names):
        return ""
    told = f"; it looks like {looks[0]}" if looks else ""
    if "export" in told:
        return f"{told}: python -m reelbook recommend --ratings FILE"
    return f"{told}; as ratings of your own: make book DATA={where}"


def _find_look(name: str, open_file: Open) -> str:
    first = name.lower()
    if first.endswith((".csv", ".txt")):
        with open_file(name) as file:
            first += " " + file.readline(200).decode("latin-1").lower()
    return next((look for words, look in LOOKS.items() if words in first), "")


def _find_dataset(folders: Iterable[dict[str, str]]) -> str:
    there = [
        dataset
        for dataset, layouts in DATASET_LAYOUTS.items()
        if any(files.keys() >= set(LAYOUTS[layout]) for files in folders for layout in layouts)
    ]
    return f"; it looks like {' or '.join(there)}" if there else ""


def _read(file: IO[bytes]) -> bytes:
    with file:
        return file.read()
