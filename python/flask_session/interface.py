"""``ServerSideSessionInterface``: Flask's ``open_session`` and ``save_session``.

While no hook is replaced, sessions go through ``direct.py``: nothing is loaded before the first touch, and
commits keep other requests' changes. As soon as a hook, the serializer or the session class's constructor is
replaced, ``hooked.py`` calls all hooks in Flask-Session's order.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
import random
import secrets
import sys
import time
from abc import ABC
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from flask.sessions import SessionInterface as FlaskSessionInterface
from itsdangerous import BadSignature, Signer
from werkzeug.local import LocalProxy

from . import cli, cookies, direct, hooked, settings
from ._core import Codec, Touches, is_session_id
from ._core import Signer as CoreSigner
from ._core import Store as NativeStore
from .exceptions import SessionMisconfigured, StoreFailure
from .greenlets import InThreads, under_greenlets
from .guarded import Guarded
from .overrides import is_original, keeps_storage, original
from .serializer import MsgSpecSerializer, codec_of, decode, encode
from .session import UNLOADED, ServerSideSession, Unloaded
from .set_cookie import set_cookie, vary_by_cookie
from .signing import secret_keys, signer
from .sweeping import Sweeper

if TYPE_CHECKING:
    from datetime import timedelta

    from flask import Flask, Request, Response

    from .store import Store

MOST_REPORTED = 1000
"""Unreadable sessions that are remembered, so that each is logged once."""
_REPAIRABLE = (TypeError, ValueError)
"""What an error handler may have put right: a value that can't be stored, and not a store that is down."""
WARNING_INTERVAL = 60.0
"""Seconds between two warnings that the store fails."""
LONGEST_KEY = 250
"""Bytes of a store key, prefix included, where the application makes the ids."""


