//! The session that handlers hold.

mod commit;
mod content;
mod load;

use std::fmt;
use std::sync::Arc;

use flask_session_core::{Data, Error, ErrorKind, RESERVED_KEY, SessionId, Value};
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use crate::SessionError;
use crate::site::Site;

pub(crate) use commit::Changes;
use commit::Cookie;
use content::Content;

type Result<T, E = SessionError> = std::result::Result<T, E>;

/// One request's session. Cheap to clone; clones are the same session.
///
/// Nothing is loaded before the first call of a method; from then on the response says
/// `Vary: Cookie`. What is changed is committed when the handler has answered (see
/// [`SessionService`](crate::SessionService)), onto what other requests have changed meanwhile.
///
/// Values are those that Python code in the Flask application finds under the same key:
///
/// ```
/// use flask_session_tower::{Session, SessionError};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Line {
///     product: String,
///     quantity: u32,
/// }
///
/// /// In Flask: session.setdefault("cart", []).append({"product": product, "quantity": 1})
/// async fn add(session: Session, product: String) -> Result<(), SessionError> {
///     session
///         .update("cart", |cart: &mut Option<Vec<Line>>| {
///             let line = Line { product, quantity: 1 };
///             cart.get_or_insert_default().push(line);
///         })
///         .await
/// }
/// ```
///
/// A record that can't be read is left as it is and logged once; its owner gets a new session under
/// another id. Values of types that Rust doesn't know are kept as they are unless they are
/// assigned or removed.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    site: Arc<Site>,
    state: Mutex<State>,
}

struct State {
    /// From the request's cookies, in the order to try.
    ids: Vec<SessionId>,
    /// The response says `Vary: Cookie`.
    accessed: bool,
    /// The response has been made: a cookie can't be set any more.
    sent: bool,
    loaded: Option<Result<Content>>,
    /// The life of a session that nobody touched has been looked after.
    looked_after: bool,
    cookie: Cookie,
}

impl State {
    async fn load(&mut self, site: &Site) -> Result<&mut Content> {
        if self.loaded.is_none() {
            let slides = site.config.refresh_each_request && !self.sent && !self.looked_after;
            let loaded = match load::first(site, &self.ids, slides).await {
                Err(failure) if site.tolerates(&failure) => Content::unavailable(site, &failure),
                loaded => loaded,
            };
            self.loaded = Some(loaded.map_err(SessionError::from));
        }
        match self.loaded.as_mut().expect("it was set just now") {
            Ok(content) => {
                content.sent = self.sent;
                Ok(content)
            }
            Err(error) => Err(error.clone()),
        }
    }
}

impl Session {
    pub(crate) fn new(site: Arc<Site>, ids: Vec<SessionId>) -> Self {
        let state = State {
            ids,
            accessed: false,
            sent: false,
            loaded: None,
            looked_after: false,
            cookie: Cookie::Leave,
        };
        Self(Arc::new(Inner {
            site,
            state: Mutex::new(state),
        }))
    }

    /// What a request begins with.
    pub(crate) async fn open(&self) -> Result<()> {
        if !self.0.site.config.eager {
            return Ok(());
        }
        let mut state = self.0.state.lock().await;
        if !state.ids.is_empty() {
            state.load(&self.0.site).await?;
        }
        Ok(())
    }

    /// What a response of this status ends with. Afterwards no cookie can be set.
    pub(crate) async fn conclude(&self, status: StatusCode) -> Result<Changes> {
        let site = &self.0.site;
        let mut state = self.0.state.lock().await;
        let commits = !status.is_server_error() || site.config.commit_on_server_error;
        let committed = if commits {
            state.commit(site).await
        } else {
            Ok(())
        };
        state.sent = true;
        site.log_notices();
        committed?;
        Ok(Changes {
            site: Arc::clone(site),
            accessed: state.accessed,
            cookie: std::mem::take(&mut state.cookie),
        })
    }

