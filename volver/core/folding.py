"""Texts as names are compared: without case, accents and spare blanks."""

import unicodedata


def folded(text: str) -> str:
    """A text without case, accents and spare blanks.

    >>> folded(" Verano  2026 "), folded("BÚSQUEDA")
    ('verano 2026', 'busqueda')
    """
    return unaccented(" ".join(text.split()).casefold())


def unaccented(text: str) -> str:
    """A text without accents.

    >>> unaccented("Camión")
    'Camion'
    """
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
