"""CSV, JSON and plain text from a grammar that knows the traps, as bytes in any encoding."""

import codecs
import csv
import io
import json
from random import Random
from typing import Any

NASTY = (
    *("", " ", "\x00", "\ufeff", "\u200b", "\u202e", "\x1b[31m", "\x1b]8;;x\x07", "\r", "\n", "\t", "\x1f", "\x01"),
    *('"', "'", '""', '"""', ",", ";", "|", "\\", "\\N", "%s", "{x}", "{", "}", "$1", "../../x", "NULL", "None", "c0"),
    *("nan", "NaN", "inf", "-inf", "Infinity", "1e400", "1e-400", "-0", "1_000", "0x10", "9" * 40, "-" + "9" * 25),
    *("9223372036854775807", "9223372036854775808", "18446744073709551616", "1,2,3,4", "1.2.3.4", "1.234.567,89"),
    *("0000-00-00", "9999-12-31", "10000-01-01", "-0001-01-01", "1970-01-01T00:00:00+99:99", "2024-02-30", "0", "-1"),
    *("2024-01-01T00:00:00.123456789Z", "294247-01-10 04:00:54", "24:00", "25:61", "99999999999999", "1e18", "٣", "²"),
    *("ß", "İ", "ﬁ", "e\u0301", "\U0001f9fa", "𝟙𝟚", "\u2028", "\u3000", "\u00a0", "€", "EUR", "$5", "5 €", "1.000 kr"),
    *("'; drop table x; --", "=1+1", "\ud7ff", "\uffff", "\ufffe", "true", "[]", "{}", "null", "fault", "surplus"),
)  # fmt: skip
NAMES = (
    *("order_id", "Order ID", "Pedido", "date", "Fecha", "Created at", "InvoiceDate", "price", "Precio"),
    *("total", "Importe", "Total", "quantity", "Cantidad", "Qty", "customer_id", "email", "E-mail", "Cliente", "sku"),
    *("product", "Producto", "name", "Nombre", "status", "Estado", "currency", "Moneda", "discount", "cost"),
    *("time", "Hora", "updated_at", "city", "country", "channel", "campaign", "category", "tax", "refunded"),
)  # fmt: skip
ORDERS = ("order_id", "date", "customer_id", "sku", "quantity", "unit_price")
PRODUCTS = ("sku", "name", "category", "price", "cost")
CUSTOMERS = ("customer_id", "email", "name", "city", "country")
COSTS = ("channel", "month", "cost", "customers")
INDEX = ("month", "sales")
HEADS = {"orders": ORDERS, "products": PRODUCTS, "customers": CUSTOMERS, "costs": COSTS, "index": INDEX}
ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "utf-7")
MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


def sound(chance: Random, name: str, n: int) -> str:
    """A cell as an honest export has it."""
    match name:
        case "date" | "Fecha" | "Created at" | "InvoiceDate" | "updated_at":
            day, month = chance.randint(1, 28), chance.randint(1, 12)
            return chance.choice((f"2024-{month:02}-{day:02}", f"2024-{month:02}-{day:02} 10:0{n % 10}:00"))
        case "month":
            return f"2024-{chance.randint(1, 12):02}"
        case "unit_price" | "price" | "total" | "cost" | "sales" | "Precio" | "Importe" | "Total" | "discount":
            return f"{chance.randint(0, 500)}.{chance.randint(0, 99):02}"
        case "quantity" | "Cantidad" | "Qty" | "customers":
            return str(chance.randint(-2, 9))
        case "email" | "E-mail":
            return f"c{chance.randint(1, 20)}@example.org"
        case "channel":
            return chance.choice(("google", "meta", "direct"))
        case _:
            return f"{name[:2]}{chance.randint(1, 30)}"


def cell(chance: Random, name: str, n: int, harm: float) -> str:
    """A sound cell, or with the chance `harm` one of the traps."""
    if chance.random() >= harm:
        return sound(chance, name, n)
    kind = chance.randrange(6)
    if kind == 0:
        return chance.choice(NASTY) * chance.choice((1, 1, 2, 50))
    if kind == 1:
        return sound(chance, name, n) + chance.choice(NASTY)
    if kind == 2:
        return "".join(chr(chance.randrange(1, 0xD800)) for _ in range(chance.randrange(12)))
    return chance.choice(NASTY)


def header(chance: Random, kind: str) -> list[str]:
    """The columns of a kind, sometimes renamed, doubled, emptied, many or huge."""
    names = list(HEADS[kind])
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        at = chance.randrange(len(names) + 1)
        names.insert(at, chance.choice((*NAMES, *NASTY)))
    roll = chance.randrange(30)
    if roll == 0:
        names += [chance.choice(names)] * chance.choice((1, 3))
    elif roll == 1:
        names += [f"extra {n}" for n in range(chance.choice((100, 1_000, 10_000)))]
    elif roll == 2:
        names[chance.randrange(len(names))] = "h" * chance.choice((300, 70_000, 200_000))
    elif roll == 3:
        names = names[:1]
    elif roll == 4:
        names = [""] * len(names)
    elif roll == 5:
        names = [each.upper() for each in names]
    elif roll == 6:
        chance.shuffle(names)
    return names


def rows(chance: Random, names: list[str], n_rows: int, harm: float) -> list[list[str]]:
    """Rows for these columns; some too short or too long."""
    found = []
    for n in range(n_rows):
        width = len(names)
        if chance.random() < harm / 3:
            width = max(0, width + chance.choice((-2, -1, 1, 5)))
        wide = [*names, *["more"] * 5]
        found.append([cell(chance, wide[at], n, harm) if at < 40 else "x" for at in range(width)])
    return found


