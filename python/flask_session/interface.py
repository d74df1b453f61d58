"""``ServerSideSessionInterface``: Flask's ``open_session`` and ``save_session``.

While no hook is replaced, sessions go through the extension: nothing is loaded before the first touch, and
commits keep other requests' changes. As soon as a hook, the serializer or the session class's constructor is
replaced, ``hooked.py`` calls all hooks in Flask-Session's order.
"""

from __future__ import annotations

import hashlib
import random
import time
from abc import ABC
from typing import TYPE_CHECKING, Any, Literal

from flask.sessions import SessionInterface as FlaskSessionInterface
from werkzeug.local import LocalProxy

from . import cli, hooked, settings
from ._core import Shipped, Touches, direct_store, has_own_constructor, open_session, save_session
from ._core import Store as NativeStore
from .cookie_hooks import ANSWERING, CookieHooks
from .cookies import COOKIES
from .exceptions import StoreFailure
from .foreign import NEED_HOOKS
from .greenlets import InThreads, under_greenlets
from .guarded import Guarded
from .identity import GENERATING, READING
from .lifetime import seconds
from .overrides import STORING, hooks, original
from .serializer import CODING, MsgSpecSerializer, decode, encode
from .session import ServerSideSession
from .sweeping import Sweeper

if TYPE_CHECKING:
    from datetime import timedelta

    from flask import Flask, Request, Response

    from .store import Store

MOST_REPORTED = 1000
"""Unreadable sessions that are remembered, so that each is logged once."""
SWEPT_AT_ONCE = 1000
"""Expired sessions that one call removes."""
WARNING_INTERVAL = 60.0
"""Seconds between two warnings that the store fails."""
STORAGE = hooks("_retrieve_session_data", "_upsert_session", "_delete_session")
_SHIPPED = Shipped(
    constructor=ServerSideSession.__init__,
    serializer=MsgSpecSerializer,
    cookies=COOKIES,
    need_hooks=NEED_HOOKS,
    failure=StoreFailure,
    storage=STORAGE,
    coding=CODING,
    storing=STORING,
    reading=READING,
    generating=GENERATING,
    answering=ANSWERING,
)


class ServerSideSessionInterface(CookieHooks, FlaskSessionInterface, ABC):
    """Base of all backends' interfaces.

    Everything that doesn't begin with two underscores may be read, assigned, overridden and patched.
    """

    session_class: type[ServerSideSession] = ServerSideSession
    serializer: Any = None
    ttl = True
    """Whether the store removes expired sessions itself."""

    _shipped = _SHIPPED
    _store_expires = True  # where ttl must say what it said in Flask-Session

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
        # Once somebody has looked at an instance's `__dict__`, as every request does, CPython 3.11 reads its
        # attributes slowly, unless that is a dict which shares its keys with no other instance's.
        self.__dict__ = dict(self.__dict__)
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
        self._kept = None
        self._warned_of_failure: float | None = None
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
        self._needed_store().put(store_id, payload, seconds(session_lifetime))

    def _comparable(self, session: ServerSideSession) -> bytes | str | None:
        """The session as it would be written, to see changes inside its values; None if that can't be."""
        try:
            return encode(self.serializer, session)
        except Exception:
            return None

    def _delete_expired_sessions(self) -> None:
        """Removes expired sessions from stores that don't do it themselves."""
        store = self._guarded_store()
        while store is not None and store.sweep(SWEPT_AT_ONCE) >= SWEPT_AT_ONCE:
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
        if store is None or self.on_conflict == "overwrite" or has_own_constructor(self):
            return "overwrite"
        return store.guarantee

    # Flask's side

    @original
    def should_set_storage(self, app: Flask, session: ServerSideSession) -> bool:
        """Whether the session is written (or its life extended) after this request."""
        return bool(session.modified or app.config["SESSION_REFRESH_EACH_REQUEST"])

    def open_session(self, app: Flask, request: Request) -> Any:
        """The request's session, not loaded yet unless SESSION_EAGER is on or a hook was replaced."""
        return open_session(self, app, request, _SHIPPED)

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Writes what changed and sets the cookie. May be called again for the same session."""
        save_session(self, app, session, response, _SHIPPED)

    def regenerate(self, session: ServerSideSession) -> None:
        """Gives the session a new id, at once; its record moves when it is saved. Use it at log-in."""
        if not session:
            return
        if isinstance(session, LocalProxy):
            session = session._get_current_object()
        if isinstance(session, ServerSideSession) and self._direct_store(session) is not None:
            session._renew(self._new_sid())
            return
        self._delete_session(self._get_store_id(session.sid or ""))
        session.sid = self._new_sid()
        session.modified = True

    def _direct_store(self, session: ServerSideSession | None = None) -> Store | None:
        """The store to use directly, for ``session`` if there is one; None if all hooks must be called."""
        return direct_store(self, session)

    def _guarded_store(self) -> Store | None:
        store = self._current_store()
        return None if store is None else self._guard(store)

    def _guard(self, store: Store) -> Store:
        """The store, behind a circuit breaker. A native one has its own, and stops no greenlet."""
        # Asked each time: gunicorn patches sockets in its workers, after a preloaded application is there.
        if type(store) is NativeStore and not under_greenlets():
            return store
        guarded = self._guarded
        if guarded is None or guarded.store is not store:
            guarded = self._guarded = InThreads(store) if isinstance(store, NativeStore) else Guarded(store)
        return guarded

    def _open_through_hooks(self, app: Flask, sids: list[str]) -> Any:
        try:
            return hooked.open_session(self, app, sids)
        except StoreFailure as failure:
            session = self.session_class()
            if not isinstance(session, ServerSideSession) or not self._tolerates(app, failure):
                raise
            session._load_failure = failure
            return session

    def _save_through_hooks(self, app: Flask, session: Any, response: Response) -> None:
        hooked.save_session(self, app, session, response)

    def _tolerates(self, app: Flask, failure: StoreFailure) -> bool:
        """Whether the request goes on without its session; says so in the log, once a minute."""
        if self.on_store_failure != "null":
            return False
        now = time.monotonic()
        if self._warned_of_failure is None or now - self._warned_of_failure >= WARNING_INTERVAL:
            self._warned_of_failure = now
            app.logger.warning("Requests go on with an empty session that can't be changed: %s", failure)
        return True

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

    def _cleanup_n_requests(self) -> None:
        """Removes expired sessions about every ``cleanup_n_requests`` requests."""
        if self.cleanup_n_requests and random.randrange(self.cleanup_n_requests) == 0:  # noqa: S311
            self._begin_sweep()

    def _begin_sweep(self) -> None:
        self._sweeper.begin()