    async fn touch(&self) -> Result<MappedMutexGuard<'_, Content>> {
        let mut state = self.0.state.lock().await;
        state.accessed = true;
        state.load(&self.0.site).await?;
        Ok(MutexGuard::map(state, |state| match &mut state.loaded {
            Some(Ok(content)) => content,
            _ => unreachable!("it was loaded just now"),
        }))
    }

    /// What every change begins with.
    async fn touch_to_change(&self) -> Result<MappedMutexGuard<'_, Content>> {
        let content = self.touch().await?;
        content.check_changeable()?;
        Ok(content)
    }
}

impl Session {
    /// The value under `key`, as any type that it can be read as: see [`Value::into_type`].
    /// `get::<Value>` gives it in its own type.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError};
    /// async fn greet(session: Session) -> Result<String, SessionError> {
    ///     let name = session.get::<String>("name").await?;
    ///     Ok(format!("Hello, {}", name.as_deref().unwrap_or("stranger")))
    /// }
    /// ```
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let content = self.touch().await?;
        let value = content.value(key)?;
        let read = value.map(Value::into_type).transpose();
        Ok(read.map_err(|error| Error::new(error.kind(), format!("{key}: {error}")))?)
    }

    /// Whether there is a value under `key`.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError};
    /// async fn is_logged_in(session: Session) -> Result<bool, SessionError> {
    ///     session.contains("_user_id").await
    /// }
    /// ```
    pub async fn contains(&self, key: &str) -> Result<bool> {
        Ok(self.touch().await?.contains(key))
    }

    /// Puts a value under `key`: see [`Value::from_type`] for what Python code will find there.
    /// What a session can't hold is [`ErrorKind::Unsupported`], and nothing is changed.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError, Value};
    /// async fn log_in(session: Session) -> Result<(), SessionError> {
    ///     session.renew().await?;
    ///     session.insert("name", "Ann").await?;
    ///     session.insert("day", Value::Date("2026-01-31".to_owned())).await
    /// }
    /// ```
    pub async fn insert(&self, key: &str, value: impl Serialize) -> Result<()> {
        if key == RESERVED_KEY {
            let detail = format!("{RESERVED_KEY} is reserved for notes on types");
            return Err(Error::new(ErrorKind::Unsupported, detail).into());
        }
        let value = Value::from_type(&value)?;
        self.touch_to_change().await?.assign(key, &value)?;
        Ok(())
    }

    /// Removes the value under `key`; false if there is none.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError};
    /// async fn forget_cart(session: Session) -> Result<bool, SessionError> {
    ///     session.remove("cart").await
    /// }
    /// ```
    pub async fn remove(&self, key: &str) -> Result<bool> {
        Ok(self.touch_to_change().await?.remove(key))
    }

    /// Reads the value under `key`, lets `change` change it, and puts it back if it differs; `None`
    /// stands for no value, before and after. Returns what `change` returns.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError};
    /// async fn count(session: Session) -> Result<u64, SessionError> {
    ///     session
    ///         .update("count", |count: &mut Option<u64>| {
    ///             let count = count.get_or_insert(0);
    ///             *count += 1;
    ///             *count
    ///         })
    ///         .await
    /// }
    /// ```
    pub async fn update<T, R>(
        &self,
        key: &str,
        change: impl FnOnce(&mut Option<T>) -> R,
    ) -> Result<R>
    where
        T: Serialize + DeserializeOwned,
    {
        let mut content = self.touch_to_change().await?;
        let mut value = content.value(key)?.map(Value::into_type).transpose()?;
        let returned = change(&mut value);
        match value {
            Some(value) => content.replace(key, &Value::from_type(&value)?)?,
            None => {
                content.remove(key);
            }
        }
        Ok(returned)
    }

    /// The keys that are text, in order, the permanent flag's included.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError};
    /// async fn is_empty(session: Session) -> Result<bool, SessionError> {
    ///     Ok(session.keys().await?.iter().all(|key| key == "_permanent"))
    /// }
    /// ```
    pub async fn keys(&self) -> Result<Vec<String>> {
        Ok(self.touch().await?.keys()?)
    }

    /// Everything, in order, each value in its own type.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError};
    /// async fn types(session: Session) -> Result<Vec<&'static str>, SessionError> {
    ///     let data = session.data().await?;
    ///     Ok(data.iter().map(|(_, value)| value.type_name()).collect())
    /// }
    /// ```
    pub async fn data(&self) -> Result<Data> {
        Ok(self.touch().await?.data()?)
    }

    /// Removes everything but the permanent flag; the id stays. A session that stays empty is
    /// deleted, with its cookie, whatever other requests put into it meanwhile.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError};
    /// async fn start_over(session: Session) -> Result<(), SessionError> {
    ///     session.clear().await?;
    ///     session.flash("message", "Everything is forgotten.").await
    /// }
    /// ```
    pub async fn clear(&self) -> Result<()> {
        Ok(self.touch_to_change().await?.clear()?)
    }

    /// Gives the session another id; the record moves to it at the commit, and the old id is dead.
    /// Do this at log-in, so that who knew the id from before isn't logged in, too.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError};
    /// async fn log_in(session: Session, user: &str) -> Result<(), SessionError> {
    ///     session.renew().await?;
    ///     session.insert("_user_id", user).await
    /// }
    /// ```
    pub async fn renew(&self) -> Result<()> {
        let mut content = self.touch_to_change().await?;
        Ok(content.renew(&self.0.site)?)
    }

    /// Forgets everything: the record is deleted at the commit, whatever is in it by then, and so
    /// is the cookie. What is inserted afterwards is a new session under another id.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError};
    /// async fn log_out(session: Session) -> Result<(), SessionError> {
    ///     session.destroy().await
    /// }
    /// ```
    pub async fn destroy(&self) -> Result<()> {
        let mut content = self.touch_to_change().await?;
        Ok(content.destroy(&self.0.site)?)
    }

    /// The id that the session has, or will have when it is stored. It prints its first four
    /// characters only: who knows it whole has the session.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError};
    /// async fn log_line(session: Session) -> Result<String, SessionError> {
    ///     Ok(format!("{:?} did something", session.id().await?))
    /// }
    /// ```
    pub async fn id(&self) -> Result<SessionId> {
        let mut content = self.touch().await?;
        Ok(content.id(&self.0.site)?)
    }

    /// Whether the session was never stored.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError};
    /// async fn is_first_visit(session: Session) -> Result<bool, SessionError> {
    ///     session.is_new().await
    /// }
    /// ```
    pub async fn is_new(&self) -> Result<bool> {
        Ok(self.touch().await?.is_new())
    }

    /// Whether the session's cookie outlives the browser.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError};
    /// async fn is_remembered(session: Session) -> Result<bool, SessionError> {
    ///     session.permanent().await
    /// }
    /// ```
    pub async fn permanent(&self) -> Result<bool> {
        Ok(self.touch().await?.permanent())
    }

    /// Says whether the session's cookie outlives the browser.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError};
    /// async fn remember_me(session: Session) -> Result<(), SessionError> {
    ///     session.set_permanent(true).await
    /// }
    /// ```
    pub async fn set_permanent(&self, permanent: bool) -> Result<()> {
        let value = Value::Bool(permanent);
        let mut content = self.touch_to_change().await?;
        Ok(content.assign(content::PERMANENT, &value)?)
    }

    /// Commits now what was changed so far. The layer does it when the handler has answered; call
    /// it yourself to keep something although the answer will be a 5xx, or for changes that come
    /// after the response was made: in a streamed body, in a websocket.
    ///
    /// Then no cookie can be set any more. A session that would need a new one, because it was
    /// never stored or was renewed, is [`ErrorKind::Unsupported`]; one that was destroyed is
    /// deleted from the store, and its cookie leads nowhere.
    ///
    /// ```
    /// # use flask_session_tower::{Session, SessionError};
    /// async fn on_message(session: Session, text: &str) -> Result<(), SessionError> {
    ///     session.insert("draft", text).await?;
    ///     session.commit().await
    /// }
    /// ```
    pub async fn commit(&self) -> Result<()> {
        let mut state = self.0.state.lock().await;
        state.commit(&self.0.site).await
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(..)")
    }
}
