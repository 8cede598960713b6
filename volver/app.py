"""The one place that knows every room: their list, opening a shop whole, refreshing, the web."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from volver import collect, know, predict, server, store
from volver.core import Job, Projection, Room, Words, clock, found, sections

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.applications import Starlette

    from volver.core import Setting
    from volver.know import Trait
    from volver.store import Check, Progress, Renewal, Runner, Shop, Work

ROOMS: Final[tuple[Room, ...]] = (store.ROOM, server.ROOM, collect.ROOM, know.ROOM, predict.ROOM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a refresh did: `renewed` names what was due, `waiting` what is due but costly.

    `fitted` says that customers have scores; `why_not` what is missing for them. Seconds are CPU of this process.
    """

    customers: int
    orders: int
    fitted: bool
    why_not: str
    renewed: tuple[str, ...]
    waiting: tuple[str, ...]
    know_cpu_s: float
    predict_cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What was accepted: the offset above which the log goes on, or None; the imports that were given up."""

    goes_on: int | None
    given_up: "tuple[collect.GivenUp, ...]"


def open_recovered(
    path: "str | Path | None" = None, flags: Mapping[str, Any] | None = None, rooms: Sequence[Room] = ROOMS
) -> "Shop":
    """Open a shop of these rooms, see that its parts belong together, finish what a crash left between log and lake.

    Raises `store.not_a_shop`, `core.unknown_setting`, `core.bad_setting`, and what `store.check_log` and
    `store.check_parts` find: a part that is missing, older than the others or another shop's.
    """
    shop = open_as_it_is(path, flags, rooms)
    try:
        store.check_log(shop)
        collect.recover(shop)
        store.check_parts(shop)
    except BaseException:
        shop.close()
        raise
    if shop.state.is_migrated and shop.lake.version("order_lines") >= 0:
        know.publish_counts(shop)
    return shop


def open_as_it_is(
    path: "str | Path | None" = None, flags: Mapping[str, Any] | None = None, rooms: Sequence[Room] = ROOMS
) -> "Shop":
    """Open a shop of these rooms whatever state its parts are in: to look at it, or to mend it."""
    from volver.core import bring_texts

    for room in rooms:
        if room.lake:
            store.bring_tables(found(room.lake))
        if room.texts:
            bring_texts("es", room.texts)
    return store.open_shop(path, flags, sections(rooms))


def open_to_examine(path: "str | Path | None" = None, rooms: Sequence[Room] = ROOMS) -> "Shop":
    """Open a shop for the doctor, who names what does not belong together; if the log does, recover first."""
    shop = open_as_it_is(path, {}, rooms)
    if not any(store.log_faults(shop)):
        collect.recover(shop)
    return shop


def mend(shop: "Shop") -> "Mended":
    """Accept what is lost: a log without its end goes on above it, imports without their rows are given up.

    What the log can still bring back comes back first. Raises what `store.check_parts` finds beyond that, and
    `collect.mixed_lake`.
    """
    problem = next(iter(store.log_faults(shop)), None)
    goes_on = store.go_on(shop) if isinstance(problem, store.LogLost | store.LogBehind) else None
    store.check_log(shop)
    given_up = collect.give_up(shop)
    collect.recover(shop)
    replay_log(shop)
    store.check_parts(shop)
    return Mended(goes_on=goes_on, given_up=given_up)


def renewals(rooms: Sequence[Room] = ROOMS) -> "tuple[tuple[str, Renewal], ...]":
    """Everything that is derived, with its room, in the order in which data flows."""
    return tuple((room.name, each) for room in rooms if room.renewals for each in found(room.renewals))


def declared_traits(rooms: Sequence[Room] = ROOMS) -> "tuple[Trait, ...]":
    """The traits that the rooms declare."""
    return tuple(each for room in rooms if room.traits for each in found(room.traits))


def is_behind(shop: "Shop") -> bool:
    """Whether a refresh has something to do, costly things aside."""
    return any(each.is_due(shop) for _, each in renewals() if not each.costly)


def refresh(shop: "Shop", *, everything: bool = False, progress: "Progress | None" = None) -> Refreshed:
    """Renew everything derived that is due, in the order in which data flows; then tidy the lake.

    What is costly waits for `everything`. A shop with too little history gets no scores; `why_not` says what it lacks.
    """
    spent, renewed, waiting, why_not = dict[str, float](), list[str](), list[str](), ""
    for room, each in renewals():
        if not each.is_due(shop):
            continue
        if each.costly and not everything:
            waiting.append(each.name)
            continue
        began = clock.cpu_s()
        try:
            each.run(shop, progress)
            renewed.append(each.name)
        except predict.TooLittleHistory as missing:
            why_not = why_not or str(missing)
        spent[room] = spent.get(room, 0.0) + clock.cpu_s() - began
    store.keep(shop)
    make_answers(shop)
    return Refreshed(
        customers=shop.lake.snapshot("facts").rows,
        orders=know.orders_held(shop),
        fitted=not why_not,
        why_not=why_not,
        renewed=tuple(renewed),
        waiting=tuple(waiting),
        know_cpu_s=spent.get("know", 0.0),
        predict_cpu_s=spent.get("predict", 0.0),
    )


def make_answers(shop: "Shop", rooms: Sequence[Room] = ROOMS) -> None:
    """Make the totals that pages show, and keep them for every process that serves the shop."""
    with shop.locks.held(store.MAKING):
        for room in rooms:
            for each in room.answers:
                found(each)(shop)


def answers_job(work: "Work") -> None:
    """The job that makes the totals of every page, once there are new scores."""
    make_answers(work.shop)


def know_answers_job(work: "Work") -> None:
    """The job that makes the totals of what is known; those of what is foreseen come after the scores."""
    make_answers(work.shop, (know.ROOM,))


def jobs(rooms: Sequence[Room] = ROOMS) -> tuple[Job, ...]:
    """The work of every room."""
    return tuple(each for room in rooms for each in room.jobs)


def projections(rooms: Sequence[Room] = ROOMS) -> tuple[Projection, ...]:
    """The readers of the log of every room."""
    return tuple(each for room in rooms for each in room.projections)


def runner(shop: "Shop", threads: int = 2, rooms: Sequence[Room] = ROOMS) -> "Runner":
    """A runner that knows the work of every room."""
    return store.Runner(shop, jobs(rooms), projections(rooms), threads=threads)


def start_job(shop: "Shop", name: str, payload: Mapping[str, Any] | None = None, rooms: Sequence[Room] = ROOMS) -> int:
    """Write work down as due now, unless the same waits already; its id. Raises `store.unknown_work`."""
    known = {each.name: each for each in jobs(rooms)}
    if name not in known:
        raise store.UnknownWork(name=name)
    return store.Jobs(shop.state).put(known[name], payload, unique=store.key_of(known[name], payload or {}))


def replay_log(shop: "Shop", name: str | None = None, rooms: Sequence[Room] = ROOMS) -> dict[str, int]:
    """Let one projection, or each, take the log again from its first entry; how many entries each took.

    Raises `store.no_such_projection`.
    """
    known = {each.name: each for each in projections(rooms)}
    if name is not None and name not in known:
        raise store.NoSuchProjection(name=name, known=", ".join(known))
    wanted = known.values() if name is None else [known[name]]
    after = {each.name: [job for job in jobs(rooms) if job.after == each.name] for each in wanted}
    taken = {each.name: store.replay(shop, each, after[each.name]) for each in wanted}
    store.adopt_log(shop.state, shop.log.identity)
    return taken


def settings_of(shop: "Shop", rooms: Sequence[Room] = ROOMS) -> "tuple[Setting, ...]":
    """Every setting of a shop and its rooms, where it comes from, what it is for; secrets are not shown."""
    from volver.core import list_settings

    return list_settings(shop.settings, sections(rooms))


def examine(shop: "Shop", rooms: Sequence[Room] = ROOMS, *, deep: bool = False) -> "tuple[Check, ...]":
    """Every health check that the rooms bring, and whether each setting stands where it should.

    `deep` reads all that the shop holds and compares it with what was once written.
    """
    looks = [(where.partition(":")[2], found(where)) for room in rooms for where in room.checks]
    checks = (check for name, look in looks for check in store.answered(name, look, shop))
    made = [each for _, each in renewals(rooms)]
    fresh = store.answered("freshness", lambda each: know.check_fresh(each, made), shop)
    return (*checks, *fresh, _placed(shop, rooms), *(store.check_deep(shop) if deep else ()))


def _placed(shop: "Shop", rooms: Sequence[Room]) -> "Check":
    old = [each for each in settings_of(shop, rooms) if each.hint]
    if not old:
        return store.Check(name="settings", ok=True, says=Words("Every setting stands in its section."))
    names = ", ".join(each.name.partition(".")[2] for each in old)
    says = Words("{n} settings stand without their section: {names}.", {"n": len(old), "names": names})
    return store.Check(name="settings", ok=True, says=says, hint=old[0].hint)


def web(
    shop: "Shop", hosts: Sequence[str] = (), rooms: Sequence[Room] = ROOMS, runner: "Runner | None" = None
) -> "Starlette":
    """The whole web application of a shop; it answers to these host names, by default to those of this machine.

    `runner` works as long as it is served.
    """
    from volver.server import LOOPBACK, create_app

    return create_app(shop, rooms, hosts or LOOPBACK, runner)
