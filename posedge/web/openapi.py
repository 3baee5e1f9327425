"""The OpenAPI document: FastAPI's, with our security scheme and problem details in it."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from posedge.web.access import BEARER
from posedge.web.problems import Problem

API_VERSION = "1.0.0"
"""Of the contract, not of the program: it tells a stranger nothing about this box."""

DESCRIPTION = """
Money is an integer in minor units; other decimals are strings; times are RFC 3339 in UTC.
Errors are RFC 9457 problem details with a stable `code`. Sales and payments bear their own id,
made by the till: sending the same again gets the same answer and moves no money twice.
"""

REFERENCE = "#/components/responses/Problem"
SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token from POST /v1/pair. Any one of the listed scopes is enough: till, "
    "technician, metrics, display, admin.",
}


def document(app: FastAPI) -> dict[str, Any]:
    said = get_openapi(
        title="posedge till API", version=API_VERSION, description=DESCRIPTION, routes=app.routes
    )
    components = said.setdefault("components", {})
    components["securitySchemes"] = {BEARER: SCHEME}
    schemas = components.setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs")
    schemas["Problem"] = problem
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
    components["responses"] = {
        "Problem": {
            "description": "Refused or failed; `code` says why.",
            "content": {"application/problem+json": reference},
        }
    }
    for path in said["paths"].values():
        for operation in path.values():
            _complete(operation["responses"], reference)
    return said


def _complete(responses: dict[str, Any], reference: dict[str, Any]) -> None:
    responses.pop("422", None)
    responses["default"] = {"$ref": REFERENCE}
    if declined := responses.get("402"):
        declined["content"] = {"application/problem+json": reference}
