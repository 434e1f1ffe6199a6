"""Problems of RFC 9457: what each refusal says, and what only the log says."""

import msgspec
import pytest

from microflow_runtime.errors import (
    Conflict,
    DefinitionFaults,
    Fault,
    MethodNotAllowed,
    MicroflowError,
    NotAuthenticated,
    NotAvailable,
    Place,
    StoreError,
)
from microflow_runtime.web.problem import problem

CASES: list[tuple[MicroflowError, int, str, dict[str, str]]] = [
    (Conflict("no"), 409, "no", {}),
    (NotAuthenticated("who?"), 401, "who?", {"www-authenticate": "Bearer"}),
    (MethodNotAllowed("not so"), 405, "not so", {"allow": "GET"}),
    (NotAvailable("later", retry_after_seconds=7), 503, "later", {"retry-after": "7"}),
    (StoreError("/home/secret is full"), 503, "The server cannot do this now.", {}),
]


@pytest.mark.parametrize(("error", "status", "detail", "headers"), CASES)
def test_a_refusal_is_a_problem(error: MicroflowError, status: int, detail: str, headers: dict[str, str]) -> None:
    """Status, sentence and code; the reason of a store that fails is for the operator alone."""
    answer = problem(error, allow="GET")
    told = msgspec.json.decode(bytes(answer.body))
    assert (answer.status_code, told["status"], told["detail"], told["code"]) == (status, status, detail, error.code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert headers.items() <= dict(answer.headers).items()


def test_faults_come_as_records() -> None:
    """The first thousand, and how many there are."""
    fault = Fault(code="MF-D001", message="m", place=Place("a.yaml", 1, 2, 3))
    told = msgspec.json.decode(bytes(problem(DefinitionFaults([fault] * 1001)).body))
    assert (told["status"], told["fault_count"], len(told["faults"])) == (409, 1001, 1000)
    assert msgspec.convert(told["faults"][0], Fault) == fault
