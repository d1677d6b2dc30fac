"""The OpenAPI 3.1 description of the API, made from the operations as they were declared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal, get_args

from pydantic import TypeAdapter

from iam.web.markers import Public
from iam.web.operations import Operation
from iam.web.preconditions import JSON
from iam.web.problem_schemas import PROBLEM_SCHEMAS, problem_responses
from iam.web.routes import Api

BEARER: Final[Mapping[str, object]] = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "An access token of ours (RFC 9068) for this API.",
}
_REFERENCE: Final = "#/components/schemas/{model}"
_PARAMETER: Final = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")

Mode = Literal["validation", "serialization"]


@dataclass(frozen=True, slots=True)
class Schemas:
    """The schema of each type under its operation's name and place, and the components that they refer to."""

    taken: Mapping[str, Any]
    given: Mapping[str, Any]
    components: Mapping[str, Any]

    def resolved(self, place: str) -> Mapping[str, Any]:
        """The schema of what is taken at a place, itself and no reference."""
        schema: Mapping[str, Any] = self.taken[place]
        return self.components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def document(
    apis: Sequence[Api],
    *,
    title: str,
    version: str,
    server: str,
    description: str = "",
    schemes: Mapping[str, Mapping[str, object]] | None = None,
) -> dict[str, Any]:
    """The description of all operations of ``apis``, reached under the address ``server``.

    ``schemes`` are the security schemes that the operations name; without them there is ``bearer``. Raises ValueError
    when two operations share a name or one names a scheme that is not there.
    """
    operations = [operation for api in apis for operation in api.operations]
    known = schemes or {"bearer": BEARER}
    _check(operations, known)
    schemas = _schemas(operations)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": description},
        "servers": [{"url": server}],
        "tags": [{"name": api.tag, "description": api.about} for api in apis],
        "paths": _paths(operations, schemas),
        "components": {
            "schemas": {**schemas.components, **PROBLEM_SCHEMAS},
            "responses": problem_responses(),
            "securitySchemes": {name: dict(scheme) for name, scheme in known.items()},
        },
    }


def _check(operations: Sequence[Operation], schemes: Mapping[str, object]) -> None:
    names = [operation.name for operation in operations]
    twice = sorted({name for name in names if names.count(name) > 1})
    unknown = {scheme for operation in operations for scheme in operation.security} - schemes.keys()
    if twice or unknown:
        raise ValueError(f"operations named twice: {twice}; security schemes not described: {sorted(unknown)}")


def _schemas(operations: Sequence[Operation]) -> Schemas:
    wanted = [(key, mode, TypeAdapter(kind)) for operation in operations for key, mode, kind in _types(operation)]
    made, rest = TypeAdapter.json_schemas(wanted, ref_template=_REFERENCE)
    by_mode = {mode: {key: schema for (key, its), schema in made.items() if its == mode} for mode in get_args(Mode)}
    return Schemas(by_mode["validation"], by_mode["serialization"], rest.get("$defs", {}))


def _types(operation: Operation) -> Iterator[tuple[str, Mode, Any]]:
    name = operation.name
    if operation.body:
        yield f"{name} body", "validation", operation.body
    if operation.query:
        yield f"{name} query", "validation", operation.query
    for parameter, kind in operation.path_types.items():
        yield f"{name} path {parameter}", "validation", kind
    for status, model in operation.answers.items():
        if model:
            yield f"{name} {status}", "serialization", model


def _paths(operations: Sequence[Operation], schemas: Schemas) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for operation in operations:
        path = _PARAMETER.sub(r"{\1}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, schemas)
    return paths


def _operation(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.declared["summary"],
        "security": [{scheme: []} for scheme in operation.security],
        "responses": {**_answers(operation, schemas), **_refusals(operation)},
    }
    if operation.description:
        told["description"] = operation.description
    if isinstance(operation.marker, Public):
        told["x-public"] = operation.marker.reason
    if parameters := [
        *_path_parameters(operation, schemas),
        *_query_parameters(operation, schemas),
        *_headers(operation),
    ]:
        told["parameters"] = parameters
    if operation.body:
        schema = schemas.taken[f"{operation.name} body"]
        told["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    return told


def _answers(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    answers = {}
    for status, model in operation.answers.items():
        told: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if model:
            told["content"] = {JSON: {"schema": schemas.given[f"{operation.name} {status}"]}}
        headers = {"ETag": _header("The version, for If-Match.")} if operation.versioned else {}
        if status == HTTPStatus.CREATED:
            headers["Location"] = _header("The path of what was made.")
        answers[str(status)] = told | ({"headers": headers} if headers else {})
    return answers


def _refusals(operation: Operation) -> dict[str, Any]:
    """The refusals that follow from the declaration, those declared, and the one for all others."""
    statuses = {400, *operation.declared.get("refusals", ())}
    statuses |= set() if operation.public else {401, 403}
    statuses |= {404} if operation.path_types else set()
    statuses |= {413, 415} if operation.body else set()
    statuses |= {409} if operation.idempotent else set()
    statuses |= {412, 428} if operation.needs_version else set()
    told = {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in sorted(statuses)}
    return {**told, "default": {"$ref": "#/components/responses/Problem"}}


def _path_parameters(operation: Operation, schemas: Schemas) -> Iterator[dict[str, Any]]:
    for name in operation.path_types:
        schema = schemas.taken[f"{operation.name} path {name}"]
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(operation: Operation, schemas: Schemas) -> Iterator[dict[str, Any]]:
    if operation.query is None:
        return
    schema = schemas.resolved(f"{operation.name} query")
    for name, told in schema["properties"].items():
        parameter = {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": told}
        yield parameter | ({"description": told["description"]} if "description" in told else {})


def _headers(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.idempotent:
        about = "Given again with the same request, the same answer is given again and nothing is done twice."
        yield _header_parameter(
            "Idempotency-Key", about, False, r'^("[A-Za-z0-9._~:-]{1,128}"|[A-Za-z0-9._~:-]{1,128})$'
        )
    if operation.needs_version:
        about = "The ETag of the version that the change rests on."
        yield _header_parameter("If-Match", about, True, r'^"(0|[1-9][0-9]{0,17})"$')


def _header_parameter(name: str, about: str, required: bool, pattern: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "header", "required": required, "description": about, "schema": schema}


def _header(about: str) -> dict[str, Any]:
    return {"description": about, "schema": {"type": "string"}}
