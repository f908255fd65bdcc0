"""From a file of anyone's to columns of text: what wrote it is found out from its first lines.

Delimited text in any encoding and with any of the usual separators, Parquet and JSON lines come out
alike: a column of texts for each field, by line number. Arrow reads the rows, so that 32 million of
them take seconds; charset-normalizer, which pip and requests use too, names an encoding where the
bytes are not UTF-8. The separator is counted here: csv.Sniffer knows no `::`, and takes a letter
that many titles share for one.
"""

import codecs
import csv
import io
import re
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import json as arrow_json
from pyarrow import parquet

from reelbook.data.faults import Faults
from reelbook.errors import ReelbookError

SEPARATORS = {
    "\t": "tab",
    "::": "two colons",
    ",": "comma",
    ";": "semicolon",
    "|": "bar",
    " ": "blank",
}
SAMPLE_LINES = 200
BINARY = {".parquet", ".jsonl", ".ndjson", ".json"}


class Sheet(NamedTuple):
    """One file as columns of text.

    Attributes:
        name: of the file.
        rows: a column a field, named by the header or "1", "2", ... without one; the index has the
            number of each line. A value that is missing is an empty text.
        header: whether the first line names the columns.
        separator: between the fields; empty for a file that is not delimited text.
        encoding: in which the bytes were read; empty likewise.
    """

    name: str
    rows: pd.DataFrame
    header: bool
    separator: str
    encoding: str


def read_sheet(name: str, content: bytes, faults: Faults) -> Sheet:
    """Read a file, whatever wrote it; lines that are no rows are noted as faults and left out.

    Raises:
        ReelbookError: nothing in it, a web page, or no columns that any separator makes.
    """
    if not content or content.isspace():
        raise ReelbookError(f"{name}: empty")
    suffix = f".{name.rsplit('.', 1)[-1].lower()}"
    if content.startswith(b"PAR1") or suffix in BINARY:
        rows = _read_columns(name, content)
        return Sheet(name, rows.set_index(np.arange(1, len(rows) + 1)), True, "", "")
    text, encoding = decode(content)
    if re.match(r"\s*<(!doctype|html|\?xml)", text[:500], re.IGNORECASE):
        raise ReelbookError(f"{name}: a web page, not a table; download the file itself")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    separator = _find_separator(name, text)
    sample = _split_sample(text, separator)
    header = _has_header(sample)
    names = [str(place) for place in range(1, len(sample[0]) + 1)]
    if header:  # pandas leaves the first name empty, of its row numbers
        names = [text or "row" for text in sample[0][:1]] + sample[0][1:]
    if len(set(names)) < len(names):
        twice = next(column for column in names if names.count(column) > 1)
        raise ReelbookError(f"{name}, line 1: two columns are called {twice!r}")
    if len(separator) > 1:  # Arrow takes a single letter; this one is in no file for people
        text, separator_read = text.replace(separator, "\x1f"), "\x1f"
    else:
        separator_read = separator
    try:
        rows = _read_delimited(text, separator_read, names, header, faults)
    except pa.ArrowInvalid as error:
        raise ReelbookError(f"{name}: {str(error).splitlines()[0]}") from None
    return Sheet(name, rows, header, separator, encoding)


def decode(content: bytes) -> tuple[str, str]:
    """The text of a file and the encoding that it was read in."""
    marks = {
        codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
    }  # fmt: skip
    for mark, encoding in marks.items():
        if content.startswith(mark):
            return content.decode(encoding), encoding.removesuffix("-sig")
    try:
        return content.decode(), "utf-8"
    except UnicodeDecodeError as error:
        from charset_normalizer import from_bytes  # here: few files need it

        # Around the first odd letter: the ends of 32 million rows say nothing of it.
        sample = content[max(0, error.start - 20_000) : error.start + 200_000]
        best = from_bytes(
            sample, cp_isolation=["cp1252", "latin-1", "utf-16-le", "utf-16-be"]
        ).best()
        encoding = best.encoding if best else "latin-1"
        return content.decode(encoding, errors="replace"), encoding.replace("_", "-")


