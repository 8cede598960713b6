"""Making two customers one person, and undoing it.

Writes a merge into the state and tells the lake; the ledger stays as it is. Facts follow at the next refresh.
"""

from typing import TYPE_CHECKING

from volver.core import VolverError
from volver.know.answers import Merged, MergeReport
from volver.store import Shop, canonical, merging, people

if TYPE_CHECKING:
    from sqlalchemy import Connection

BY_HAND = "know"


class NoSuchPerson(VolverError):
    """No customer has this number."""

    code = "know.no_such_person"
    says = "There is no customer with the number {customer}."
    hint = "`volver know customers --json` lists them with their `customer_id`."
    status = 404


class OnePersonAlready(VolverError):
    """Two customers who are to be merged are one person."""

    code = "know.one_person_already"
    says = "Customers {customer} and {into} are one person already."
    hint = "`volver know merges CUSTOMER` shows how they came together."
    status = 409


class NotMerged(VolverError):
    """A merge that is to be undone does not stand."""

    code = "know.not_merged"
    says = "Customer {customer} is no part of another."
    hint = "Name the customer who was merged into the other: `volver know merges CUSTOMER` shows both."
    status = 409


def merge(shop: Shop, customer: int, into: int, reason: str) -> MergeReport:
    """Make one customer part of another: from now on their orders, events and traits are the other's.

    Whoever is part of somebody stands for them. Facts follow at the next refresh. Raises `know.no_such_person`,
    `know.one_person_already`.
    """
    people.catch_up(shop.state, shop.lake, shop.compute)
    with shop.state.begin() as rows:
        people.lock(rows)
        for each in (customer, into):
            if not people.exists(rows, each):
                raise NoSuchPerson(customer=each)
        if not merging.join(rows, customer, into, reason, BY_HAND):
            raise OnePersonAlready(customer=customer, into=into)
        found = _report(rows, into)
    canonical.publish(shop)
    return found


def unmerge(shop: Shop, customer: int) -> MergeReport:
    """Undo the merge by which a customer became part of another: both are again as if it had never been.

    Facts follow at the next refresh; no import makes the same merge again. Raises `know.not_merged`.
    """
    with shop.state.begin() as rows:
        people.lock(rows)
        undone = merging.part(rows, customer)
        if undone is None:
            raise NotMerged(customer=customer)
        found = _report(rows, customer)
    canonical.publish(shop)
    return found


def merges(shop: Shop, customer: int) -> MergeReport:
    """How a customer's person came together: every merge of its numbers, oldest first, undone ones too."""
    with shop.state.read() as rows:
        if not people.exists(rows, customer):
            raise NoSuchPerson(customer=customer)
        return _report(rows, customer)


def _report(rows: "Connection", customer: int) -> MergeReport:
    standing = merging.roots(rows)
    person = standing.get(customer, customer)
    numbers = (person, *sorted(each for each, root in standing.items() if root == person))
    found = merging.merges_of(rows, {*numbers, customer})
    told = tuple(Merged(**{name: getattr(each, name) for name in Merged.__dataclass_fields__}) for each in found)
    return MergeReport(customer_id=person, numbers=numbers, merges=told)
