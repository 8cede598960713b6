"""Reading again what was set aside, with a better mapping, currency or day order.

Rows of one file with the same columns are retried together. What can now be used joins the ledger in the same batch
that settles it; what still cannot stays where it is.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from volver.collect.ledger import aside, batch, currencies, importing, kinds
from volver.collect.ledger.aside import AsideRow
from volver.collect.ledger.importing import ImportOptions
from volver.collect.ledger.kinds import KINDS, ROWS, Kind
from volver.collect.ledger.session import Session, session
from volver.core import VolverError
from volver.store import Shop


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """How many rows were tried, how many are settled now, of these how many were new, and why the others still wait."""

    tried: int
    settled: int
    added: int
    waiting: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, in the order of the fields."""
        return asdict(self)


def retry_set_aside(shop: Shop, options: ImportOptions | None = None) -> Retried:
    """Try every row that waits again. What still cannot be read waits on.

    Raises what the reader says when a new mapping fits no row at all.
    """
    chosen = options or ImportOptions()
    tried = settled = added = 0
    refused: VolverError | None = None
    with session(shop) as work:
        for kind, ids, path in list(_groups(shop, work.workdir)):
            tried += len(ids)
            try:
                passed, new = _retry(shop, work, kind, ids, path, chosen)
            except VolverError as problem:
                refused = problem
                continue
            finally:
                work.forget()
            settled, added = settled + passed, added + new
    if refused is not None and not settled and chosen.mapping:
        raise refused
    return Retried(tried=tried, settled=settled, added=added, waiting=aside.set_aside(shop, limit=0).reasons)


def _retry(
    shop: Shop, work: Session, kind: Kind, ids: list[int], path: Path, options: ImportOptions
) -> tuple[int, int]:
    asked = replace(options, as_=kind)
    currency = currencies.of_import(shop, options.currency)
    sources = importing.paths_opening(shop, [path], asked)(work, currency, False)
    importing.read(work, sources, kind)
    with batch.staging(shop) as staged:
        told = importing.compare(shop, work, sources, kind, asked, again=True)
        still = {
            int(row_no)
            for (row_no,) in work.run(f"select row_no from {ROWS[kind]} where problem is not null").fetchall()
        }
        staged.settled = [each for row_no, each in enumerate(ids, start=1) if row_no not in still]
        staged.rows, staged.source = told.added, "set-aside"
        if staged.settled:
            kinds.write(shop, work, staged, kind)
            staged.merges = list(told.joins)
            currencies.adopt(shop, currency)
            batch.commit(shop, staged)
    return len(staged.settled), told.added


def _groups(shop: Shop, workdir: Path) -> Iterator[tuple[Kind, list[int], Path]]:
    """Write the waiting rows as JSON lines, one file for each kind, source file and set of columns."""
    groups: dict[tuple[str, str, tuple[str, ...]], tuple[list[int], Path]] = {}
    for row in aside.waiting(shop):
        content = _content(row)
        if content is None:
            continue
        kind, key = row.kind, tuple(content)
        if (kind, row.file, key) not in groups:
            folder = workdir / f"retry{len(groups)}"
            folder.mkdir()
            groups[kind, row.file, key] = ([], folder / f"{Path(row.file).name}.jsonl")
        ids, path = groups[kind, row.file, key]
        ids.append(row.id)
        with open(path, "a", encoding="utf-8") as lines:
            lines.write(json.dumps(content, ensure_ascii=False) + "\n")
    for (kind, _, _), (ids, path) in groups.items():
        yield _checked(kind), ids, path


def _content(row: AsideRow) -> dict[str, Any] | None:
    try:
        found = json.loads(row.body)
    except ValueError:
        return None
    return found if isinstance(found, dict) and found else None


def _checked(kind: str) -> Kind:
    return next(each for each in KINDS if each == kind)
