"""``DynamoDBSessionInterface``: sessions in a DynamoDB table, through boto3."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from ..exceptions import SessionMisconfigured
from ..interface import ServerSideSessionInterface
from ..session import ServerSideSession
from ..settings import (
    SESSION_ID_LENGTH,
    SESSION_KEY_PREFIX,
    SESSION_PERMANENT,
    SESSION_SERIALIZATION_FORMAT,
    SESSION_USE_SIGNER,
    Setting,
    flag,
    text,
)
from .resource import local_resource, resource_at
from .store import DynamoDBStore

if TYPE_CHECKING:
    from flask import Flask

    from ..store import Store

SESSION_DYNAMODB = Setting(
    "SESSION_DYNAMODB",
    None,
    "a resource made by `boto3.resource`, or the URL of an endpoint",
    "The DynamoDB to keep sessions in. For a URL such as `https://dynamodb.eu-central-1.amazonaws.com` boto3 "
    "looks for the credentials where it always does.",
    default_text="localhost:8000",
)
SESSION_DYNAMODB_TABLE = Setting("SESSION_DYNAMODB_TABLE", "Sessions", "text", "The table's name.", text)
SESSION_DYNAMODB_TABLE_NAME = Setting(
    "SESSION_DYNAMODB_TABLE_NAME",
    None,
    "text",
    "The same, as Flask-Session's documentation called it; SESSION_DYNAMODB_TABLE goes first.",
    text,
)
SESSION_DYNAMODB_TABLE_EXISTS = Setting(
    "SESSION_DYNAMODB_TABLE_EXISTS",
    False,
    "True or False",
    "Whether the table is made, and its time to live enabled, elsewhere. If not, both are done at the first "
    "use where they are missing.",
    flag,
)
SETTINGS: tuple[Setting, ...] = (
    SESSION_DYNAMODB,
    SESSION_DYNAMODB_TABLE,
    SESSION_DYNAMODB_TABLE_NAME,
    SESSION_DYNAMODB_TABLE_EXISTS,
)


class DynamoDBSession(ServerSideSession):
    """A session kept in DynamoDB."""


class DynamoDBSessionInterface(ServerSideSessionInterface):
    """Keeps sessions in a DynamoDB table.

    ``client``: a boto3 resource or the URL of an endpoint; None means localhost:8000. ``table_exists``: leave
    making the table to others. The other parameters are the settings of the same names.
    """

    session_class = DynamoDBSession
    ttl = True

    def __init__(
        self,
        app: Flask | None = None,
        client: Any = SESSION_DYNAMODB.default,
        key_prefix: str = SESSION_KEY_PREFIX.default,
        use_signer: bool = SESSION_USE_SIGNER.default,
        permanent: bool = SESSION_PERMANENT.default,
        sid_length: int = SESSION_ID_LENGTH.default,
        serialization_format: str = SESSION_SERIALIZATION_FORMAT.default,
        table_name: str = SESSION_DYNAMODB_TABLE.default,
        table_exists: bool = SESSION_DYNAMODB_TABLE_EXISTS.default,
    ) -> None:
        if client is None:
            warnings.warn(
                "No valid DynamoDBServiceResource instance provided, attempting to create a new instance on "
                "localhost:8000.",
                RuntimeWarning,
                stacklevel=2,
            )
            client = local_resource()
        self.table_name = table_name
        self.table_exists = table_exists
        self._opened: DynamoDBStore | None = None
        self.client = resource_at(client) if isinstance(client, str) else client
        super().__init__(app, key_prefix, use_signer, permanent, sid_length, serialization_format)

    @classmethod
    def _arguments_from(cls, config: Any) -> dict[str, Any]:
        named = SESSION_DYNAMODB_TABLE
        if not named.given(config) and SESSION_DYNAMODB_TABLE_NAME.given(config):
            named = SESSION_DYNAMODB_TABLE_NAME
        return {
            "client": SESSION_DYNAMODB.read(config),
            "table_name": named.read(config),
            "table_exists": SESSION_DYNAMODB_TABLE_EXISTS.read(config),
        }

    @property
    def client(self) -> Any:
        """The boto3 resource. Assigning another one takes its table of the same name."""
        return self._client

    @client.setter
    def client(self, client: Any) -> None:
        self._client = _checked(client)
        self.store: Any = client.Table(self.table_name)

    def _current_store(self) -> Store:
        if self._opened is None or self._opened.client is not self.store:
            self._touches = None
            self._opened = DynamoDBStore(self.store, prepares=not self.table_exists)
        return self._opened


def _checked(client: Any) -> Any:
    """``client`` if it is a resource. Raises SessionMisconfigured."""
    if isinstance(client, type) or not callable(getattr(client, "Table", None)):
        raise SessionMisconfigured(
            f'{SESSION_DYNAMODB.name} must be what boto3.resource("dynamodb") makes, or a URL, not '
            f"{type(client).__name__}"
        )
    return client
