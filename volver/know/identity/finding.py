"""Finding a customer by what names them: the shop's reference, an e-mail, a phone, Volver's own number."""

from volver.core import VolverError, normal
from volver.core.identifiers import KINDS
from volver.store import Shop, merging, people

_DIGITS = 18  # of a number that every database can hold; no customer has a longer one


class NoSuchCustomer(VolverError):
    """No customer who ever ordered has this id or reference."""

    code = "know.no_such_customer"
    says = "There is no customer {customer}."
    hint = "`volver know customers` lists them; a customer appears with the first order."
    status = 404


def find_customer(shop: Shop, reference: str) -> int:
    """The id of the customer whom a reference, an e-mail, a phone or an id names. Raises `know.no_such_customer`.

    Whoever is part of another is found as that other.
    """
    for each in (*_named(shop, reference), *_written(shop, reference), *_numbered(shop, reference)):
        if shop.compute.relation("select 1 from facts where customer_id = $id", {"id": each}).num_rows:
            return each
    raise NoSuchCustomer(customer="with this reference")


def _named(shop: Shop, reference: str) -> list[int]:
    """Those whom the state knows by this name."""
    names = [(kind, value) for kind in KINDS if (value := normal(kind, reference))]
    with shop.state.read() as rows:
        found = [people.owner(rows, kind, value) for kind, value in names]
    return [each for each in found if each is not None]


def _written(shop: Shop, reference: str) -> list[int]:
    """Those with this e-mail on an order, who may be several: an e-mail there says less than a name."""
    asked = """
        select c.customer_id from customers c join facts f on f.customer_id = c.customer_id
        where c.customer_ref = $ref or lower(c.email) = lower($ref)
        order by case when c.customer_ref = $ref then 0 else 1 end, c.customer_id limit 1"""
    found: list[int] = shop.compute.relation(asked, {"ref": reference.strip()})["customer_id"].to_pylist()
    return found


def _numbered(shop: Shop, reference: str) -> list[int]:
    digits = reference.strip()
    if not digits.isdecimal() or len(digits) > _DIGITS:
        return []
    number = int(digits)
    with shop.state.read() as rows:
        return [merging.roots(rows).get(number, number)]
