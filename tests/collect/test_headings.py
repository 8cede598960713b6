"""A heading is read by its words together, in seven languages."""

import pytest

from volver.collect.reading.headings import read_heading

MEANT = {
    "order_ref": "Belegnr|Belegnr.|Rechnungsnummer|Auftragsnr|"
    "Numero d'ordine|Nº da encomenda|Número de comanda|Commande|Bestellnummer|Order reference",
    "date": "Data dell'ordine|Data ordine|Data de la comanda|Data da encomenda|Date de la commande|"
    "Bestelldatum|Belegdatum",
    "customer_ref": "Codice cliente|Numéro client|Kundennummer|Kundennr|Código do cliente",
    "customer_name": "Nom du client|Nome cliente|Nome do cliente|Kundenname|Nom del client|Nombre del cliente",
    "email": "Courriel|Adresse e-mail|E-Mail-Adresse|Correu electrònic|Correo electrónico",
    "product_name": "Produit|Nom du produit|Prodotto|Nome prodotto|Producte|Nom de l'article|Nome do produto",
    "quantity": "Quantities|Quantità|Quantitat|Quantité|Menge|Cantidad del producto",
    "unit_price": "Prezzo unitario|Prezzo|Preu|Preu unitari|Prix unitaire TTC|Preço unitário",
    "total": "Bestellwert|Gesamtbetrag brutto|Totale|Totale ordine|Total da encomenda|Total comanda|Montant total",
    "discount": "Remise|Sconto|Rabatt|Desconto|Descompte",
    "status": "Statut|Stato ordine|État de la commande|Estado de la orden|Estat",
}


@pytest.mark.parametrize(("name", "role"), [(each, role) for role in MEANT for each in MEANT[role].split("|")])
def test_a_heading_means_what_its_words_say_together(name: str, role: str) -> None:
    assert read_heading(name).roles == (role,)


@pytest.mark.parametrize(
    "name", ["total_tax", "Total IVA", "VAT amount", "Total shipping", "Data di spedizione", "Sconto fedele", ""]
)
def test_a_heading_with_a_word_of_something_else_means_nothing_here(name: str) -> None:
    assert read_heading(name).roles == ()


def test_a_mark_says_whether_tax_is_in_the_money() -> None:
    assert [read_heading(each).taxed for each in ("Total TTC", "Prix HT", "Totale")] == [True, False, None]