class ServerSideSessionInterface(FlaskSessionInterface, ABC):
    """Base of all backends' interfaces.

    Everything that doesn't begin with two underscores may be read, assigned, overridden and patched.
    """

    session_class: type[ServerSideSession] = ServerSideSession
    serializer: Any = None
    ttl = True
    """Whether the store removes expired sessions itself."""

    _store_expires = True  # where ttl must say what it said in Flask-Session
    _foreign_ids = False  # the application has assigned an id of its own

    def __init__(
        self,
        app: Flask | None = None,
        key_prefix: str = settings.SESSION_KEY_PREFIX.default,
        use_signer: bool = settings.SESSION_USE_SIGNER.default,
        permanent: bool = settings.SESSION_PERMANENT.default,
        sid_length: int = settings.SESSION_ID_LENGTH.default,
        serialization_format: str = settings.SESSION_SERIALIZATION_FORMAT.default,
        cleanup_n_requests: int | None = settings.SESSION_CLEANUP_N_REQUESTS.default,
    ) -> None:
        """The settings that have no parameter are read from ``app.config``."""
        config: Any = app.config if app is not None else {}
        self.app = app
        self.key_prefix = key_prefix
        self.use_signer = use_signer
        self.permanent = permanent
        self.sid_length = sid_length
        self.has_same_site_capability = hasattr(self, "get_cookie_samesite")
        self.cleanup_n_requests = (
            settings.SESSION_CLEANUP_N_REQUESTS.read(config)
            if cleanup_n_requests is None
            else cleanup_n_requests
        )
        self.native: bool = settings.SESSION_NATIVE.read(config)
        self.accept_unsigned: bool = settings.SESSION_ACCEPT_UNSIGNED.read(config)
        self.eager: bool = settings.SESSION_EAGER.read(config)
        self.on_conflict: str = settings.SESSION_ON_CONFLICT.read(config)
        self.on_store_failure: str = settings.SESSION_ON_STORE_FAILURE.read(config)
        self.touch_interval: float | None = settings.SESSION_TOUCH_INTERVAL.read(config)
        self.serializer = MsgSpecSerializer(
            app,
            serialization_format,
            keep_types=settings.SESSION_KEEP_TYPES.read(config),
            legacy_pickle=settings.SESSION_LEGACY_PICKLE.read(config),
            max_bytes=settings.SESSION_MAX_BYTES.read(config),
        )
        self._own_codec = self.serializer.codec
        self._touches: Touches | None = None
        self._reported: set[str] = set()
        self._guarded: Guarded | InThreads | None = None
        self._warned_of_failure: float | None = None
        self._signer_keys: Any = None
        self._signer: Any = None
        self._generator: Any = None
        self._generator_takes_length = True
        if app is not None:
            cli.register(app, self)
            if self.cleanup_n_requests and not (self.ttl and self._store_expires):
                self._sweeper = Sweeper(self, app)
                app.before_request(self._cleanup_n_requests)

    @classmethod
    def _arguments_from(cls, config: Any) -> dict[str, Any]:  # noqa: ARG003 - the backends need it
        """The constructor's backend-specific arguments, from an application's configuration."""
        return {}

    @classmethod
    def _arguments_from_url(cls, url: str, config: Any) -> dict[str, Any] | None:  # noqa: ARG003
        """The same where SESSION_URL says where; None if this interface takes no URL."""
        return None

    # What a backend provides

    def _current_store(self) -> Store | None:
        """The store, or None if this interface has only its three storage hooks."""
        return None

    @original
    def _retrieve_session_data(self, store_id: str) -> dict[Any, Any] | None:
        """The stored session. Raises SessionCorrupt."""
        payload = self._needed_store().get(store_id)
        data: dict[Any, Any] | None = decode(self.serializer, payload) if payload else None
        return data

    @original
    def _delete_session(self, store_id: str) -> None:
        """Removes the session from the store."""
        self._needed_store().delete(store_id)

    @original
    def _upsert_session(self, session_lifetime: timedelta, session: ServerSideSession, store_id: str) -> None:
        """Writes the whole session, whatever is there."""
        payload = encode(self.serializer, session)
        if isinstance(payload, str):
            payload = payload.encode()
        self._own_codec.admit(len(payload))
        self._needed_store().put(store_id, payload, direct.seconds(session_lifetime))

    def _comparable(self, session: ServerSideSession) -> bytes | str | None:
        """The session as it would be written, to see changes inside its values; None if that can't be."""
        try:
            return encode(self.serializer, session)
        except Exception:
            return None

    def _delete_expired_sessions(self) -> None:
        """Removes expired sessions from stores that don't do it themselves."""
        store = self._guarded_store()
        while store is not None and store.sweep(direct.SWEPT_AT_ONCE) >= direct.SWEPT_AT_ONCE:
            pass

    def _needed_store(self) -> Store:
        store = self._guarded_store()
        if store is None:
            raise NotImplementedError(
                f"{type(self).__name__} has no store and does not override its storage hooks"
            )
        return store

    @property
    def guarantee(self) -> Literal["merge", "overwrite"]:
        """What happens when two requests change one session at once: both are kept, or the last one wins."""
        store = self._direct_store()
        if store is None or self.on_conflict == "overwrite":
            return "overwrite"
        return store.guarantee

    # Ids

    @original
    def _generate_sid(self, session_id_length: int | None = None) -> str:
        """A new random id of that many bytes."""
        return secrets.token_urlsafe(session_id_length or self.sid_length)

    def _new_sid(self) -> str:
        """A new id, through ``_generate_sid`` with one parameter or, as in older releases, without."""
        generate = self._generate_sid
        function = getattr(generate, "__func__", generate)
        if function is not self._generator:
            self._generator_takes_length = _takes_an_argument(generate)
            self._generator = function
        return generate(self.sid_length) if self._generator_takes_length else generate()

    def _get_store_id(self, sid: str) -> str:
        return self.key_prefix + sid

    def _acceptable(self, sid: str) -> bool:
        """Whether ``sid`` can be an id of ours; anything else never reaches the store."""
        if is_session_id(sid):
            return True
        # A signed id has come from this application, perhaps from another of its processes.
        if not self.use_signer and not self._foreign_ids and is_original(self, "_generate_sid"):
            return False
        return is_session_id(sid, True) and len(self._get_store_id(sid).encode()) <= LONGEST_KEY

    def _sids(self, app: Flask, request: Request) -> list[str]:
        """The ids that the request's cookies name, unsigned, without those that can't be ours."""
        found = []
        for text in cookies.candidates(request, self.get_cookie_name(app)):
            sid = self._sid_in(app, text)
            if sid is not None and self._acceptable(sid):
                found.append(sid)
        return found

    def _sid_in(self, app: Flask, text: str) -> str | None:
        """The id in a cookie's text, also in the form of before the signer was switched on or off."""
        if self.use_signer:
            try:
                return self._unsign(app, text)
            except BadSignature:
                return text if self.accept_unsigned and is_session_id(text) else None
        if "." in text and getattr(app, "secret_key", None):
            with suppress(BadSignature, SessionMisconfigured):
                return self._unsign(app, text)
        return text

    def _get_signer(self, app: Flask) -> Signer:
        """Raises SessionMisconfigured without a secret key."""
        return signer(app)

    def _core_signer(self, app: Flask) -> CoreSigner | None:
        """The fast signer, while ``_get_signer`` is ours."""
        if (
            "_get_signer" in self.__dict__
            or type(self)._get_signer is not ServerSideSessionInterface._get_signer
        ):
            return None
        keys = secret_keys(app)
        if keys != self._signer_keys:
            self._signer = CoreSigner(keys[0], keys[1:])
            self._signer_keys = keys
        made: CoreSigner = self._signer
        return made

    def _sign(self, app: Flask, sid: str) -> str:
        """What the cookie holds for ``sid``."""
        fast = self._core_signer(app)
        if fast is not None:
            return fast.sign(sid)
        signed = self._get_signer(app).sign(sid)
        return signed.decode() if isinstance(signed, bytes) else signed

    def _unsign(self, app: Flask, sid: str) -> str:
        """The id in a signed cookie. Raises itsdangerous.BadSignature."""
        fast = self._core_signer(app)
        if fast is not None:
            unsigned = fast.unsign(sid)
            if unsigned is None:
                raise BadSignature("the session cookie's signature does not match")
            return unsigned
        try:
            raw = self._get_signer(app).unsign(sid)
            return raw.decode() if isinstance(raw, bytes) else raw
        except UnicodeDecodeError:
            raise BadSignature("the session cookie is not text") from None

    # Flask's side

    @original
    def should_set_storage(self, app: Flask, session: ServerSideSession) -> bool:
        """Whether the session is written (or its life extended) after this request."""
        return bool(session.modified or app.config["SESSION_REFRESH_EACH_REQUEST"])

    def open_session(self, app: Flask, request: Request) -> Any:
        """The request's session, not loaded yet unless SESSION_EAGER is on or a hook was replaced."""
        sids = self._sids(app, request)
        session_class = self.session_class
        if not _is_plain(session_class):
            return self._open_through_hooks(app, sids)
        if sids and self._direct_store() is None:
            return self._open_through_hooks(app, sids)
        session = session_class.__new__(session_class)
        session._interface = self
        if sids:
            dict.__setitem__(session, UNLOADED, None)
            session._unloaded = Unloaded(self, app, [(sid, self._get_store_id(sid)) for sid in sids])
            if self.eager:
                session._load()
            return session
        if self.permanent:
            dict.__setitem__(session, "_permanent", True)
        if type(self)._generate_sid is not _GENERATE_SID or "_generate_sid" in self.__dict__:
            session._sid = self._new_sid()
        return session

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Writes what changed and sets the cookie. May be called again for the same session."""
        if session is None:
            return
        if type(session) is LocalProxy:
            # An application's own call with flask.session.
            session = session._get_current_object()
        accessed = session.accessed
        if accessed:
            vary_by_cookie(response)
        # Not isinstance: the abstract base classes in the bases make it four times as slow.
        if ServerSideSession not in type(session).__mro__:
            hooked.save_session(self, app, session, response)
            return
        if session._load_failure is not None:
            return
        if (
            session._unloaded is None
            and not session._modified
            and session._record is None
            and session._is_empty()
        ):
            session._saved_by = app
            return
        failure = session._save_failure
        if failure is not None and sys.exc_info()[1] is failure and not isinstance(failure, _REPAIRABLE):
            # Flask answers the failure of this very save, and saves once more for that answer.
            return
        store = self._direct_store()
        try:
            if store is None:
                hooked.save_session(self, app, session, response)
            elif session._unloaded is not None:
                direct.save_untouched(self, store, app, session, response)
            else:
                direct.save(self, store, app, session, response)
        except Exception as failure:
            session._save_failure = failure
            raise
        finally:
            session.accessed = accessed
            if store is not None:
                self._log_notices(app, store)

    def regenerate(self, session: ServerSideSession) -> None:
        """Gives the session a new id, at once; its record moves when it is saved. Use it at log-in."""
        if not session:
            return
        if self._direct_store() is not None and isinstance(session, ServerSideSession):
            session._renew(self._new_sid())
            return
        self._delete_session(self._get_store_id(session.sid or ""))
        session.sid = self._new_sid()
        session.modified = True

    def _direct_store(self) -> Store | None:
        """The store to use directly, or None if all hooks must be called."""
        if codec_of(self.serializer) is None or not keeps_storage(self):
            return None
        return self._guarded_store()

    def _guarded_store(self) -> Store | None:
        """The store, behind a circuit breaker. A native one has its own, and stops no greenlet."""
        store = self._current_store()
        if store is None:
            return None
        native = type(store) is NativeStore
        # Asked each time: gunicorn patches sockets in its workers, after a preloaded application is there.
        if native and not under_greenlets():
            return store
        guarded = self._guarded
        if guarded is None or guarded.store is not store:
            guarded = self._guarded = InThreads(store) if isinstance(store, NativeStore) else Guarded(store)
        return guarded

    def _load_session(self, session: ServerSideSession, unloaded: Unloaded) -> None:
        try:
            direct.load(self, session, unloaded)
        except StoreFailure as failure:
            if not self._tolerates(unloaded.app, failure):
                raise
            dict.clear(session)
            session._load_failure = failure

    def _open_through_hooks(self, app: Flask, sids: list[str]) -> Any:
        try:
            return hooked.open_session(self, app, sids)
        except StoreFailure as failure:
            session = self.session_class()
            if not isinstance(session, ServerSideSession) or not self._tolerates(app, failure):
                raise
            session._load_failure = failure
            return session

    def _tolerates(self, app: Flask, failure: StoreFailure) -> bool:
        """Whether the request goes on without its session; says so in the log, once a minute."""
        if self.on_store_failure != "null":
            return False
        now = time.monotonic()
        if self._warned_of_failure is None or now - self._warned_of_failure >= WARNING_INTERVAL:
            self._warned_of_failure = now
            app.logger.warning("Requests go on with an empty session that can't be changed: %s", failure)
        return True

    def _codec(self) -> Codec:
        codec: Codec = self.serializer.codec
        return codec

    def _touched(self, app: Flask) -> Touches:
        """Returns the process's memory of when it extended which session's life."""
        if self._touches is None:
            interval = self.touch_interval
            if interval is None:
                interval = min(60.0, app.permanent_session_lifetime.total_seconds() / 100)
            self._touches = Touches(max(interval, 0.0))
        return self._touches

    def _report_corrupt(self, app: Flask, sid: str, reason: object) -> None:
        digest = hashlib.sha256(sid.encode()).hexdigest()[:8]
        if digest in self._reported:
            return
        if len(self._reported) >= MOST_REPORTED:
            self._reported.clear()
        self._reported.add(digest)
        app.logger.warning("Session %s could not be read and was left behind: %s", digest, reason)

    def _log_notices(self, app: Flask, store: Store) -> None:
        for warning, text in store.take_notices():
            app.logger.log(logging.WARNING if warning else logging.INFO, text)

    # Cookies

    def _cookie_attributes(self, app: Flask) -> dict[str, Any]:
        """What both setting and deleting the cookie say, so that browsers take them for the same cookie."""
        attributes: dict[str, Any] = {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "httponly": self.get_cookie_httponly(app),
            "secure": self.get_cookie_secure(app),
            "samesite": self.get_cookie_samesite(app) if self.has_same_site_capability else None,
        }
        # Flask has the setting since 3.1.
        partitioned = getattr(self, "get_cookie_partitioned", None)
        if partitioned is not None and partitioned(app):
            attributes["partitioned"] = True
        return attributes

    def _set_cookie(self, app: Flask, session: ServerSideSession, sid: str, response: Response) -> None:
        set_cookie(
            response,
            self.get_cookie_name(app),
            self._sign(app, sid) if self.use_signer else sid,
            self.get_expiration_time(app, session),
            self._cookie_attributes(app),
        )
        vary_by_cookie(response)

    def _delete_cookie(self, app: Flask, response: Response) -> None:
        response.delete_cookie(key=self.get_cookie_name(app), **self._cookie_attributes(app))
        vary_by_cookie(response)

    def _cleanup_n_requests(self) -> None:
        """Removes expired sessions about every ``cleanup_n_requests`` requests."""
        if self.cleanup_n_requests and random.randrange(self.cleanup_n_requests) == 0:  # noqa: S311
            self._begin_sweep()

    def _begin_sweep(self) -> None:
        self._sweeper.begin()


_GENERATE_SID = ServerSideSessionInterface._generate_sid


def _is_plain(session_class: type[ServerSideSession]) -> bool:
    """Whether sessions of this class can be made without calling its constructor."""
    return (
        ServerSideSession in session_class.__mro__
        and session_class.__init__ is ServerSideSession.__init__
        and session_class.__new__ is ServerSideSession.__new__
    )


def _takes_an_argument(function: Any) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True
    return any(
        parameter.kind not in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD) for parameter in parameters
    )
