"""OpenAPI 3.1, made from the very models that validate what comes in and shape what goes out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter

from abonent.web.api.answers import Problem
from abonent.web.api.inputs import Nothing
from abonent.web.api.operations import ANYONE, PREFIX, Operation
from abonent.web.api.problems import MEDIA_TYPE

SCHEMAS = "#/components/schemas/{model}"
_PARTS = re.compile(r"{(\w+)}")
_PATH_SCHEMAS: dict[str, dict[str, Any]] = {
    "service": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    "freeze": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    "number": {"type": "string", "minLength": 1},
    "code": {"type": "string", "minLength": 1},
    "payment": {"type": "string", "minLength": 1, "description": "The entry's id, NUMBER-NO"},
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Strongly advised: the same key and body answer with the first result; another"
    " body is 409 KEY_REUSED. A refusal by a rule is a result too.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}
_LANGUAGE = {
    "name": "Accept-Language",
    "in": "header",
    "required": False,
    "description": "The language of texts and explanations; the installation's own when not given.",
    "schema": {"enum": ["ru", "en"]},
}
_ABOUT = (
    "Money is in integer minor units, dates are YYYY-MM-DD, intervals [from, to)."
    " Problems are RFC 9457 documents with a code."
)


def describe(operations: Sequence[Operation], *, version: str) -> dict[str, Any]:
    """The OpenAPI document of the calls."""
    schemas, definitions = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        told = _operation(operation, schemas)
        paths.setdefault(operation.path, {})[operation.method.lower()] = told
    return {
        "openapi": "3.1.0",
        "info": {"title": "Abonent", "version": version, "description": _ABOUT},
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


_Schemas = dict[tuple[str, str], dict[str, Any]]


def _schemas(operations: Sequence[Operation]) -> tuple[_Schemas, dict[str, Any]]:
    """What each call takes and answers, and the models these refer to."""
    asked: list[tuple[str, Any, TypeAdapter[Any]]] = [
        ("problem", "serialization", TypeAdapter(Problem))
    ]
    for operation in operations:
        asked.append((operation.name, "validation", TypeAdapter(operation.given)))
        asked.append((operation.name, "serialization", TypeAdapter(operation.answer)))
    schemas, rest = TypeAdapter.json_schemas(asked, ref_template=SCHEMAS)
    return {(str(name), mode): s for (name, mode), s in schemas.items()}, rest.get("$defs", {})


def _operation(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": _PATH_SCHEMAS[name]}
            for name in _PARTS.findall(operation.path)
        ],
        "responses": _responses(operation, schemas),
    }
    if operation.right != ANYONE:
        told["description"] = f"Right: {operation.right}."
    told["parameters"].append(_LANGUAGE)
    if operation.method == "POST":
        told["parameters"].append(_KEY)
        body = schemas[operation.name, "validation"]
        required = any(field.is_required() for field in operation.given.model_fields.values())
        told["requestBody"] = {
            "required": required,
            "content": {"application/json": {"schema": body}},
        }
    else:
        told["parameters"] += _query(operation)
    return told


def _query(operation: Operation) -> list[dict[str, Any]]:
    if operation.given is Nothing:
        return []
    schema = operation.given.model_json_schema()
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _given(own)}
        for name, own in schema["properties"].items()
    ]


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """A query's value without null: it is given or left out."""
    kept = {name: value for name, value in schema.items() if name not in {"default", "title"}}
    if "anyOf" in kept:
        kept["anyOf"] = [branch for branch in kept["anyOf"] if branch != {"type": "null"}]
    return kept


def _responses(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    refusal = {"content": {MEDIA_TYPE: {"schema": schemas["problem", "serialization"]}}}
    answer = {"application/json": {"schema": schemas[operation.name, "serialization"]}}
    told: dict[str, Any] = {"200": {"description": "Done", "content": answer}}
    for status in operation.refusals:
        told[str(status)] = {"description": HTTPStatus(status).phrase, **refusal}
    told["default"] = {"description": "Anything else that went wrong", **refusal}
    return told
