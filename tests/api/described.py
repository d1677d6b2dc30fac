"""Holds every answer to the API's own description: its status is listed, and its body is as its schema says."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from flask import Flask
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

PARAMETER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


@lru_cache(maxsize=64)
def operations(app: Flask) -> tuple[dict[str, Any], dict[tuple[str, str], Any]]:
    """The document that an application serves, and its operations by method and Flask's own path."""
    document = app.test_client().get("/api/openapi.json").json
    assert document is not None
    told = {
        (method.upper(), path): one for path, methods in document["paths"].items() for method, one in methods.items()
    }
    return document, told


def check(app: Flask, method: str, path: str, answer: TestResponse) -> None:
    """Fail where an answer is not one that the description tells."""
    document, told = operations(app)
    rule, _ = app.url_map.bind("localhost").match(path.partition("?")[0], method, return_rule=True)
    described = told[method, PARAMETER.sub(r"{\1}", rule.rule)]
    response = described["responses"].get(str(answer.status_code))
    assert response is not None, f"{method} {rule.rule} answers {answer.status_code}, which is not described"
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    if "content" not in response:
        assert not answer.data
        return
    content = response["content"][answer.mimetype]
    schema = {**content["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(answer.json)
