"""From files or a frame to the ledger: read, compare with what the shop holds, commit, report."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from volver.collect.ledger import arriving, batch, currencies, goods, kinds, mappings, putting, tax_base
from volver.collect.ledger.arriving import DocumentCounts
from volver.collect.ledger.batch import Step
from volver.collect.ledger.kinds import KINDS, Kind, Told
from volver.collect.ledger.report import LINES, ImportReport, Note, OrderCounts, RowCounts, exact_text
from volver.collect.ledger.session import Session, session
from volver.collect.settings import CollectSettings
from volver.core import VolverError, clock, some_of
from volver.store import Shop

if TYPE_CHECKING:
    from volver.collect.reading import Preview, ReadOptions, Remembered, SourceFile, Sources

Opening = Callable[[Session, str, bool], "Sources"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What a person may say about their files. None means: find it in the files, and ask if they do not tell.

    `mapping` goes from a field to a column. `currency` and `timezone` are those of the files (None: the shop's).
    `money` answers what was asked about their money: `before-discount`, `per-line`, …
    `sheet` is the one of workbooks to read.
    `answers` says such fields of the files of one shape only (`SourceFile.shape`).
    """

    as_: Kind | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    currency: str | None = None
    timezone: str | None = None
    day_first: bool | None = None
    decimal: Literal[".", ","] | None = None
    money: tuple[str, ...] = ()
    sheet: str = ""
    drop_identical: bool = False
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What an import would do: the files as understood, ten parsed rows, what a person has to say first.

    `report` is None while something is asked. `renamed` products have several names; the most used one would stand.
    """

    preview: "Preview"
    report: ImportReport | None
    renamed: int = 0


def import_files(
    shop: Shop, paths: Sequence[str | Path], options: ImportOptions | None = None, step: Step | None = None
) -> ImportReport:
    """Bring files or folders of order lines, products or customers into the shop. Importing again changes nothing.

    `step` hears the name of every stage that is reached.
    """
    chosen = options or ImportOptions()
    with session(shop) as work:
        return _import(shop, work, paths_opening(shop, paths, chosen), chosen, step)


def import_frame(
    shop: Shop, frame: Any, *, as_: Kind = "orders", step: Step | None = None, **options: Any
) -> ImportReport:
    """The same for a pandas, polars, Arrow or DuckDB frame; `options` are those of `ImportOptions`."""
    chosen = ImportOptions(as_=as_, **options)

    def opening(work: Session, currency: str, asking: bool) -> "Sources":
        from volver.collect.reading import open_frame

        return open_frame(frame, read_options(chosen), **_surroundings(shop, work, currency, asking))

    with session(shop) as work:
        return _import(shop, work, opening, chosen, step)


def try_import(shop: Shop, paths: Sequence[str | Path], options: ImportOptions | None = None) -> DryRun:
    """Do all of an import but the commit."""
    from volver.collect.reading import preview

    chosen = options or ImportOptions()
    with session(shop, is_trial=True) as work:
        currency, sources = _opened(shop, work, paths_opening(shop, paths, chosen), chosen, asking=True)
        shown = preview(sources)
        if sources.asks:
            return DryRun(preview=shown, report=None)
        told, renamed = [], 0
        for kind in of_kinds(sources):
            read(work, sources, kind)
            what = compare(shop, work, sources, kind, chosen)
            told.append((what, what.rows(*putting.counts(shop, work, kind))))
            renamed += goods.renamed(work) if kind != "customers" else 0
            work.forget()
        return DryRun(preview=shown, report=together(shop, sources, told, currency), renamed=renamed)


def open_questions(
    shop: Shop, paths: Sequence[str | Path], options: ImportOptions | None = None
) -> tuple[VolverError, ...]:
    """What only a person can say of these files before they can be imported."""
    chosen = options or ImportOptions()
    with session(shop, is_trial=True) as work:
        return _opened(shop, work, paths_opening(shop, paths, chosen), chosen, asking=True)[1].asks


def _import(shop: Shop, work: Session, opening: Opening, options: ImportOptions, step: Step | None) -> ImportReport:
    said = step or (lambda _: None)
    currency, sources = _opened(shop, work, opening, options, asking=False)
    said("understood")
    told = []
    for kind in of_kinds(sources):
        read(work, sources, kind)
        said("read")
        with batch.staging(shop) as staged:
            what = compare(shop, work, sources, kind, options)
            said("compared")
            rows = what.rows(*putting.put_aside(shop, work, staged, kind, sources.files))
            kinds.write(shop, work, staged, kind)
            staged.merges = list(what.joins)
            staged.rows, staged.report = rows.added, together(shop, sources, [(what, rows)], currency).to_json()
            staged.files = [each.label for each in sources.files if each.as_ == kind]
            if staged:
                currencies.adopt(shop, currency)
                tax_base.adopt(shop, sources.files)
                batch.commit(shop, staged, said)
        told.append((what, rows))
        work.forget()
    mappings.remember(shop, sources.files)
    return together(shop, sources, told, currency)


def _opened(
    shop: Shop, work: Session, opening: Opening, options: ImportOptions, *, asking: bool
) -> tuple[str, "Sources"]:
    """The files as understood and the currency they are in; they are looked at again where it is not the shop's."""
    ours = currencies.of_import(shop, options.currency)
    sources = opening(work, ours, asking)
    theirs = currencies.of_files(shop, options.currency, sources.currencies, ours)
    sources = sources if theirs == ours else opening(work, theirs, asking)
    ask = tax_base.ask_of(shop, sources.files, options.money)
    if ask is not None and not asking:
        raise ask
    return theirs, replace(sources, asks=(*sources.asks, ask)) if ask is not None else sources