def _read_columns(name: str, content: bytes) -> pd.DataFrame:
    """Parquet or JSON lines as columns of text."""
    try:
        if content.startswith(b"PAR1"):
            table = parquet.read_table(io.BytesIO(content))
        else:
            table = arrow_json.read_json(io.BytesIO(content))
    except pa.ArrowInvalid as error:
        raise ReelbookError(f"{name}: {str(error).splitlines()[0]}") from None
    frame = table.to_pandas()
    return pd.DataFrame({column: _as_text(frame[column]) for column in frame})


def _as_text(values: pd.Series) -> pd.Series:
    if values.dtype.kind == "M":
        values = values.dt.strftime("%Y-%m-%dT%H:%M:%S")
    elif values.dtype.kind == "f" and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    return values.astype("str").where(values.notna(), "")


def _find_separator(name: str, text: str) -> str:
    """The separator that gives the first lines the same number of fields, and most of them."""
    found = {}
    for separator in SEPARATORS:
        sample = _split_sample(text, separator)
        widths = [len(fields) for fields in sample]
        width = max(set(widths), key=widths.count)
        is_prose = separator == " " and not any(map(is_number, sample[-1]))
        if width > 1 and widths.count(width) >= 0.9 * len(widths) and not is_prose:
            found[separator] = (widths.count(width) / len(widths), width)
    if not found:
        first = text.split("\n", 1)[0][:60]
        kinds = ", ".join(SEPARATORS.values())
        raise ReelbookError(
            f"{name}: no separator makes columns of its lines, such as {first!r} (tried: {kinds})"
        )
    # A blank also stands between words, and one colon of two is no separator.
    return max(found, key=lambda separator: (separator != " ", found[separator]))


def _split_sample(text: str, separator: str) -> list[list[str]]:
    """The fields of the first lines."""
    text = text[: 400 * SAMPLE_LINES]
    lines = [line for line in text.split("\n") if line.strip()]
    lines = lines[: min(SAMPLE_LINES, max(1, len(lines) - 1))] if len(lines) > 2 else lines
    if len(separator) > 1:
        return [line.split(separator) for line in lines]
    return list(csv.reader(lines, delimiter=separator, escapechar=_find_escape(text)))


def _find_escape(text: str) -> str | None:
    """A backslash where it stands before quotes within a field, as in Book-Crossing."""
    return "\\" if '\\"' in text else None


def _has_header(sample: list[list[str]]) -> bool:
    """Whether the first line is of words where the others are of numbers."""
    first, rest = sample[0], [fields for fields in sample[1:] if len(fields) == len(sample[0])]
    if any(map(is_number, first)) or not all(text.strip() for text in first[1:]):
        return False
    columns = list(zip(*rest, strict=True)) if rest else []
    numeric = [sum(map(is_number, column)) > 0.5 * len(column) for column in columns]
    typed = all(":" in text for text in first)  # user_id:token, as RecBole writes it
    return any(numeric) or typed or not rest


def is_number(text: str) -> bool:
    """Whether a text is a plain decimal number."""
    return re.fullmatch(r"\s*-?\d+([.,]\d+)?\s*", text) is not None


def _read_delimited(
    text: str, separator: str, names: list[str], header: bool, faults: Faults
) -> pd.DataFrame:
    """All rows as texts; the index has the line on which each begins."""
    wrong: list[tuple[int, str]] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        wrong.append((row.number or 0, f"{row.actual_columns} of {row.expected_columns} fields"))
        return "skip"

    content = text.encode()
    quoted = separator != "\x1f" and '"' in text
    table = arrow_csv.read_csv(
        pa.BufferReader(content),
        arrow_csv.ReadOptions(
            column_names=names, skip_rows=int(header), use_threads=False, block_size=1 << 26
        ),
        arrow_csv.ParseOptions(
            delimiter=separator,
            quote_char='"' if quoted else False,
            escape_char=(quoted and _find_escape(text)) or False,
            ignore_empty_lines=False,
            newlines_in_values=quoted,
            invalid_row_handler=note,
        ),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    rows = table.to_pandas()
    rows.index += 1 + int(header)
    if wrong:
        is_row = np.ones(1 + int(header) + len(rows) + len(wrong), bool)
        is_row[: 1 + int(header)] = False
        is_row[[line for line, _ in wrong]] = False
        rows.index = np.flatnonzero(is_row)[: len(rows)]
    for line, says in wrong:
        faults.add_line(line, says)
    return rows
