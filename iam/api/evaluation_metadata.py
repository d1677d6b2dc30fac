"""The metadata document by which a caller finds the evaluation endpoints."""

# Source: OpenID AuthZEN Authorization API 1.0, "Policy Decision Point Metadata".

from __future__ import annotations

import json
from typing import Final
from urllib.parse import urlsplit

METADATA_PATH: Final = "/.well-known/authzen-configuration"


def metadata_of(base_url: str, evaluation_path: str, evaluations_path: str) -> bytes:
    """The document for a service at this base URL; no parameter without a value stands in it.

    `capabilities` stays out: it lists registered URNs only, and none is registered for what this service does.
    Raises ValueError when the URL has a path, query or fragment: then the document would lie elsewhere.
    """
    parts = urlsplit(base_url)
    if parts.path.strip("/") or parts.query or parts.fragment or not parts.netloc:
        raise ValueError("the base URL of the evaluation door is a scheme and a host")
    base = base_url.rstrip("/")
    document = {
        "policy_decision_point": base,
        "access_evaluation_endpoint": base + evaluation_path,
        "access_evaluations_endpoint": base + evaluations_path,
    }
    return json.dumps(document).encode()
