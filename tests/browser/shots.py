"""Screenshots of every page: `python -m tests.browser.shots [FOLDER] [SHOP]` writes shots/*.png, or FOLDER/*.png."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser.console import Served, Watched, browser, inside, served, watched
from volver import know
from volver.app import open_recovered
from volver.store import Shop


def pages(shop: Shop) -> dict[str, str]:
    """Every page worth a look, by the name of its picture."""
    found = {
        "home": "/",
        "customers": "/customers",
        "segments": "/segments",
        "value": "/value",
        "imports": "/imports",
        "missing": "/nowhere",
    }
    for stage in ("champion", "slipping", "new"):
        rows = know.customers(shop, stage=stage, sort="orders", limit=1).rows
        if rows:
            found[f"customer-{stage}"] = f"/customers/{rows[0].customer_id}"
    return found


def shoot(page: Watched, path: str, target: Path) -> None:
    """One picture of a whole page: the window grows to the page, because stitched pictures drop tiles."""
    page.visit(path)
    width = page.page.viewport_size["width"]
    page.page.set_viewport_size({"width": width, "height": 900})
    height = page.page.evaluate("document.documentElement.scrollHeight")
    page.page.set_viewport_size({"width": width, "height": max(height, 900)})
    page.page.screenshot(path=str(target))
    page.page.set_viewport_size({"width": width, "height": 900})


def all_shots(where: Served, folder: Path) -> None:
    """Every page on a desk in light and dark, in Spanish, and on a phone."""
    folder.mkdir(parents=True, exist_ok=True)
    looks = {
        "": {},
        "-dark": {"dark": True},
        "-es": {"lang": "es"},
        "-phone": {"width": 390, "height": 844},
    }
    with browser() as opened:
        for suffix, look in looks.items():
            shoot(watched(opened, where, **look), "/login", folder / f"login{suffix}.png")
            page = inside(opened, where, **look)
            for name, path in pages(where.shop).items():
                shoot(page, path, folder / f"{name}{suffix}.png")
            if not suffix:
                page.visit("/customers")
                page.page.keyboard.press("Control+k")
                page.page.screenshot(path=str(folder / "palette.png"))
            for said in page.complaints:
                sys.stderr.write(f"{suffix or 'desk'}: {said}\n")


def main(folder: Path, standing: Path | None) -> None:
    """Take all pictures of a standing shop, or of a small simulated one."""
    if standing is not None:
        with open_recovered(standing) as shop, served(shop) as where:
            all_shots(where, folder)
        return
    from tests.ui.world import simulated

    with TemporaryDirectory() as made, simulated(Path(made) / "shop", 900) as shop, served(shop) as where:
        all_shots(where, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "shots"), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
