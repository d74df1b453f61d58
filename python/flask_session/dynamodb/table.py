"""Making the table, and enabling its time to live, once for all the workers that may try at once."""

from __future__ import annotations

from typing import Any

from ..exceptions import SessionMisconfigured, StoreRefused
from .failure import asking, code_of, is_missing_table

EXPIRATION = "expiration"


def prepare(table: Any) -> list[tuple[bool, str]]:
    """Makes ``table`` if it is missing, and enables the time to live if it is off.

    Returns what the log should say: whether it is a warning, and the text.
    """
    client = table.meta.client
    try:
        return _enable(client, table.name)
    except StoreRefused as refused:
        # Whoever may only read and write items can keep sessions, too.
        return [(True, _left_off(table.name, str(refused)))]
    except Exception as error:
        if not is_missing_table(error):
            raise
    _make(client, table.name)
    return _enable(client, table.name)


def missing(table: Any) -> SessionMisconfigured:
    """The error for a table that should be there."""
    return SessionMisconfigured(
        f"the table {table.name!r} does not exist in DynamoDB: make it, or leave "
        "SESSION_DYNAMODB_TABLE_EXISTS off"
    )


def _make(client: Any, name: str) -> None:
    try:
        asking(
            client.create_table,
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    except Exception as error:
        # Another worker was faster.
        if code_of(error) != "ResourceInUseException":
            raise
    waiter = client.get_waiter("table_exists")
    asking(waiter.wait, TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def _enable(client: Any, name: str) -> list[tuple[bool, str]]:
    found = asking(client.describe_time_to_live, TableName=name).get("TimeToLiveDescription", {})
    if found.get("TimeToLiveStatus") in ("ENABLED", "ENABLING"):
        other = found.get("AttributeName")
        if other == EXPIRATION:
            return []
        return [(True, _left_off(name, f"it is enabled for the attribute {other!r}"))]
    try:
        asking(
            client.update_time_to_live,
            TableName=name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": EXPIRATION},
        )
    except Exception as error:
        # Another worker was faster, or it was changed within the last hour.
        if code_of(error) != "ValidationException":
            raise
    return []


def _left_off(name: str, reason: str) -> str:
    return (
        f"DynamoDB does not remove expired sessions from the table {name!r} by their attribute "
        f"{EXPIRATION!r}: {reason}."
    )
