"""The policy of a page names what may be loaded and reached, and nothing that came from elsewhere."""

from __future__ import annotations

import pytest

from iam.web.pages import content_policy, origin_of


def directives(policy: str) -> dict[str, list[str]]:
    """The policy by its directives."""
    return {words[0]: words[1:] for words in (one.split() for one in policy.split(";"))}


def test_a_plain_page_runs_no_script_and_is_framed_by_nobody() -> None:
    told = directives(content_policy())
    assert told["default-src"] == ["'none'"]
    assert told["frame-ancestors"] == ["'none'"]
    assert told["form-action"] == ["'self'"]
    assert "script-src" not in told and "connect-src" not in told


def test_a_page_with_scripts_takes_only_ours() -> None:
    told = directives(content_policy(scripts=True))
    assert told["script-src"] == ["'self'"]
    assert told["connect-src"] == ["'self'"]


def test_a_form_leads_only_to_the_origins_named() -> None:
    policy = content_policy(form_to=["https://idp.example/a?b=c", "https://idp.example/d", "http://localhost:9/x"])
    assert directives(policy)["form-action"] == ["'self'", "http://localhost:9", "https://idp.example"]


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "//idp.example",
        "https://",
        "https://a;script-src *",
        "https://u@idp.example",
        "https://é.be",
    ],
)
def test_an_address_that_would_widen_the_policy_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        content_policy(form_to=[address])


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of("https://Idp.Example:8443/a/b?c#d") == "https://idp.example:8443"
    assert origin_of("http://[::1]:80/") == "http://[::1]:80"
