"""The laws of coming back that a shop may choose among: their names, and what each says, in words. Imports no law."""

from typing import Final

from volver.core import Words

AUTO: Final = "auto"
PARETO, MBG, BG = "Pareto/NBD", "MBG/NBD", "BG/NBD"
STEADY: Final[dict[int, str]] = {k: f"MBG/CNBD-{k}" for k in (2, 3, 4)}  # tried where customers keep a rhythm
MODEL_WORDS: Final[dict[str, Words]] = {
    PARETO: Words(
        "Everyone buys at a pace of their own until, one day, they stop. Both are learned from when they bought."
    ),
    MBG: Words("Everyone buys at a pace of their own and may stop after any order, the first one too."),
    BG: Words("Everyone buys at a pace of their own and may stop after any repeat order."),
} | dict.fromkeys(
    STEADY.values(),
    Words(
        "Everyone buys in a rhythm of their own, steadier than chance, and may stop after any order, the first one too."
    ),
)
MODEL_NAMES: Final = (AUTO, *MODEL_WORDS)
