"""Which English texts the code can say as `Words`: literal ones, and those that reach it through names.

A text that stands in a variable is followed to where the variable was given its value in the same function, to the
calls of the function whose argument it is, and to the module's own tables. What is read from stored JSON was said
before.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

SAYS = ("Words", "_")
ELSEWHERE = {"says", "hint", "text"}  # the sentences of an error; the text of Words that were made before


@dataclass
class Spoken:
    """Texts by the place that says them, and the places whose text could not be followed."""

    texts: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


def spoken(name: str, tree: ast.AST) -> Spoken:
    """All that a module says."""
    module, found = _Module(tree), Spoken()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") in SAYS and node.args):
            continue
        first, place = node.args[0], f"{name}:{node.lineno}"
        if isinstance(first, ast.Attribute) and first.attr in ELSEWHERE:
            continue
        module.is_stored = False
        texts = {each for each in module.reaching(first, set()) if each}
        found.texts |= dict.fromkeys(texts, place)
        if not texts and not module.is_stored and not (isinstance(first, ast.Constant) and not first.value):
            found.lost.append(place)
    return found


class _Module:
    def __init__(self, tree: ast.AST) -> None:
        self.tree = tree
        self.is_stored = False
        self.parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}

    def reaching(self, value: ast.AST, seen: set[ast.AST]) -> set[str]:
        """The strings that an expression can be."""
        if value in seen:
            return set()
        seen = seen | {value}
        if isinstance(value, ast.Constant):
            return {value.value} if isinstance(value.value, str) else set()
        if isinstance(value, ast.Name):
            return self._named(value, seen)
        if isinstance(value, ast.IfExp):
            return self.reaching(value.body, seen) | self.reaching(value.orelse, seen)
        if isinstance(value, ast.Dict):
            return {text for each in value.values for text in self.reaching(each, seen)}
        if isinstance(value, ast.Subscript):
            self.is_stored |= isinstance(value.slice, ast.Constant)
            return self.reaching(value.value, seen)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
            self.is_stored |= value.func.attr in ("get", "loads")
            held = [value.func.value, *value.args[1:]]  # of a table and what stands in for a missing line
            return {text for each in held for text in self.reaching(each, seen)}
        if isinstance(value, ast.Call):
            return {text for each in value.args for text in self.reaching(each, seen)}
        return {text for each in ast.iter_child_nodes(value) for text in self.reaching(each, seen)}

    def _named(self, name: ast.Name, seen: set[ast.AST]) -> set[str]:
        scope: ast.AST | None = name
        while scope := self.parents.get(scope) if scope else None:
            if not isinstance(scope, ast.FunctionDef | ast.Lambda | ast.Module | ast.GeneratorExp | ast.ListComp):
                continue
            values = list(_given(scope, name.id))
            found = {text for each in values for text in self.reaching(each, seen)}
            if isinstance(scope, ast.FunctionDef):
                found |= {text for each in self._passed(scope, name.id) for text in self.reaching(each, seen)}
            if found:
                return found
        return set()

    def _passed(self, function: ast.FunctionDef, argument: str) -> Iterator[ast.expr]:
        """What the module's calls of a function give for one of its arguments, and its default."""
        order = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
        if argument not in [*order, *(each.arg for each in function.args.kwonlyargs)]:
            return
        yield from (each for each in (*function.args.defaults, *function.args.kw_defaults) if each)
        for call in ast.walk(self.tree):
            if not isinstance(call, ast.Call):
                continue
            if function.name not in (getattr(call.func, "id", ""), getattr(call.func, "attr", "")):
                continue
            own = order[1:] if order[:1] == ["self"] else order
            yield from (value for each, value in zip(own, call.args, strict=False) if each == argument)
            yield from (each.value for each in call.keywords if each.arg == argument)


def _given(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    """The values that a name is given in a scope, through tuples where both sides are tuples."""
    for node in ast.walk(scope) if not isinstance(scope, ast.Module) else scope.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _matched(target, node.value, name)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value:
            yield from _matched(node.target, node.value, name)
        elif isinstance(node, ast.For | ast.comprehension) and name in _within(node.target):
            yield node.iter


def _matched(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.expr]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for inner, given in zip(target.elts, value.elts, strict=True):
            yield from _matched(inner, given, name)
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.IfExp):
        yield from _matched(target, value.body, name)
        yield from _matched(target, value.orelse, name)
    elif name in _within(target):
        yield value


def _within(target: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(target) if isinstance(each, ast.Name)}
