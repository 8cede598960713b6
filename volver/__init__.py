"""Volver: who will come back to your shop, what they will be worth, and what to do about it.

`open` is the front door for Python: `shop = volver.open("shop")`. Nothing heavy is imported until a
shop is opened.
"""

from typing import TYPE_CHECKING

from volver.core.version import VERSION as __version__  # noqa: N811

if TYPE_CHECKING:
    from pathlib import Path

    from volver.python import OpenShop

__all__ = ["__version__", "open"]


def open(path: "str | Path | None" = None) -> "OpenShop":
    """Open the shop in a directory (default: `VOLVER_SHOP`).

    Raises `store.not_a_shop` when the directory holds none.
    """
    from volver.python import open_for_python

    return open_for_python(path)
