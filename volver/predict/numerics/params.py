"""A model's settings by name, as scikit-learn's tools ask for them, and what no setting or question may be.

Pure Python; scikit-learn is not needed.
"""

from collections.abc import Mapping, Sequence
from inspect import signature
from math import isfinite
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from volver.core import VolverError
from volver.predict.numerics.saving import BadModelFolder, open_model, save_model


class NotFitted(VolverError, AttributeError):
    """A question to a model before `fit`. An `AttributeError` too, so that `hasattr(model, "r_")` can be asked."""

    code = "predict.not_fitted"
    says = "This {model} has learned nothing yet."
    hint = "Call `fit` first."


class BadParameters(VolverError):
    """Settings or parameters that a model cannot have."""

    code = "predict.bad_parameters"
    says = "{model} cannot have these parameters: {why}."
    hint = "Look at the names and the limits in the model's description."


class BadQuestion(VolverError):
    """A question that no forecast can answer."""

    code = "predict.bad_question"
    says = "This cannot be asked: {why}."
    hint = "A quantile lies between 0 and 1; a discount is a share of money per period, 0.1 for 10 %."


class Params:
    """Settings are the arguments of the constructor, kept under the same names: `sklearn.base.clone` needs no more.

    An attribute that ends in "_" is learned by `fit`; asked before, it raises `predict.not_fitted`.
    """

    @classmethod
    def _settings(cls) -> list[str]:
        return [name for name in signature(cls).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002  (scikit-learn's signature)
        """The settings by name."""
        return {name: getattr(self, name) for name in self._settings()}

    def set_params(self, **settings: Any) -> Self:
        """Change settings; what was learned stays until the next `fit`. Raises `predict.bad_parameters`."""
        known = self._settings()
        for name in settings:
            if name not in known:
                raise BadParameters(model=type(self).__name__, why=f"there is no {name}, only {', '.join(known)}")
        for name, value in settings.items():
            setattr(self, name, value)
        return self

    def save(self, folder: str | Path) -> Path:
        """Write the model to a folder as .npy files and one JSON file; nothing is pickled."""
        return save_model(self, folder)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Map what `save` wrote into memory: pages are read when asked for. Raises `predict.bad_model_folder`."""
        found = open_model(folder)
        if not isinstance(found, cls):
            raise BadModelFolder(folder=Path(folder).name, why=f"it holds a {type(found).__name__}")
        return found

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Only for what is not there."""
            if name.endswith("_") and not name.startswith("_"):
                raise NotFitted(model=type(self).__name__)
            raise AttributeError(f"{type(self).__name__} has no {name}", name=name, obj=self)


def positive(model: str, names: Sequence[str], given: Mapping[str, Any]) -> list[float]:
    """The parameters in the order of `names`: all there, all numbers above 0. Raises `predict.bad_parameters`."""
    missing = [name for name in names if name not in given]
    if missing:
        raise BadParameters(model=model, why=f"{', '.join(missing)} is missing")
    for name in names:
        if not isinstance(given[name], Real) or not isfinite(given[name]) or float(given[name]) <= 0:
            raise BadParameters(model=model, why=f"{name} = {given[name]!r} is not above 0")
    return [float(given[name]) for name in names]


def asked_quantile(q: Any) -> float:
    """A quantile strictly between 0 and 1. Raises `predict.bad_question`."""
    if not isinstance(q, Real) or not 0.0 < float(q) < 1.0:
        raise BadQuestion(why=f"{q!r} is not a quantile between 0 and 1")
    return float(q)


def asked_discount(discount: Any, least: float = -1.0) -> float:
    """A discount above `least`, which itself is only allowed where it is 0. Raises `predict.bad_question`."""
    rate = float(discount) if isinstance(discount, Real) else float("nan")
    if not isfinite(rate) or not (rate > least or rate == least == 0):
        raise BadQuestion(why=f"a discount of {discount!r}")
    return rate
