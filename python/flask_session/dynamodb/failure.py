"""What boto3 raises, as our exceptions; by name, so that boto3 isn't imported for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .._core import too_large
from ..exceptions import SessionTooLarge, StoreRefused, StoreTimedOut, StoreUnreachable

Result = TypeVar("Result")

LARGEST = 400 * 1024
"""Bytes of a whole item, with the names of its attributes."""

_TIMED_OUT = {"ReadTimeoutError", "ConnectTimeoutError"}
_UNREACHABLE = {"HTTPClientError", "ConnectionError", "EndpointConnectionError"}
_SERVER_FAILED = {
    "InternalServerError",
    "InternalFailure",
    "ServiceUnavailable",
    "ServiceUnavailableException",
}
_REFUSED = {
    "AccessDeniedException",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "ExpiredTokenException",
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
}


def code_of(error: BaseException) -> str:
    """What DynamoDB calls the failure; empty for anything that isn't one of its answers."""
    response = getattr(error, "response", None)
    found = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    return str(found)


def is_missing_table(error: BaseException) -> bool:
    """Whether there is no such table."""
    # moto leaves the second half of the word off for some operations.
    return code_of(error) in ("ResourceNotFoundException", "ResourceNotFound")


def too_large_for_an_item(size: int | None = None) -> SessionTooLarge:
    """The error for a session that is no item of DynamoDB's; ``size`` counts key and names, too."""
    return too_large("an item in DynamoDB, key and names included,", size=size, limit=LARGEST)


def asking(call: Callable[..., Result], **parameters: Any) -> Result:
    """``call(**parameters)``; what boto3 raises becomes our exception where one fits."""
    try:
        return call(**parameters)
    except Exception as error:
        known = _translated(error)
        if known is None:
            raise
        raise known from error


def _translated(error: Exception) -> Exception | None:
    code = code_of(error)
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & _TIMED_OUT:
        return StoreTimedOut("DynamoDB did not answer in time")
    if names & _UNREACHABLE and "BotoCoreError" in names:
        return StoreUnreachable(f"DynamoDB can't be reached ({type(error).__name__})")
    if code in _SERVER_FAILED:
        return StoreUnreachable(f"DynamoDB failed: {code}")
    if code in _REFUSED:
        return StoreRefused(f"DynamoDB refused: {code}")
    if code == "ValidationException" and "size has exceeded" in str(error):
        return too_large_for_an_item()
    return None
