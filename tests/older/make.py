"""Keep a small shop as this release makes it, with the figures it tells: `python -m tests.older.make`.

Writes `<migration>.tar.xz` and `<migration>.json` beside this file. Run it once for each new migration, on the release
that brought it, and keep what it wrote: later releases open the shop and must find these figures again. A figure that
is told otherwise on purpose is corrected in the JSON by hand, in the commit that says why.
"""

import io
import json
import sys
import tarfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from volver import know, predict
from volver.collect import ImportOptions, import_files, import_simulated, set_aside, simulate_shop
from volver.server import create_owner, create_token
from volver.store import TABLES, Shop, create_shop

HERE = Path(__file__).parent
PASSWORD = "a calm password"
FIRST, LAST = date(2024, 7, 1), date(2025, 9, 30)
# A guest, two units of which one comes back a week later, an order undone within minutes, a day that is none.
BY_HAND = """order_id,ordered_at,customer_id,sku,name,quantity,unit_price
9001,2025-03-03 10:00,,COC-01,Sartén de hierro de 26 cm,1,38.90
9002,2025-03-04 11:00,100001,COC-02,Cazuela de barro con tapa,2,29.50
9002,2025-03-11 11:00,100001,COC-02,Cazuela de barro con tapa,-1,29.50
9003,2025-03-05 12:00,100002,COC-03,Paellera pulida de 40 cm,3,24.90
9003,2025-03-05 12:20,100002,COC-03,Paellera pulida de 40 cm,-3,24.90
9004,2025-03-35 09:00,100002,COC-03,Paellera pulida de 40 cm,1,24.90
"""
COSTS = "channel,cost\nsearch,120.50\ndirecto,30\nboletín,12\n"
SOLD = "month,orders\n" + "".join(
    f"{year}-{month:02},{orders}\n"
    for year in (2022, 2023)
    for month, orders in enumerate((300, 280, 310, 320, 350, 330, 300, 250, 340, 380, 700, 900), 1)
)


def fill(shop: Shop, folder: Path) -> dict[str, str]:
    """Bring orders, people, goods, events, costs, a calendar, an account and a token in; the secrets that open it."""
    import polars as pl

    found = simulate_shop(60, 5, out_dir=folder, first_day=FIRST, last_day=LAST)
    pl.read_parquet(found.customers).drop("customer_name", "email").write_parquet(found.customers)
    import_simulated(shop, found)
    for name, text in {"orders": BY_HAND, "costs": COSTS, "sold": SOLD}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    import_files(shop, [folder / "orders.csv"], ImportOptions(currency="EUR"))
    predict.import_calendar(shop, folder / "sold.csv")
    know.refresh(shop, LAST)
    predict.fit(shop, LAST)
    predict.spend_ceiling(shop, "channel", folder / "costs.csv")
    create_owner(shop, "owner", PASSWORD)
    secret = create_token(shop, "till").secret
    return {"token": str(secret)}


def figures(shop: Shop) -> dict[str, Any]:
    """What the shop tells of the past: months, stages, segments, each customer, costs, calendar, imports.

    Under `forecast` what it tells of the time to come, which another law may tell otherwise after a refresh.
    """
    held = know.table(shop).table.sort_by("customer_ref").drop(["name", "email", "segments"])
    ahead = [name for name in held.column_names if name in TABLES["scores"].columns and name != "customer_id"]
    groups = {each.stage: each for each in know.stages(shop).stages}
    segments = {each.key: each for each in know.segments(shop)}
    calendar = predict.calendar_report(shop).imported
    aside = set_aside(shop)
    value = predict.value_report(shop, "365d")
    told = {
        "months": know.kpi(shop, "month").table.to_pylist(),
        "stages": {name: [each.customers, each.net_e4] for name, each in groups.items()},
        "segments": {name: [each.members, each.net_e4] for name, each in segments.items()},
        "customers": held.drop(ahead).to_pydict(),
        "costs": {each.key: each.cost for each in predict.spend_ceiling(shop, "channel").rows if each.cost},
        "calendar": None if calendar is None else {"kind": calendar.kind, "months": calendar.months},
        "set_aside": {"total": aside.total, "reasons": dict(aside.reasons)},
        "counted": counted(shop, ["order_lines", "events", "products"]),
        "forecast": {
            "at": value.at,
            "model": value.model,
            "total": value.total.expected,
            "stages": {name: each.value_e4 for name, each in groups.items()},
            "customers": held.select(ahead).to_pydict(),
        },
    }
    plain: dict[str, Any] = json.loads(json.dumps(told, default=str))
    return plain


def counted(shop: Shop, tables: Sequence[str]) -> dict[str, int]:
    """How many rows tables of the lake hold."""
    return {name: shop.compute.relation(f"select count(*) from {name}").column(0)[0].as_py() for name in tables}


def packed(folder: Path) -> bytes:
    """A closed shop as one compressed file, without the times and owners of its files."""

    def bare(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = entry.mtime = 0
        entry.uname = entry.gname = ""
        return entry

    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:xz", preset=9) as archive:
        archive.add(folder, "shop", filter=bare)
    return held.getvalue()


def lined(value: Any, depth: int = 0) -> str:
    """JSON with a line for each figure and each customer's column: a change of one is seen as a change of one."""
    if depth > 2 or not isinstance(value, dict | list) or not value:
        return json.dumps(value, ensure_ascii=False)
    inside = ",\n".join(
        (f"{json.dumps(name)}: " if isinstance(value, dict) else "") + lined(each, depth + 1)
        for name, each in (value.items() if isinstance(value, dict) else enumerate(value))
    )
    return f"{{\n{inside}\n}}" if isinstance(value, dict) else f"[\n{inside}\n]"


def main() -> None:
    """Make the shop of this release's newest migration, and say how large it became."""
    with TemporaryDirectory() as folder:
        place = Path(folder) / "shop"
        with create_shop(place, name="Casa de antes", timezone="Europe/Madrid") as shop:
            secrets = fill(shop, Path(folder) / "files")
            kept = {"migration": shop.state.version(), "secrets": secrets, "figures": figures(shop)}
        archive = HERE / f"{kept['migration']}.tar.xz"
        archive.write_bytes(packed(place))
    archive.with_name(f"{kept['migration']}.json").write_text(lined(kept) + "\n", encoding="utf-8")
    sys.stdout.write(f"{archive.name}: {archive.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
