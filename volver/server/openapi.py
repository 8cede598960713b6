"""The API's description for programs: OpenAPI 3.1, written from the table of questions."""

from typing import Any, Final

from volver.core import VERSION
from volver.server.questions import QUESTIONS, Parameter, Question

PROGRAMS: Final = "/api/"  # everything below is for programs: JSON, also when it goes wrong
METRICS: Final = "/metrics"  # for a program too: it sends a token
ROOT: Final = f"{PROGRAMS}v1"
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


def description() -> dict[str, Any]:
    """The whole description."""
    paths: dict[str, dict[str, Any]] = {}
    for each in QUESTIONS:
        paths.setdefault(ROOT + each.path, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Volver",
            "version": VERSION,
            "summary": "What customers will be worth, and how sure that is.",
            "description": "Answers are those of the command line with --json. Money is in the shop's currency, days "
            "are days in the shop's zone, intervals are 90 % unless their name says otherwise.",
        },
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "Made by `volver token create NAME`."},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "volver_session",
                    "description": "The console's own; a POST also needs the header X-CSRF-Token.",
                },
            },
        },
        "security": [{"token": []}, {"session": []}],
    }


def _operation(question: Question) -> dict[str, Any]:
    problem = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    found: dict[str, Any] = {
        "operationId": question.name,
        "summary": question.says,
        "tags": [question.path.split("/")[1]],
        "parameters": [_parameter(each) for each in question.parameters],
        "responses": {
            "200": {
                "description": "The answer of the command line, as JSON.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            "400": {"description": "A parameter cannot be read.", **problem},
            "401": {"description": "No session and no token that opens.", **problem},
            "default": {"description": "It cannot be answered; the hint says what to do.", **problem},
        },
    }
    if question.is_long:
        found["responses"]["409"] = {"description": "Other long work is going on.", **problem}
    return found


def _parameter(each: Parameter) -> dict[str, Any]:
    schemas: dict[str, dict[str, Any]] = {
        "text": {"type": "string", "maxLength": 64},
        "count": {"type": "integer", "minimum": 0, "maximum": each.most},
        "day": {"type": "string", "format": "date"},
        "choice": {"type": "string", "enum": list(each.choices)},
    }
    return {
        "name": each.name,
        "in": "path" if each.in_path else "query",
        "required": each.in_path,
        "description": each.says,
        "schema": schemas[each.kind],
    }
