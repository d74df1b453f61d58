"""DynamoDB: whether it removes expired items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .finding import Finding, ok, problem


def check(app: Any, interface: Any) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """Findings about the table, through boto3."""
    answer = interface.client.meta.client.describe_time_to_live(TableName=interface.table_name)
    told = answer["TimeToLiveDescription"]
    if told["TimeToLiveStatus"] in ("ENABLED", "ENABLING") and told.get("AttributeName") == "expiration":
        yield ok("expiry", "DynamoDB removes expired sessions")
    else:
        yield problem(
            "expiry",
            "DynamoDB keeps expired sessions for ever",
            "enable its time to live on `expiration`; SESSION_DYNAMODB_TABLE_EXISTS = False does that",
        )
