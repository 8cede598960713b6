"""Everything that happened arrives here: order files, frames, bulk batches. Names load when they are used."""

from typing import TYPE_CHECKING

from volver.core.doors import lazy

if TYPE_CHECKING:
    from volver.collect.completejourney import NoCompleteJourney as NoCompleteJourney
    from volver.collect.completejourney import import_complete_journey as import_complete_journey
    from volver.collect.jobs import IMPORT as IMPORT
    from volver.collect.jobs import RETRY as RETRY
    from volver.collect.jobs import TRY as TRY
    from volver.collect.jobs import UNDO as UNDO
    from volver.collect.jobs import start as start
    from volver.collect.ledger.arriving import Changed as Changed
    from volver.collect.ledger.arriving import DocumentCounts as DocumentCounts
    from volver.collect.ledger.aside import AsideRow as AsideRow
    from volver.collect.ledger.aside import SetAside as SetAside
    from volver.collect.ledger.aside import set_aside as set_aside
    from volver.collect.ledger.aside import waiting as waiting
    from volver.collect.ledger.batch import Batch as Batch
    from volver.collect.ledger.batch import IdsTaken as IdsTaken
    from volver.collect.ledger.batch import recover as recover
    from volver.collect.ledger.batch import write_batch as write_batch
    from volver.collect.ledger.currencies import OtherCurrency as OtherCurrency
    from volver.collect.ledger.giving_up import GivenUp as GivenUp
    from volver.collect.ledger.giving_up import MixedLake as MixedLake
    from volver.collect.ledger.giving_up import give_up as give_up
    from volver.collect.ledger.importing import DryRun as DryRun
    from volver.collect.ledger.importing import ImportOptions as ImportOptions
    from volver.collect.ledger.importing import import_files as import_files
    from volver.collect.ledger.importing import import_frame as import_frame
    from volver.collect.ledger.importing import open_questions as open_questions
    from volver.collect.ledger.importing import try_import as try_import
    from volver.collect.ledger.mappings import Mapping as Mapping
    from volver.collect.ledger.mappings import NoSuchMapping as NoSuchMapping
    from volver.collect.ledger.mappings import forget_mapping as forget_mapping
    from volver.collect.ledger.mappings import mappings as mappings
    from volver.collect.ledger.report import ImportReport as ImportReport
    from volver.collect.ledger.retry import Retried as Retried
    from volver.collect.ledger.retry import retry_set_aside as retry_set_aside
    from volver.collect.ledger.story import MoneyStory as MoneyStory
    from volver.collect.ledger.undoing import Import as Import
    from volver.collect.ledger.undoing import NoSuchImport as NoSuchImport
    from volver.collect.ledger.undoing import NotUndoable as NotUndoable
    from volver.collect.ledger.undoing import Undone as Undone
    from volver.collect.ledger.undoing import import_report as import_report
    from volver.collect.ledger.undoing import imports as imports
    from volver.collect.ledger.undoing import undo as undo
    from volver.collect.previews import ask_json as ask_json
    from volver.collect.previews import columns_of as columns_of
    from volver.collect.previews import preview_json as preview_json
    from volver.collect.reading import FIELDS as FIELDS
    from volver.collect.reading import PROBLEMS as PROBLEMS
    from volver.collect.reading import choices_of as choices_of
    from volver.collect.reading import field_words as field_words
    from volver.collect.reading import merged as merged
    from volver.collect.reading.cost_files import BadCosts as BadCosts
    from volver.collect.reading.cost_files import Cost as Cost
    from volver.collect.reading.cost_files import CostRows as CostRows
    from volver.collect.reading.cost_files import read_costs as read_costs
    from volver.collect.reading.index_files import INDEX as INDEX
    from volver.collect.reading.index_files import ORDERS as ORDERS
    from volver.collect.reading.index_files import SALES as SALES
    from volver.collect.reading.index_files import BadCalendarFile as BadCalendarFile
    from volver.collect.reading.index_files import IndexFile as IndexFile
    from volver.collect.reading.index_files import IndexRow as IndexRow
    from volver.collect.reading.index_files import StoreIndex as StoreIndex
    from volver.collect.reading.index_files import read_index_file as read_index_file
    from volver.collect.reading.layouts import known_layouts as known_layouts
    from volver.collect.reading.money.interpretation import FileMoney as FileMoney
    from volver.collect.room import ROOM as ROOM
    from volver.collect.settings import CollectSettings as CollectSettings
    from volver.collect.simulate.bring import import_simulated as import_simulated
    from volver.collect.simulate.law import BuyingProcess as BuyingProcess
    from volver.collect.simulate.shop import LAST_DAY as LAST_DAY
    from volver.collect.simulate.shop import SimulatedShop as SimulatedShop
    from volver.collect.simulate.shop import simulate_shop as simulate_shop
    from volver.collect.trying import Trial as Trial
    from volver.collect.trying import ask_trial as ask_trial
    from volver.collect.trying import options_of as options_of
    from volver.collect.trying import trial_of as trial_of
    from volver.collect.trying import unpacked as unpacked
    from volver.collect.uploads import NoSuchUpload as NoSuchUpload
    from volver.collect.uploads import Receiving as Receiving
    from volver.collect.uploads import Upload as Upload
    from volver.collect.uploads import UploadedFile as UploadedFile
    from volver.collect.uploads import begin_upload as begin_upload
    from volver.collect.uploads import forget_upload as forget_upload
    from volver.collect.uploads import upload_of as upload_of
    from volver.collect.uploads import waiting_uploads as waiting_uploads

__getattr__ = lazy(__name__, __file__)