def size(chance: Random) -> int:
    """How many rows: mostly few, sometimes none or thousands."""
    return chance.choice((0, 1, 2, 5, 12, 12, 30, 30, 60, 400, 3_000 if chance.random() < 0.2 else 8))


def csv_text(chance: Random, kind: str) -> str:
    """A CSV file."""
    harm = chance.choice((0.0, 0.02, 0.1, 0.4))
    names = header(chance, kind)
    table = [names, *rows(chance, names, size(chance) if len(names) < 500 else 3, harm)]
    delimiter = chance.choice((",", ",", ";", "\t", "|", "~"))
    newline = chance.choice(("\n", "\n", "\r\n", "\r", "\n\r"))
    if chance.random() < 0.25:  # written without any care
        lines = [delimiter.join(each) for each in table]
    else:
        out = io.StringIO()
        quoting = chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
        writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\x00\x00")
        writer.writerows(table)
        lines = out.getvalue().split("\x00\x00")[:-1]
    return _troubled(chance, lines, delimiter, newline)


def _troubled(chance: Random, lines: list[str], delimiter: str, newline: str) -> str:
    """Lines as a text, with a trap that concerns the whole file."""
    at = chance.randrange(len(lines)) if lines else 0
    match chance.randrange(24):
        case 0 if lines:
            lines[at] = '"' + lines[at]  # opens and never closes
        case 1:
            lines.insert(at, "x" * chance.choice((1_000, 140_000, 3_000_000)))
        case 2:
            lines.insert(at, delimiter * chance.choice((1, 100, 5_000)))
        case 3:
            lines = [*(["preamble"] * chance.choice((1, 5, 400))), *lines]
        case 4:
            lines = [f"sep={delimiter}", *lines]
        case 5:
            return "".join(line + chance.choice(("\n", "\r\n", "\r", "\n\n")) for line in lines)
        case 6:
            lines.insert(at, '"' + f"y{newline}" * chance.choice((3, 300, 20_000)) + '"')
        case 7:
            return newline.join(lines) + chance.choice(('"', delimiter, "\x00", "\x1a", " ", newline * 50))
        case 8:
            lines = [each.replace('"', "'") for each in lines]
        case 9:
            lines = [" ".join(each.split(delimiter)) for each in lines]
        case _:
            pass
    return newline.join(lines) + chance.choice((newline, ""))


def encoded(chance: Random, text: str) -> bytes:
    """The text in some encoding, sometimes under a mark that lies."""
    encoding = chance.choice(ENCODINGS)
    raw = text.encode(encoding, "surrogatepass" if "utf" in encoding and encoding != "utf-7" else "replace")
    if chance.random() < 0.05:
        raw = chance.choice(MARKS) + raw
    if chance.random() < 0.03:
        raw += b"\xed\xa0\x80,\xff\xfe\xc3\n"
    return raw


def value(chance: Random, name: str, n: int, harm: float, depth: int = 0) -> Any:
    """A JSON value; with the chance `harm` of an odd type."""
    if chance.random() >= harm:
        text = sound(chance, name, n)
        return float(text) if name in ("unit_price", "cost") and chance.random() < 0.5 else text
    match chance.randrange(9):
        case 0 if depth < 4:
            return {chance.choice((*NAMES, *NASTY)): value(chance, name, n, harm, depth + 1) for _ in range(3)}
        case 1 if depth < 4:
            return [value(chance, name, n, harm, depth + 1) for _ in range(chance.randrange(4))]
        case 2:
            return chance.choice((True, False, None))
        case 3:
            return chance.choice((10**40, -(10**25), 1e308, float("nan"), float("inf"), 2**63, 0.1 + 0.2))
        case 4:
            return "\ud800" + chance.choice(NASTY)
        case _:
            return cell(chance, name, n, 1.0)


def json_text(chance: Random, kind: str) -> str:
    """JSON lines, a list, a document that wraps a list, or orders with their lines."""
    harm = chance.choice((0.0, 0.05, 0.3))
    names = header(chance, kind)[:60]
    objects: list[Any] = [{name: value(chance, name, n, harm) for name in names} for n in range(min(size(chance), 400))]
    if chance.random() < 0.25:
        key = chance.choice(("line_items", "items", "lines", "products"))
        for each in objects:
            each[key] = [{"sku": "a", "quantity": 1, "price": "2.50"}] * chance.randrange(3)
            if chance.random() < harm:
                each[key] = value(chance, "sku", 0, 1.0)
    if objects and chance.random() < harm:
        objects[chance.randrange(len(objects))] = value(chance, "x", 0, 1.0)
    plain = chance.random() < 0.5
    match chance.randrange(12):
        case 0:
            return json.dumps(objects, ensure_ascii=plain, indent=chance.choice((None, 1)))
        case 1:
            return json.dumps({chance.choice(("orders", "data", "a.b", "")): objects}, ensure_ascii=plain)
        case 2:
            deep = chance.choice((20, 200, 2_000, 100_000))
            opened = chance.choice(("[", '{"a":'))
            return opened * deep + "1" + ("]" if opened == "[" else "}") * chance.choice((deep, 0))
        case 3:
            return "[" + ",".join(json.dumps(each, ensure_ascii=plain) for each in objects)  # never closed
        case 4:
            return json.dumps(chance.choice((1, "x", None, [], {}, [[]], [1, 2], {"a": []}, [{}])))
        case _:
            lines = [json.dumps(each, ensure_ascii=plain) for each in objects]
            if lines and chance.random() < 0.2:
                lines[chance.randrange(len(lines))] = chance.choice(
                    ('{"a":', "x" * 3_000_000, "{}", "nope", '{"a":1,"a":2}', '{"\\ud800":"\\udfff"}', "\x00", '"x"')
                )
            return chance.choice(("\n", "\n", "\r\n")).join(lines)
