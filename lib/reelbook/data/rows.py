"""From the bytes of a file to its rows of text: one rule for the files of all layouts.

Lines may end as on Unix, Windows or old Macs, the last one need not end, and a byte-order mark is
dropped. Nothing is trimmed or converted here: `reelbook.data.checks` judges the texts.
"""

import codecs
import re
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from reelbook.data.faults import Faults


class Format(NamedTuple):
    """How a publisher writes a file.

    Attributes:
        separator: between the fields of a line.
        columns: our names of the fields.
        header: the first line; empty for a file that begins with its first row.
        encoding: latin-1 or utf-8. A file of the first kind may come in the second.
    """

    separator: str
    columns: list[str]
    header: str = ""
    encoding: str = "latin-1"


def read_rows(content: bytes, form: Format, faults: Faults) -> pd.DataFrame:
    """The rows of a file, a column of text a field; the index has the number of each line.

    Lines that are no rows of this format are noted as faults and left out. Arrow splits the text:
    a million lines take a second.
    """
    text = _decode(content, form, faults)
    lines = pc.split_pattern(pa.array([text], pa.large_string()), "\n").flatten()
    numbers = np.arange(1, len(lines) + 1)
    first = lines[0].as_py()
    if form.header:
        lines, numbers = lines[1:], numbers[1:]
        if first != form.header:
            faults.add_line(1, f"{first[:40]!r} is not the header {form.header!r}")
    elif _is_header(first.split(form.separator)):
        faults.add_line(1, f"{first[:40]!r} is a header; this file has none: delete the line")
    if not text.strip() or not len(lines):
        lines, numbers = lines[:0], numbers[:0]
        faults.add_line(0, "empty; fetch the data set again")
    fields = pc.split_pattern(lines, form.separator)
    widths = pc.list_value_length(fields).to_numpy()
    width = len(form.columns)
    is_row = widths == width
    if not is_row.all():
        wrong = pd.Series(widths, numbers)[~is_row]
        faults.add(wrong, f"{{}} of {width} fields; is the file cut off?")
        fields, numbers = fields.filter(pa.array(is_row)), numbers[is_row]
    texts = fields.flatten()
    places = {name: np.arange(place, len(texts), width) for place, name in enumerate(form.columns)}
    table = pa.table({name: texts.take(pa.array(rows)) for name, rows in places.items()})
    return table.to_pandas().set_index(numbers)


def _is_header(fields: list[str]) -> bool:
    """Whether a line names columns: it begins with a word, and no field of it is a number."""
    return bool(re.fullmatch(r"[A-Za-z]\D+", fields[0])) and not any(map(str.isdigit, fields))


def is_converted(content: bytes, form: Format) -> bool:
    """Whether a file is UTF-8 with letters beyond ASCII where the publisher's is ISO-8859-1."""
    text = content.removeprefix(codecs.BOM_UTF8)
    return form.encoding == "latin-1" and not text.isascii() and _is_utf8(text)


def _decode(content: bytes, form: Format, faults: Faults) -> str:
    """The text with plain line ends. Bytes that fit no encoding are noted, and replaced."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        faults.add_line(1, "UTF-16 text; convert it: iconv -f UTF-16 -t UTF-8")
    content = content.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    content = content.removesuffix(b"\n")
    if _is_utf8(content):
        return content.decode()
    if form.encoding == "utf-8":
        for number, line in enumerate(content.split(b"\n"), start=1):
            if not _is_utf8(line):
                faults.add_line(number, "not UTF-8 text; try iconv -f ISO-8859-1 -t UTF-8")
    return content.decode(form.encoding, errors="replace")


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
