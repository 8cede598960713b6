"""The API's description for programs: OpenAPI 3.1, written from the rooms' questions and the types of their answers."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from volver.core import VERSION, Parameter, Question
from volver.server.roles import RIGHTS

PREFIX: Final = "/v1"
ROOT: Final = f"/api{PREFIX}"
_REFERENCES: Final = "#/components/schemas/{name}"
_ERROR: Final = {
    "type": "object",
    "required": ["ok", "code", "message", "hint"],
    "properties": {
        "ok": {"const": False},
        "code": {"type": "string", "description": "Stable: for programs."},
        "message": {"type": "string", "description": "What happened."},
        "hint": {"type": "string", "description": "What to do about it."},
    },
}


def description(questions: Sequence[Question], cookie: str) -> dict[str, Any]:
    """The whole description; `cookie` is the name of the one that holds a session."""
    types = list({kind: None for each in questions for kind in (each.replies, each.takes) if kind not in (None, str)})
    told, schemas = msgspec.json.schema_components(types, ref_template=_REFERENCES)
    shapes = dict(zip(types, told, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for each in questions:
        paths.setdefault(ROOT + each.path, {})[each.method.lower()] = _operation(each, shapes)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Volver",
            "version": VERSION,
            "summary": "Who comes back, what they will be worth, and how sure that is.",
            "description": "Answers are those of the command line with --json. Money is in the shop's currency, days "
            "are days in the shop's zone, intervals are 90 % unless their name says otherwise.",
        },
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR, **schemas},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "Made by `volver token create NAME`."},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": cookie,
                    "description": "The console's own; a POST also needs the header X-CSRF-Token.",
                },
            },
        },
        "security": [{"token": []}, {"session": []}],
    }


def _operation(question: Question, shapes: dict[type, dict[str, Any]]) -> dict[str, Any]:
    problem = {"content": {"application/json": {"schema": {"$ref": _REFERENCES.format(name="Error")}}}}
    found: dict[str, Any] = {
        "operationId": question.name,
        "summary": question.says,
        "description": f"Needs the scope `{question.right}`: {RIGHTS[question.right]}.",
        "tags": [question.path.split("/")[1]],
        "parameters": [_parameter(each) for each in question.all_parameters],
        "responses": {
            "200": {
                "description": "A file." if question.gives else "The answer of the command line, as JSON.",
                "content": {question.gives: {"schema": {"type": "string"}}}
                if question.gives
                else {"application/json": {"schema": shapes[question.replies]}},
            },
            "400": {"description": "A parameter or the body cannot be read.", **problem},
            "401": {"description": "No session and no token that opens.", **problem},
            "403": {"description": "The token lacks the scope, or the person the role.", **problem},
            "default": {"description": "It cannot be answered; the hint says what to do.", **problem},
        },
    }
    if question.takes is not None:
        found["requestBody"] = {"content": {"application/json": {"schema": shapes[question.takes]}}}
    if question.takes_file:
        file = {"type": "string", "format": "binary"}
        found["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": file}}}
        found["responses"]["413"] = {"description": f"More than {question.largest_bytes} bytes.", **problem}
    if question.is_long:
        found["responses"]["409"] = {"description": "Other long work is going on.", **problem}
    return found


def _parameter(each: Parameter) -> dict[str, Any]:
    return {
        "name": each.name,
        "in": "path" if each.in_path else "query",
        "required": each.in_path,
        "description": each.says,
        "schema": each.schema(),
    }
