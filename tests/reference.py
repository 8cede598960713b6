"""Writes docs/reference.md: every setting, command and error, from the code itself.

Run `python -m tests.reference` after changing one; a test compares the file with the code.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import volver

PAGE = Path(__file__).parent.parent / "docs" / "reference.md"


def reference() -> str:
    """The page as it should be."""
    return "\n".join([_HEAD, *_commands(), "", _SETTINGS, *_settings(), "", _ERRORS, *_errors(), ""])


def _commands() -> list[str]:
    from volver.cli.main import root

    context = root.make_context("volver", [], resilient_parsing=True)
    rows = ["| command | what it does |", "|---|---|"]
    for name in root.list_commands(context):
        for words, one in _within(name, root.get_command(context, name)):
            summary = (one.help or "").split("\n\n")[0].replace("\n", " ").strip()
            rows.append(f"| `volver {words}` | {summary} |")
    return rows


def _within(words: str, found: Any) -> Iterator[tuple[str, Any]]:
    """The commands of a group, those that answer by themselves too; a command alone is itself."""
    inner = getattr(found, "commands", {})
    if not inner or found.invoke_without_command:
        yield words, found
    for name, each in inner.items():
        yield from _within(f"{words} {name}", each)


def _settings() -> list[str]:
    from volver.app import ROOMS
    from volver.core import Secret, Settings, sections
    from volver.core.settings import setting_fields

    rows = []
    for section in (Settings, *sections(ROOMS)):
        title = f"### `[{section.section}]`" if section.section else "### The shop"
        rows += ["", title, "", "| setting | default | what it is for |", "|---|---|---|"]
        for each in setting_fields(section):
            default = each.default.shown if isinstance(each.default, Secret) else each.default
            rows.append(f"| `{each.name}` | `{default!r}` | {each.metadata['doc']} |")
    return rows[1:]


def _errors() -> list[str]:
    from volver.core import all_errors

    for module in walk_packages(volver.__path__, "volver."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            import_module(module.name)
    rows = ["| code | what it says | what to do |", "|---|---|---|"]
    ours = {each.code: each for each in all_errors() if each.__module__.startswith("volver.")}
    return rows + [f"| `{code}` | {one.says} | {one.hint.replace('|', '/')} |" for code, one in sorted(ours.items())]


_HEAD = """# Reference: commands, settings, errors

This page is written from the code by `python -m tests.reference`; a test keeps it true.

## Commands

Every command takes `--help`; every command that answers takes `--json` (one object on stdout, the story on stderr).
`--shop PATH` may stand anywhere, or set `VOLVER_SHOP`. Exit codes: 0 done, 1 failed, 2 wrong use, 3 looked and it is
not healthy.
"""

_SETTINGS = """## Settings

A setting comes from a flag, else from the environment, else from `volver.toml` in the shop's directory, else from its
default. Those of the shop stand at the top of the file, those of a room in its section:

```toml
name = "North"

[know]
slipping_gaps = 2.0
```

In the environment a setting is called by its section and its name, `VOLVER_KNOW_SLIPPING_GAPS`; one of the shop by its
name, `VOLVER_NAME`. Keys without their section (`slipping_gaps = 2.0` at the top, `VOLVER_SLIPPING_GAPS`) are still
read; `volver settings` and `volver doctor` say what to write instead. `volver settings` shows each value and its
origin; a password, also one inside an address, is shown as dots.
"""

_ERRORS = """## Errors

The command line, the API and the console say the same three things: what happened, what to do, and the code.
"""

if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
