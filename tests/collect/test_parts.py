"""A part of a shop that is missing, an older copy or another shop's is noticed at opening; each has a way out."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.collect.ledger_world import EXPORT, imported, ledger, write_csv
from volver.app import mend, open_as_it_is, open_recovered, open_to_examine, replay_log
from volver.cli.main import root
from volver.core import VolverError, clock
from volver.store import Entry, Shop, check_parts, check_shop, create_shop, people

PARTS = {"log": ("log.db",), "state": ("state.db",), "lake": ("lake",)}


@dataclass(frozen=True)
class Worlds:
    """A shop after two imports, the same shop after the first alone, another shop, and a copy that went its own way."""

    now: Path
    older: Path
    other: Path
    fork: Path
    files: tuple[Path, Path, Path]
    ledger: list[tuple[object, ...]]
    all_three: list[tuple[object, ...]]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    folder = tmp_path_factory.mktemp("parts")
    third = [("8001", "85048", "GLASS LIGHTS", "3", "2011-02-01 08:26:00", "6.95", "99", "United Kingdom")]
    first, second = write_csv(folder / "a.csv", EXPORT[:9]), write_csv(folder / "b.csv", EXPORT[9:])
    last = write_csv(folder / "c.csv", third)

    def made(name: str, *files: Path, of: Path | None = None) -> list[tuple[object, ...]]:
        if of:
            shutil.copytree(of, folder / name)
        else:
            create_shop(folder / name, currency="GBP", timezone="Europe/London").close()
        with open_recovered(folder / name) as shop:
            for each in files:
                imported(shop, each)
            return list(ledger(shop))

    made("older", first)
    held = made("now", second, of=folder / "older")
    made("fork", last, of=folder / "older")
    made("other", second, first)
    everything = made("all", last, of=folder / "now")
    places = (folder / "now", folder / "older", folder / "other", folder / "fork")
    return Worlds(*places, (first, second, last), held, everything)


def put(shop: Path, part: str, of: Path | None) -> None:
    """Replace a part of a shop by that of another, or take it away."""
    for name in PARTS[part]:
        for each in (shop / name, shop / f"{name}-wal", shop / f"{name}-shm"):
            if each.is_dir():
                shutil.rmtree(each)
            each.unlink(missing_ok=True) if not each.is_dir() else None
        if of:
            copy: Callable[[Path, Path], object] = shutil.copytree if (of / name).is_dir() else shutil.copy
            copy(of / name, shop / name)


@pytest.fixture
def shop(worlds: Worlds, tmp_path: Path) -> Path:
    shutil.copytree(worlds.now, tmp_path / "shop")
    return tmp_path / "shop"


def refusal(folder: Path) -> str:
    with pytest.raises(VolverError) as refused:
        open_recovered(folder)
    assert refused.value.advice
    return refused.value.code


def told(folder: Path) -> tuple[str, str]:
    """What the doctor says of the parts."""
    with open_to_examine(folder) as shop:
        [check] = [each for each in check_shop(shop) if each.name == "parts"]
    assert not check.ok
    return str(check.says), check.hint


def ran(shop: Path, *words: str | Path) -> Result:
    return CliRunner().invoke(root, ["--shop", str(shop), *map(str, words)])


CASES = [
    # log, state, lake: None is missing
    ("log_lost", {"log": None}),
    ("log_behind", {"log": "older"}),
    ("foreign_log", {"log": "other"}),
    ("foreign_log", {"log": "fork"}),
    ("state_lost", {"state": None}),
    ("state_behind", {"state": "older"}),
    ("foreign_log", {"state": "other"}),
    ("foreign_log", {"state": "fork"}),
    ("lake_lost", {"lake": None}),
    ("lake_behind", {"lake": "older"}),
    ("foreign_log", {"lake": "other"}),
    ("foreign_log", {"lake": "fork"}),
    ("log_behind", {"log": "older", "state": "older"}),
    ("log_behind", {"log": "older", "lake": "older"}),
    ("log_lost", {"log": None, "lake": None}),
    ("log_lost", {"log": None, "state": None}),
    ("state_lost", {"state": None, "lake": None}),
    ("lake_lost", {"state": "older", "lake": None}),
    ("state_lost", {"state": None, "lake": "older"}),
]


@pytest.mark.parametrize(("code", "parts"), CASES, ids=lambda each: str(each).replace("'", ""))
def test_a_part_that_does_not_belong_is_refused_and_the_doctor_names_it(
    code: str, parts: dict[str, str | None], shop: Path, worlds: Worlds
) -> None:
    for part, of in parts.items():
        put(shop, part, getattr(worlds, of) if of else None)
    for _ in range(2):  # that it was refused once is no reason to let it in
        assert refusal(shop) == f"store.{code}"
    refused = ran(shop, "collect", "import", worlds.files[2], "--no-refresh")
    assert isinstance(refused.exception, VolverError)
    says, hint = told(shop)
    assert says
    assert "volver restore" in hint


def test_an_old_log_gives_no_offset_and_loses_no_pending_import(shop: Path, worlds: Worlds) -> None:
    put(shop, "log", worlds.older)
    pending = shop / "lake/.pending/0123.json"
    pending.write_text("{}")
    refusal(shop)
    told(shop)
    assert pending.exists()


def test_a_shop_that_is_whole_opens_and_says_how_far_it_is(shop: Path) -> None:
    with open_recovered(shop) as whole:
        [check] = [each for each in check_shop(whole) if each.name == "parts"]
        assert check.ok
        assert str(check.says) == f"The lake holds the log up to {whole.log.last()} of {whole.log.last()}."


def test_state_and_lake_older_than_the_log_take_from_it_what_they_can(shop: Path, worlds: Worlds) -> None:
    """The log names the second import, whose rows are gone: nothing is dropped in silence."""
    put(shop, "state", worlds.older)
    put(shop, "lake", worlds.older)
    with open_to_examine(shop) as opened, pytest.raises(VolverError) as refused:
        replay_log(opened)
    assert refused.value.code == "collect.rows_gone"


def mended(shop: Path) -> Result:
    done = ran(shop, "doctor", "--accept-loss")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.mark.parametrize("of", [None, "older"])
def test_a_log_whose_loss_is_accepted_goes_on_above_all_that_was_taken(
    of: str | None, shop: Path, worlds: Worlds
) -> None:
    with open_recovered(shop) as before:
        last = before.log.last()
    put(shop, "log", getattr(worlds, of) if of else None)
    assert f"The log goes on above {last}" in mended(shop).output
    with open_recovered(shop) as after:
        assert ledger(after) == worlds.ledger
        assert imported(after, worlds.files[1]).rows.added == 0
        assert after.log.last() == last
        imported(after, worlds.files[2])
        assert after.log.last() == last + 1
        assert ledger(after) == worlds.all_three
    with open_recovered(shop) as again:
        assert ledger(again) == worlds.all_three


@pytest.mark.parametrize("of", [None, "older"])
def test_a_lake_whose_loss_is_accepted_takes_the_same_files_again(of: str | None, shop: Path, worlds: Worlds) -> None:
    put(shop, "lake", getattr(worlds, of) if of else None)
    said = mended(shop).output
    assert "b.csv" in said
    assert ("a.csv" in said) == (of is None)
    with open_recovered(shop) as after:
        for each in worlds.files[:2]:
            imported(after, each)
        assert ledger(after) == worlds.ledger
        imported(after, worlds.files[2])
        assert ledger(after) == worlds.all_three
    with open_recovered(shop) as again:
        assert ledger(again) == worlds.all_three


@pytest.mark.parametrize("of", [None, "older"])
def test_a_lost_state_learns_imports_and_customers_again(of: str | None, shop: Path, worlds: Worlds) -> None:
    with open_recovered(shop) as before, before.state.read() as rows:
        known = people.newest(rows)
    put(shop, "state", getattr(worlds, of) if of else None)
    refusal(shop)
    replayed = ran(shop, "collect", "replay")
    assert replayed.exit_code == 0, replayed.exception
    with open_recovered(shop) as after:
        assert ledger(after) == worlds.ledger
        assert imported(after, worlds.files[1]).rows.added == 0
        imported(after, worlds.files[2])
        assert ledger(after) == worlds.all_three
        with after.state.read() as rows:
            assert people.newest(rows) == known + 1


def test_a_lake_of_two_times_is_not_patched_up(shop: Path, worlds: Worlds) -> None:
    for table in ("order_lines", "order_versions"):
        shutil.rmtree(shop / "lake" / table)
        shutil.copytree(worlds.older / "lake" / table, shop / "lake" / table)
    assert refusal(shop) == "store.lake_behind"
    with open_to_examine(shop) as opened, pytest.raises(VolverError) as refused:
        mend(opened)
    assert refused.value.code == "collect.mixed_lake"


def test_a_checkpoint_beyond_the_log_is_enough_to_notice(tmp_path: Path) -> None:
    create_shop(tmp_path / "shop").close()
    with open_recovered(tmp_path / "shop") as shop:
        shop.log.append([Entry(source="till", message_id=str(n), kind="sale", body=b"") for n in range(5)])
        replay_log(shop)
    put(tmp_path / "shop", "log", None)
    assert refusal(tmp_path / "shop") == "store.log_lost"


def test_a_log_that_is_replaced_while_it_is_open_takes_nothing_more(shop: Path, worlds: Worlds) -> None:
    with open_recovered(shop) as opened:
        put(shop, "log", worlds.older)
        with pytest.raises(VolverError) as refused:
            opened.log.append([Entry(source="till", message_id="1", kind="sale", body=b"")])
    assert refused.value.code == "store.log_not_written"


def test_looking_at_the_parts_costs_little(shop: Path) -> None:
    def cost(look: Callable[[Shop], object]) -> float:
        spent = []
        for _ in range(5):
            with open_as_it_is(shop) as opened:
                began = clock.cpu_s()
                look(opened)
                spent.append(clock.cpu_s() - began)
        return min(spent)

    assert cost(check_parts) < 0.005
