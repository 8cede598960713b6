"""A seed makes an input: files, how they are brought, and what is said about them."""

from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz import columns, containers, texts

_DATA = ("orders", "orders", "orders", "products", "customers")
_SUFFIX = {
    "csv": ".csv",
    "json": ".jsonl",
    "parquet": ".parquet",
    "arrow": ".arrow",
    "broken": ".arrow",
    "book": ".xlsx",
    "bytes": ".csv",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One input: `how` is try, import, command, costs, index or frame; `made` says what its first file is."""

    how: str
    made: str
    paths: list[Path]
    options: dict[str, Any] = field(default_factory=dict)


def case(seed: int, folder: Path) -> Case:
    """Write the files of a seed into a folder; the same seed makes the same files."""
    chance = Random(seed)
    how = chance.choices(("try", "import", "command", "costs", "index", "frame"), (0.45, 0.25, 0.1, 0.08, 0.08, 0.04))[
        0
    ]
    folder.mkdir(parents=True, exist_ok=True)
    if how in ("costs", "index"):
        raw = texts.encoded(chance, texts.csv_text(chance, how))
        raw = containers.damaged(chance, raw) if chance.random() < 0.3 else raw
        path = folder / f"{how}.csv"
        path.write_bytes(raw)
        return Case(how=how, made="csv", paths=[path], options={"by": chance.choice(("channel", "campaign", "month"))})
    paths, what = [], []
    for n in range(chance.choice((1, 1, 1, 1, 2, 3))):
        made, name, raw = _file(chance, n)
        (folder / name).write_bytes(raw)
        paths.append(folder / name)
        what.append(made)
    if how != "frame" and chance.random() < 0.2:
        paths = [folder]
    return Case(how=how, made=what[0], paths=paths, options=_options(chance))


def _file(chance: Random, n: int) -> tuple[str, str, bytes]:
    kind = chance.choice(_DATA)
    made = chance.choices(tuple(_SUFFIX), (0.45, 0.2, 0.12, 0.12, 0.02, 0.05, 0.03))[0]
    raw = _content(chance, made, kind)
    name = f"{kind}-{n}{_SUFFIX[made]}"
    if chance.random() < 0.25:
        raw = containers.damaged(chance, raw)
    if chance.random() < 0.05:
        name = f"{kind}-{n}{chance.choice(('.json', '.txt', '.parquet', '.gz', '.zip', ''))}"
    roll = chance.random()
    if roll < 0.004:
        return "bomb", f"bomb-{n}.gz", containers.bomb(chance)
    if roll < 0.09:
        made, name, raw = f"{made}.gz", f"{name}.gz", containers.packed_gz(chance, raw)
    elif roll < 0.17:
        made, name, raw = f"{made}.zip", f"{name}.zip", containers.packed_zip(chance, raw, name)
    if made.endswith(("gz", "zip")) and chance.random() < 0.3:
        raw = containers.damaged(chance, raw)
    return made, name, raw


def _content(chance: Random, made: str, kind: str) -> bytes:
    match made:
        case "csv":
            return texts.encoded(chance, texts.csv_text(chance, kind))
        case "json":
            return texts.encoded(chance, texts.json_text(chance, kind))
        case "parquet":
            return columns.parquet(chance, kind)
        case "arrow":
            return columns.arrow(chance, kind)
        case "book":
            names = texts.header(chance, kind)
            rows = texts.rows(chance, names, min(texts.size(chance), 300), 0.05)
            return containers.workbook(chance, [names, *rows])
        case "broken":
            return columns.broken_text(chance)
        case _:
            return bytes(chance.randrange(256) for _ in range(chance.choice((0, 1, 10, 500))))


def _options(chance: Random) -> dict[str, Any]:
    """What a person says, mostly nothing."""
    said: dict[str, Any] = {}
    if chance.random() < 0.15:
        said["as_"] = chance.choice(("orders", "products", "customers"))
    if chance.random() < 0.15:
        said["day_first"] = chance.choice((True, False))
    if chance.random() < 0.1:
        said["decimal"] = chance.choice((".", ","))
    if chance.random() < 0.1:
        said["timezone"] = chance.choice(("UTC", "Asia/Tokyo", "Nowhere/Atall", "\x00", "../etc", ""))
    if chance.random() < 0.15:
        fields = ("date", "order_ref", "total", "unit_price", "quantity", "currency", "email", "nonsense", "")
        names = (*texts.NAMES, *texts.ORDERS, *texts.NASTY)
        said["mapping"] = {chance.choice(fields): chance.choice(names) for _ in range(chance.choice((1, 2)))}
    if chance.random() < 0.05:
        said["currency"] = chance.choice(("USD", "eur", "ZZZ", "", "€", "\x1b"))
    return said