def read(work: Session, sources: "Sources", kind: Kind) -> None:
    """Stage the rows of every file of one kind."""
    from volver.collect.reading import of_file, parsed

    files = [each for each in sources.files if each.as_ == kind]
    view = parsed(sources, work.connection, kind)
    assert view is not None
    with of_file(some_of([each.label for each in files])):
        kinds.read(work, view, kind, files)


def compare(
    shop: Shop, work: Session, sources: "Sources", kind: Kind, options: ImportOptions, *, again: bool = False
) -> Told:
    """Stage what the rows of one kind would add to the shop; `again` says that they were set aside before."""
    files = [each for each in sources.files if each.as_ == kind]
    return kinds.compare(shop, work, kind, files, drop_identical=options.drop_identical, again=again)


def of_kinds(sources: "Sources") -> list[Kind]:
    """The kinds of file among the sources, orders last, so that they find products and customers named."""
    return [kind for kind in KINDS if any(each.as_ == kind for each in sources.files)]


def read_options(options: ImportOptions, remembered: "Mapping[str, Remembered] | None" = None) -> "ReadOptions":
    """The part of the options that the reader needs, with what is remembered of files."""
    from volver.collect.reading import ReadOptions

    return ReadOptions(
        as_=options.as_,
        mapping=options.mapping,
        currency=options.currency,
        timezone=options.timezone,
        day_first=options.day_first,
        decimal=options.decimal,
        money=options.money,
        sheet=options.sheet,
        answers=options.answers,
        remembered=remembered or {},
    )


def paths_opening(shop: Shop, paths: Sequence[str | Path], options: ImportOptions) -> Opening:
    """How these paths are opened, once a session is there."""

    def opening(work: Session, currency: str, asking: bool) -> "Sources":
        from volver.collect.reading import open_sources

        known = mappings.remembered(shop, options.as_)
        most = shop.settings.of(CollectSettings).unpack_limit_mb * 1_000_000
        return open_sources(
            paths, read_options(options, known), unpack_bytes=most, **_surroundings(shop, work, currency, asking)
        )

    return opening


def together(shop: Shop, sources: "Sources", told: Sequence[tuple[Told, RowCounts]], currency: str) -> ImportReport:
    """One report of the batches of one import."""
    aside: dict[str, int] = {}
    for _, rows in told:
        for reason, count in rows.set_aside.items():
            aside[reason] = aside.get(reason, 0) + count
    orders = next((what for what, _ in told if what.lines is not None), None)
    starts, ends = ([at for at in ends if at] for ends in zip(*((w.first_at, w.last_at) for w, _ in told), strict=True))
    return ImportReport(
        files=len(sources.files),
        rows=RowCounts(
            read=sum(rows.read for _, rows in told),
            added=sum(rows.added for _, rows in told),
            already_there=sum(rows.already_there for _, rows in told),
            identical=sum(rows.identical for _, rows in told),
            pending=sum(rows.pending for _, rows in told),
            set_aside=aside,
        ),
        orders=orders.orders if orders else OrderCounts(),
        lines=orders.lines if orders and orders.lines else dict.fromkeys(LINES, 0),
        customers=(orders or told[0][0]).customers if told else 0,
        products=(orders or told[0][0]).products if told else 0,
        net=exact_text(sum((Decimal(what.net) for what, _ in told), Decimal(0))),
        ledger_net=orders.ledger_net if orders else "0.00",
        ledger_net_after=orders.ledger_net_after if orders else arriving.shop_net(shop),
        documents=orders.documents if orders else DocumentCounts(),
        currency=currency,
        first_at=min(starts, default=None),
        last_at=max(ends, default=None),
        money=orders.money if orders else None,
        notes=tuple(note for each in sources.files for note in _notes(each)),
        skipped=sources.skipped,
        shared_emails=sum(what.shared_emails for what, _ in told),
    )


def _notes(file: "SourceFile") -> Iterator[Note]:
    for column in file.unread_money:
        yield Note(file=file.label, says=f"{column} holds money and is not read.")
    for says in (*(file.money.says if file.money else ()), *file.notes):
        yield Note(file=file.label, says=str(says))


def _surroundings(shop: Shop, work: Session, currency: str, asking: bool) -> dict[str, Any]:
    return {
        "shop_currency": currency,
        "shop_timezone": shop.settings.timezone,
        "workdir": work.workdir,
        "now_us": clock.now_us(),
        "asking": asking,
    }
