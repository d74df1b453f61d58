"""How sessions become bytes, as an object that users may replace (``interface.serializer``)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from ._core import Codec, codes_alone
from .exceptions import SessionCorrupt
from .overrides import hooks, original
from .settings import SESSION_MAX_BYTES

if TYPE_CHECKING:
    from flask import Flask


class Serializer(ABC):
    """What a serializer of your own must have; deriving from this class is not required."""

    @abstractmethod
    def encode(self, session: Any) -> bytes:
        """The session as bytes."""

    @abstractmethod
    def decode(self, serialized_data: bytes) -> Any:
        """The bytes as a dict; None means that there is no session."""


class MsgSpecSerializer(Serializer):
    """MessagePack or JSON, byte for byte as Flask-Session 0.8 writes them (``docs/format.md``).

    ``encoder`` and ``decoder`` may be replaced, by those of msgspec with hooks of the application, say. What
    ``decoder`` can't read, ``alternate_decoder`` is given.
    """

    def __init__(
        self,
        app: Flask | None = None,
        format: str = "msgpack",  # noqa: A002 - Flask-Session's name
        *,
        keep_types: bool = True,
        legacy_pickle: bool = True,
        max_bytes: int = SESSION_MAX_BYTES.default,
    ) -> None:
        """``format``: ``msgpack`` or ``json``; anything else raises SessionMisconfigured."""
        self.app = app
        self.codec = Codec(format, keep_types=keep_types, legacy_pickle=legacy_pickle, max_bytes=max_bytes)
        self.encoder: Any = self.codec
        self.decoder: Any = self.codec
        self.alternate_decoder: Any = self.codec

    @original
    def encode(self, session: Any) -> bytes:
        """Raises SessionUnsupported, naming the key whose value can't be stored, and SessionTooLarge."""
        payload: bytes = self.encoder.encode(session if type(session) is dict else dict(session))
        return payload

    @original
    def decode(self, serialized_data: bytes | str) -> dict[Any, Any] | None:
        """Raises SessionCorrupt."""
        data: dict[Any, Any] | None
        try:
            data = self.decoder.decode(serialized_data)
        except Exception:
            if self.alternate_decoder is self.decoder:
                raise
            data = self.alternate_decoder.decode(serialized_data)
        return data

    # Flask-Session 0.6 and its development branch call the same two methods by these names.
    def dumps(self, session: Any) -> bytes:
        """As ``encode``."""
        return self.encode(session)

    def loads(self, serialized_data: bytes | str) -> dict[Any, Any] | None:
        """As ``decode``."""
        return self.decode(serialized_data)


CODING = hooks("encode", "decode")


def codec_of(serializer: Any) -> Codec | None:
    """The codec to use directly, or None if the serializer was replaced or patched."""
    if not codes_alone(serializer, CODING, MsgSpecSerializer):
        return None
    codec: Codec = serializer.codec
    return codec


def encode(serializer: Any, session: Any) -> bytes | str:
    """Encodes through any serializer: ``encode``, or else ``dumps``."""
    method = getattr(serializer, "encode", None) or serializer.dumps
    payload: bytes | str = method(session)
    return payload


def decode(serializer: Any, payload: bytes) -> Any:
    """Decodes through any serializer: ``decode`` or ``loads``. Whatever it raises becomes SessionCorrupt."""
    method = getattr(serializer, "decode", None) or serializer.loads
    try:
        data = method(payload)
    except SessionCorrupt:
        raise
    except Exception as error:
        raise SessionCorrupt(
            f"the serializer could not read a stored session ({type(error).__name__})"
        ) from error
    if data is not None and not isinstance(data, dict):
        raise SessionCorrupt(f"a stored session is not a dict but {type(data).__name__}")
    return data
