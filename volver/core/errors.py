"""Every error of ours: a stable code, a sentence with the facts, and what to do about it.

A room declares its errors where they are raised, as subclasses with `code`, `says` and `hint`. The CLI,
the API and the console print the same three. Facts never hold personal data.
"""

from typing import Any, ClassVar


class VolverError(Exception):
    """The parent of every error that a user can cause or mend.

    >>> class NoSuchShop(VolverError):
    ...     code = "example.no_such_shop"
    ...     says = "There is no shop called {name}."
    ...     hint = "Make one with `volver init`."
    >>> str(NoSuchShop(name="north"))
    'There is no shop called north.'
    """

    code: ClassVar[str] = "volver.error"
    says: ClassVar[str] = "Something went wrong."
    hint: ClassVar[str] = ""
    status: ClassVar[int] = 400

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.says.format(**facts))
        if self.hint:
            self.add_note(self.advice)  # a traceback shows it under the message

    @property
    def advice(self) -> str:
        """The hint with the facts filled in."""
        return self.hint.format(**self.facts)

    def envelope(self) -> dict[str, Any]:
        """The JSON form that the CLI and the API share."""
        return {"ok": False, "code": self.code, "message": str(self), "hint": self.advice}


def all_errors(kind: type[VolverError] = VolverError) -> list[type[VolverError]]:
    """Every error class that has been imported, depth first."""
    found = []
    for child in kind.__subclasses__():
        found += [child, *all_errors(child)]
    return found
