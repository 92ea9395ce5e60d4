"""Every error has a code, a status and words; every surface tells it in its own envelope, and none tells what is inside."""

from __future__ import annotations

import importlib
import pkgutil

import msgspec
import pytest

import sophon_local
from sophon_local.kit import errors
from sophon_local.kit.errors import SophonError
from sophon_local.surfaces import ALL
from sophon_local.surfaces.problems import CODES, STATUS, Problem, to_problem
from sophon_local.surfaces.surface import Surface

# Each of these stops the program or a command before any request could meet it.
NEVER_ANSWERED = {"database_too_new", "database_corrupt", "start_refused", "command_failed"}


def every_error() -> list[type[SophonError]]:
    for module in pkgutil.walk_packages(sophon_local.__path__, "sophon_local."):
        if not module.name.endswith(("__main__", ".worker")) and ".readers" not in module.name:
            importlib.import_module(module.name)
    found: list[type[SophonError]] = []
    waiting = [SophonError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return [kind for kind in found if kind.__module__.startswith("sophon_local.")]


def make(kind: type[SophonError]) -> SophonError:
    return kind("What happened. What to do.", 7) if issubclass(kind, errors.RateLimited) else kind("What happened. What to do.")


def test_every_error_is_documented_and_has_a_status() -> None:
    for kind in every_error():
        if kind.code in NEVER_ANSWERED or kind.code == SophonError.code:  # without a code of its own it is caught where it is raised
            continue
        found = to_problem(make(kind), "req_1")
        assert found.status in STATUS.values(), kind
        assert found.code == kind.code
        assert kind.code == kind.code.lower() and " " not in kind.code
        assert kind.__module__.endswith("kit.errors") or kind.__doc__, f"{kind} says nothing"


def test_the_drawing_of_the_tree_shows_every_error_of_the_kit() -> None:
    drawing = errors.__doc__ or ""
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, SophonError):
            assert name in drawing


def test_the_references_codes_have_the_references_statuses() -> None:
    reference = {
        "invalid_request": 400, "unauthenticated": 401, "not_authorized": 403, "not_found": 404, "conflict": 409, "payload_too_large": 413,
        "validation_failed": 422, "rate_limited": 429, "upstream_unavailable": 502, "service_unavailable": 503,
    }  # fmt: skip
    assert {code: status for status, code in CODES.items() if code in reference} == reference
    for kind, status in STATUS.items():
        if kind.code in reference:
            assert reference[kind.code] == status


def test_a_surprise_is_logged_under_the_request_id_and_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    found = to_problem(ValueError("the password is hunter2"), "req_7")
    assert (found.status, found.code, found.details) == (500, "internal_error", {})
    assert "hunter2" not in found.message
    assert "req_7" in caplog.text and "hunter2" in caplog.text


def test_details_stay_inside_when_the_fault_is_ours() -> None:
    assert to_problem(errors.UpstreamUnavailable("It did not answer.", address="10.0.0.1"), "req_1").details == {}
    assert to_problem(errors.NotFound("Gone.", id="x"), "req_1").details == {"id": "x"}


def test_a_limit_says_when_to_come_back() -> None:
    assert to_problem(errors.RateLimited("Slowly.", 12), "req_1").headers == {"Retry-After": "12"}


@pytest.mark.parametrize("surface", ALL, ids=lambda surface: surface.name)
def test_every_surface_renders_what_its_schema_says(surface: Surface) -> None:
    jsonschema = pytest.importorskip("jsonschema_rs")
    for status, code in [*CODES.items(), (500, "internal_error")]:
        body = msgspec.json.decode(surface.render(Problem(status, code, "What happened.", {"errors": [{"field": "a"}]}), "req_1"))
        assert jsonschema.is_valid(dict(surface.error_schema), body)
