"""Workbooks; gz and zip, whole, damaged and as bombs; and bytes changed at random."""

import gzip
import io
import struct
import warnings
import zipfile
import zlib
from datetime import datetime
from functools import cache
from random import Random

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

_MEGABYTE = 1 << 20


def damaged(chance: Random, raw: bytes) -> bytes:
    """The bytes with a few of them changed, lost, doubled, or the end cut off."""
    found = bytearray(raw)
    for _ in range(chance.choice((1, 1, 2, 8))):
        if not found:
            return bytes(found)
        at = chance.randrange(len(found))
        match chance.randrange(6):
            case 0:
                found[at] ^= 1 << chance.randrange(8)
            case 1:
                found[at] = chance.randrange(256)
            case 2:
                del found[at : at + chance.choice((1, 4, 100))]
            case 3:
                found[at:at] = bytes(chance.randrange(256) for _ in range(chance.choice((1, 4, 30))))
            case 4:
                del found[at:]
            case _:
                found[at:at] = found[at : at + chance.choice((10, 500))]
    return bytes(found)


def packed_gz(chance: Random, raw: bytes) -> bytes:
    """The bytes in gz: one member or two, sometimes cut, padded or with a wrong sum."""
    made = gzip.compress(raw, chance.choice((1, 9)), mtime=0)
    match chance.randrange(10):
        case 0:
            return made[: chance.randrange(len(made))]
        case 1:
            return made + bytes(chance.randrange(256) for _ in range(9))
        case 2:
            return made[:-8] + struct.pack("<II", 1, 2)
        case 3:
            half = len(raw) // 2
            return gzip.compress(raw[:half], mtime=0) + gzip.compress(raw[half:], mtime=0)
        case 4:
            return gzip.compress(made, mtime=0)
        case _:
            return made


def packed_zip(chance: Random, raw: bytes, name: str) -> bytes:
    """The bytes in a zip, under a name that may lead astray, beside others."""
    out = io.BytesIO()
    method = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(out, "w", method) as archive:
            for _ in range(chance.choice((1, 1, 1, 2))):
                inside = chance.choice(
                    (name, name, f"../../{name}", f"/{name}", f"a/b/{name}", f"c:\\{name}", "x" * 300 + name)
                )
                archive.writestr(zipfile.ZipInfo(inside, (2024, 1, 1, 0, 0, 0)), raw, method)
            if chance.random() < 0.2:
                archive.writestr(zipfile.ZipInfo("readme.txt", (2024, 1, 1, 0, 0, 0)), "read me")
            if chance.random() < 0.05:
                archive.writestr(zipfile.ZipInfo("folder.csv/", (2024, 1, 1, 0, 0, 0)), b"")
    made = bytearray(out.getvalue())
    if chance.random() < 0.1:  # claims to be locked by a password
        for at in (made.find(b"PK\x03\x04") + 6, made.find(b"PK\x01\x02") + 8):
            made[at] |= 1
    if chance.random() < 0.1:  # a method that nobody knows
        for at in (made.find(b"PK\x03\x04") + 8, made.find(b"PK\x01\x02") + 10):
            made[at] = 77
    return bytes(made)


_CELLS = (
    None,
    0,
    -1,
    10**15,
    1e300,
    4.05e15,
    True,
    "=1/0",
    "#REF!",
    datetime(1900, 1, 1),
    datetime(2024, 2, 29, 23, 59),
)


def workbook(chance: Random, rows: list[list[str]]) -> bytes:
    """The rows as a workbook: odd cells, titles, merged cells, empty and several sheets, far corners."""
    book = openpyxl.Workbook()
    if chance.random() < 0.2:
        book.create_sheet("Empty" if chance.random() < 0.5 else "Ñ <&> \u2028", 0)
    sheet = book.active if chance.random() < 0.7 else book.create_sheet("Orders")
    for _ in range(chance.choice((0, 0, 0, 1, 4))):
        sheet.append([chance.choice(("Report", None, "2024"))])
    for row in rows:
        sheet.append([_workbook_cell(chance, cell) for cell in row[:200]])
    if chance.random() < 0.1:
        sheet.merge_cells(start_row=1, start_column=1, end_row=2, end_column=3)
    if chance.random() < 0.05:
        sheet.cell(row=chance.choice((5_000, 200_000)), column=chance.choice((1, 300)), value="far")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _workbook_cell(chance: Random, cell: str) -> object:
    if chance.random() < 0.03:
        return chance.choice(_CELLS)
    text = ILLEGAL_CHARACTERS_RE.sub("", cell)[:30_000]
    try:
        return float(text) if chance.random() < 0.8 and abs(float(text)) < 1e300 else text
    except ValueError:
        return text


@cache
def _member(line: bytes) -> bytes:
    return gzip.compress(line * (16 * _MEGABYTE // len(line)), mtime=0)


def bomb(chance: Random) -> bytes:
    """A few kilobytes that unpack to hundreds of megabytes or gigabytes, as gz or zip."""
    line = chance.choice((b"\x00", b"a,b,c,d\n", b"order_id,date,customer_id,sku,quantity,unit_price\n"))
    member, times = _member(line), chance.choice((20, 70, 140))
    if chance.random() < 0.5:
        return member * times
    return _zip_bomb(line, times)


@cache
def _zip_bomb(line: bytes, times: int) -> bytes:
    """A zip whose entries share one long run; sizes in its directory are true."""
    out, deep = io.BytesIO(), line * (16 * _MEGABYTE // len(line))
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = b"".join(squeezed.compress(deep) for _ in range(min(times, 20))) + squeezed.flush()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("orders.csv", body)
    made = bytearray(out.getvalue())
    whole, total = len(deep) * min(times, 20), zlib.crc32(b"")
    local, central = made.find(b"PK\x03\x04"), made.rfind(b"PK\x01\x02")
    made[local + 8 : local + 10] = made[central + 10 : central + 12] = struct.pack("<H", 8)
    made[local + 14 : local + 18] = made[central + 16 : central + 20] = struct.pack("<I", total)
    made[local + 22 : local + 26] = made[central + 24 : central + 28] = struct.pack("<I", whole)
    return bytes(made)
