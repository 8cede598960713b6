"""Everything that happened arrives here: order files, frames, bulk batches. Names load when they are used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from volver.collect.completejourney import NoCompleteJourney as NoCompleteJourney
    from volver.collect.completejourney import import_complete_journey as import_complete_journey
    from volver.collect.ledger.arriving import Changed as Changed
    from volver.collect.ledger.arriving import DocumentCounts as DocumentCounts
    from volver.collect.ledger.aside import AsideRow as AsideRow
    from volver.collect.ledger.aside import SetAside as SetAside
    from volver.collect.ledger.aside import set_aside as set_aside
    from volver.collect.ledger.batch import Batch as Batch
    from volver.collect.ledger.batch import IdsTaken as IdsTaken
    from volver.collect.ledger.batch import recover as recover
    from volver.collect.ledger.batch import write_batch as write_batch
    from volver.collect.ledger.currencies import OtherCurrency as OtherCurrency
    from volver.collect.ledger.importing import DryRun as DryRun
    from volver.collect.ledger.importing import ImportOptions as ImportOptions
    from volver.collect.ledger.importing import import_files as import_files
    from volver.collect.ledger.importing import import_frame as import_frame
    from volver.collect.ledger.importing import try_import as try_import
    from volver.collect.ledger.report import ImportReport as ImportReport
    from volver.collect.ledger.retry import Retried as Retried
    from volver.collect.ledger.retry import retry_set_aside as retry_set_aside
    from volver.collect.ledger.undoing import Import as Import
    from volver.collect.ledger.undoing import NoSuchImport as NoSuchImport
    from volver.collect.ledger.undoing import NotUndoable as NotUndoable
    from volver.collect.ledger.undoing import Undone as Undone
    from volver.collect.ledger.undoing import imports as imports
    from volver.collect.ledger.undoing import undo as undo
    from volver.collect.simulate.bring import import_simulated as import_simulated
    from volver.collect.simulate.law import BuyingProcess as BuyingProcess
    from volver.collect.simulate.shop import LAST_DAY as LAST_DAY
    from volver.collect.simulate.shop import SimulatedShop as SimulatedShop
    from volver.collect.simulate.shop import simulate_shop as simulate_shop

_WHERE = {
    "AsideRow": "ledger.aside",
    "Batch": "ledger.batch",
    "BuyingProcess": "simulate.law",
    "Changed": "ledger.arriving",
    "DocumentCounts": "ledger.arriving",
    "DryRun": "ledger.importing",
    "IdsTaken": "ledger.batch",
    "Import": "ledger.undoing",
    "ImportOptions": "ledger.importing",
    "ImportReport": "ledger.report",
    "LAST_DAY": "simulate.shop",
    "NoCompleteJourney": "completejourney",
    "NoSuchImport": "ledger.undoing",
    "NotUndoable": "ledger.undoing",
    "OtherCurrency": "ledger.currencies",
    "Retried": "ledger.retry",
    "SetAside": "ledger.aside",
    "SimulatedShop": "simulate.shop",
    "Undone": "ledger.undoing",
    "import_complete_journey": "completejourney",
    "import_files": "ledger.importing",
    "import_frame": "ledger.importing",
    "import_simulated": "simulate.bring",
    "imports": "ledger.undoing",
    "recover": "ledger.batch",
    "retry_set_aside": "ledger.retry",
    "set_aside": "ledger.aside",
    "simulate_shop": "simulate.shop",
    "try_import": "ledger.importing",
    "undo": "ledger.undoing",
    "write_batch": "ledger.batch",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(f"volver.collect.{_WHERE[name]}"), name)
