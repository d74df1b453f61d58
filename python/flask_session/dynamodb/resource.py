"""Making a boto3 resource where none was configured."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ..exceptions import SessionMisconfigured

LIMIT = 5.0
"""Seconds for connecting, and for an answer."""
ATTEMPTS = 2
"""How often one request is sent at most."""


def local_resource() -> Any:
    """A resource for a server on localhost:8000, as Flask-Session makes it."""
    return resource_at("http://dummy:dummy@localhost:8000?region=us-west-2")


def resource_at(url: str) -> Any:
    """A resource for the endpoint at ``url``: ``http(s)://[key:secret@]host[:port][?region=...]``.

    Connects to nothing. Raises SessionMisconfigured.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        # Not the text itself: it may hold a secret.
        raise SessionMisconfigured(
            "SESSION_DYNAMODB is text but not the URL of an endpoint: http(s)://[key:secret@]host[:port]"
            "[?region=name]"
        )
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise SessionMisconfigured("SESSION_DYNAMODB as a URL needs the package boto3") from None
    options: dict[str, Any] = {}
    if parts.username:
        options["aws_access_key_id"] = unquote(parts.username)
        options["aws_secret_access_key"] = unquote(parts.password or "")
    region = parse_qs(parts.query).get("region") or re.findall(r"^dynamodb\.([a-z0-9-]+)\.", parts.hostname)
    if region:
        options["region_name"] = region[0]
    try:
        return boto3.resource(
            "dynamodb",
            endpoint_url=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}",
            config=Config(
                connect_timeout=LIMIT,
                read_timeout=LIMIT,
                retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            ),
            **options,
        )
    except BotoCoreError as error:
        # Such as no region: it names what is missing, and nothing of the URL.
        raise SessionMisconfigured(f"SESSION_DYNAMODB: {error}") from None
