"""Names, addresses and ways in of simulated people: made of hand-written lists, so that nobody real is among them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    "Lucía María Carmen Marta Sofía Elena Paula Laura Ana Cristina Inés Julia Irene Alba Nuria Rocío Beatriz Silvia "
    "Patricia Raquel Mónica Teresa Pilar Rosa Isabel Clara Eva Noelia Sara Andrea Claudia Carla Daniela Valeria "
    "Martina Aitana Leire Nerea Ainhoa Itziar Montserrat Mercè Núria Aina Uxía Sabela Candela Macarena Verónica "
    "Lorena Yolanda Esther Gloria Victoria Amparo Consuelo Dolores Encarnación Ángela Lidia Miriam Vega Alma Jimena "
    "Adriana Belén Antonio Manuel José Francisco David Juan Javier Daniel Carlos Alejandro Pablo Álvaro Adrián "
    "Diego Mario Hugo Martín Marcos Sergio Rubén Iván Raúl Óscar Jorge Alberto Fernando Luis Miguel Ángel Rafael "
    "Pedro Ramón Andrés Ignacio Gonzalo Jaime Víctor Eduardo Enrique Guillermo Tomás Nicolás Samuel Gabriel Bruno "
    "Jordi Xavier Pau Oriol Iker Unai Gorka Xoán Brais Emilio Santiago Salvador Joaquín Vicente Félix Julián "
    "Cristóbal Esteban Agustín "
)

SURNAMES = _words(
    "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz "
    "Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez Serrano Blanco "
    "Molina Morales Suárez Ortega Delgado Castro Ortiz Rubio Marín Sanz Núñez Iglesias Medina Garrido Cortés "
    "Castillo Santos Lozano Guerrero Cano Prieto Méndez Cruz Calvo Gallego Vidal León Márquez Herrera Peña Flores "
    "Cabrera Campos Vega Fuentes Carrasco Díez Caballero Reyes Nieto Aguilar Pascual Santana Herrero Lorenzo "
    "Montero Hidalgo Giménez Ibáñez Ferrer Durán Santiago Benítez Mora Vicente Vargas Arias Carmona Crespo Román "
    "Pastor Soto Sáez Velasco Moya Soler Parra Esteban Bravo Gallardo Rojas Puig Roca Serra Bosch Vila Costa "
    "Ferreiro Otero Rey Etxeberria Aguirre Zabala Mendizábal Goñi Urrutia Quintana Bermúdez Acosta Robles Segura "
    "Mateo Salas Casado Ballester Climent Segovia "
)

CITIES = (
    ("Madrid", 20), ("Barcelona", 15), ("Valencia", 8), ("Sevilla", 7), ("Zaragoza", 6), ("Málaga", 6), ("Murcia", 4),
    ("Palma", 4), ("Bilbao", 4), ("Alicante", 3), ("Córdoba", 3), ("Valladolid", 3), ("Vigo", 3), ("Gijón", 3),
    ("A Coruña", 3), ("Granada", 3), ("Vitoria-Gasteiz", 2), ("Oviedo", 2), ("Pamplona", 2), ("Santander", 2),
    ("Donostia", 2), ("Logroño", 2), ("Salamanca", 2), ("Burgos", 2), ("León", 2), ("Cádiz", 2), ("Huelva", 1),
    ("Jaén", 1), ("Tarragona", 1), ("Lleida", 1), ("Girona", 1), ("Castellón de la Plana", 1), ("Badajoz", 1),
    ("Cáceres", 1), ("Toledo", 1), ("Albacete", 1), ("Soria", 1), ("Teruel", 1), ("Las Palmas de Gran Canaria", 2),
    ("Santa Cruz de Tenerife", 2),
)  # fmt: skip

CHANNELS = (
    ("búsqueda orgánica", 28), ("anuncios de búsqueda", 18), ("redes sociales", 20), ("recomendación", 11),
    ("boletín", 8), ("directo", 12), ("marketplace", 3),
)  # fmt: skip

CAMPAIGNS = {
    "anuncios de búsqueda": ("Marca", "Regalos", "Rebajas"),
    "redes sociales": ("Navidad", "Verano", "Vuelta al cole", "Rebajas"),
    "boletín": ("Bienvenida", "Día de la Madre"),
}

_PLAIN = str.maketrans("áéíóúàèüñç", "aeiouaeunc")


def people(rng: Any, refs: "pyarrow.Array[Any]") -> "pyarrow.Table":
    """Customers with the given references: name, e-mail under example.com, city, country, channel and campaign.

    One in twenty has no name and one in fifty no e-mail, as in a real list. A third of the customers of a channel that
    is paid for came without a campaign.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    n = len(refs)
    first, last, other = (rng.integers(0, len(names), n) for names in (FIRST_NAMES, SURNAMES, SURNAMES))
    words = [_take(FIRST_NAMES, first), _take(SURNAMES, last), _take(SURNAMES, other)]
    plain = [_take([_ascii(w) for w in FIRST_NAMES], first), _take([_ascii(w) for w in SURNAMES], last)]
    name = pc.binary_join_element_wise(*words, " ")
    box = pc.binary_join_element_wise(*plain, refs, ".")
    email = pc.binary_join_element_wise(box, pa.scalar("example.com"), "@")
    nothing = pa.scalar(None, pa.string())
    return pa.table(
        {
            "customer_ref": refs,
            "customer_name": pc.if_else(pa.array(rng.random(n) < 0.95), name, nothing),
            "email": pc.if_else(pa.array(rng.random(n) < 0.98), email, nothing),
            "city": _weighted(rng, CITIES, n),
            "country": _take(["ES"], [0] * n),
            "channel": (channel := _weighted(rng, CHANNELS, n)),
            "campaign": _campaigns(rng.spawn(1)[0], channel),
        }
    )


def _campaigns(rng: Any, channel: "pyarrow.Array[Any]") -> "pyarrow.Array[Any]":
    """The campaign that won each customer, from a generator of its own: the other columns stay as they were."""
    import numpy as np
    import pyarrow as pa

    chosen, names = rng.random(len(channel)), np.full(len(channel), None, dtype=object)
    for way, campaigns in CAMPAIGNS.items():
        place = np.floor(chosen * (len(campaigns) * 1.5)).astype(int)
        inside = (channel.to_numpy(zero_copy_only=False) == way) & (place < len(campaigns))
        names[inside] = np.array(campaigns, dtype=object)[place[inside]]
    return pa.array(names, pa.string())


def _ascii(word: str) -> str:
    return word.lower().translate(_PLAIN)


def _take(values: Any, indices: Any) -> "pyarrow.Array[Any]":
    import pyarrow as pa

    return pa.array(values, pa.string()).take(pa.array(indices, pa.int64()))


def _weighted(rng: Any, values: tuple[tuple[str, int], ...], n: int) -> "pyarrow.Array[Any]":
    import numpy as np

    weights = np.cumsum([weight for _, weight in values])
    return _take([value for value, _ in values], np.searchsorted(weights, rng.random(n) * weights[-1], side="right"))
