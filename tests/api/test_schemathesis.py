"""Requests that nobody thought of, made from the description of the doors.

Every operation is asked by every role, in the process itself and on rows that are put
back after each request. No answer may be a fault (5xx), nor anything that the
description does not say: status, kind of content, headers, fields.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.urls import resolve
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from readerstudy.api.own import schema as described
from readerstudy.config.wsgi import application
from readerstudy.reading.models import Study
from stats.freezing import report_freeze
from stats.models import FrozenDocument
from stats.services import image_quality_measure
from tests.api.programs import token_of
from tests.api.test_permissions import ASKED, TABLE, address
from tests.cast import Cast
from tests.factory import unblind

schemathesis.serializer.alias(
    "application/offset+octet-stream", "application/octet-stream"
)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ROLES = ("coordinator", "statistician", "reader", "administrator")
EXAMPLES = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 2}
DESCRIBED = [(name, method) for name, method in ASKED if name != "api:schema"]


@pytest.fixture(scope="module")
def operations() -> Any:
    schema = schemathesis.openapi.from_dict(described("en"))
    schema.app = application
    return schema


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """A request's end would close the connection of the test's own transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def operation_at(operations: Any, path: str, method: str) -> tuple[Any, dict[str, Any]]:
    """What is described of an address, and the values that its path holds."""
    found = resolve(path)
    template = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", found.route)
    return operations[template][method], found.kwargs


def settings_of(mode: GenerationMode) -> settings:
    return settings(
        max_examples=EXAMPLES[mode],
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def freeze(study: Study) -> None:
    """What is computed once is not computed for every request."""
    unblind(study)
    study.refresh_from_db()
    image_quality_measure(study=study)
    frozen = report_freeze(study=study)
    FrozenDocument.objects.create(report=frozen, language="en", content=b"%PDF")


def asked_by(tokens: dict[str, str], case: Any) -> Iterator[str]:
    """Ask as each of them; what each one changes is taken back."""
    for who, token in tokens.items():
        headers = {"Authorization": f"Bearer {token}"}
        with transaction.atomic():
            response = case.call(headers=headers)
            case.validate_response(response, checks=CHECKS)
            transaction.set_rollback(True)
        yield f"{who} {response.status_code}"


@pytest.mark.parametrize(("name", "method"), DESCRIBED)
def test_no_request_breaks_a_door_or_its_description(
    name: str, method: str, cast: Cast, operations: Any
) -> None:
    path = address(name, method, cast)
    if TABLE[name, method].unblinded:
        freeze(cast.study)
    operation, values = operation_at(operations, path, method)
    people = cast.everyone()
    tokens = {who: token_of(people[who]) for who in ROLES}
    answered: list[str] = []
    for mode in EXAMPLES:
        strategy = operation.as_strategy(mode, path_parameters=values)

        @settings_of(mode)
        @given(case=strategy)
        def ask(case: Any) -> None:
            answered.extend(asked_by(tokens, case))

        ask()
    assert answered
