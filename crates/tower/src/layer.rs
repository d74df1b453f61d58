//! The layer, and the service that it makes of another one.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use flask_session_core::{Clock, Guarantee, OnConflict, Result, Store, SystemClock};
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::session::Session;
use crate::site::Site;
use crate::{Config, SessionError, cookie};

/// Gives each request its [`Session`], and commits it before the response goes out.
///
/// Cheap to clone: clones share the store and what is remembered of sessions. One layer for each
/// store and cookie of a process is enough; put it around the routes that have sessions, not around
/// static files.
///
/// ```
/// use std::sync::Arc;
///
/// use axum::{Router, routing::get};
/// use flask_session_tower::{Config, MemoryStore, Session, SessionError, SessionLayer};
///
/// async fn count(session: Session) -> Result<String, SessionError> {
///     let count = session.get::<u64>("count").await?.unwrap_or(0) + 1;
///     session.insert("count", count).await?;
///     Ok(count.to_string())
/// }
///
/// # fn main() -> Result<(), flask_session_tower::Error> {
/// let config = Config::new().session_cookie_name("shop");
/// let layer = SessionLayer::new(Arc::new(MemoryStore::new()), config)?;
/// let app: Router = Router::new().route("/", get(count)).layer(layer);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SessionLayer {
    site: Arc<Site>,
}

impl SessionLayer {
    /// A layer over `store`. A mistake in `config` is an error that names the key.
    ///
    /// The store must be one for async hosts: one that blocks while it waits would hold up every
    /// other request of the thread.
    pub fn new(store: Arc<dyn Store>, config: Config) -> Result<Self> {
        Self::with_clock(store, config, Arc::new(SystemClock))
    }

    /// The same on another clock, for tests. It decides when a session's life is extended and what
    /// cookies say, not when a store takes a record for expired.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use flask_session_tower::{Config, MemoryStore, SessionLayer, SystemClock};
    ///
    /// let store = Arc::new(MemoryStore::new());
    /// let layer = SessionLayer::with_clock(store, Config::new(), Arc::new(SystemClock))?;
    /// # Ok::<(), flask_session_tower::Error>(())
    /// ```
    pub fn with_clock(
        store: Arc<dyn Store>,
        config: Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let site = Arc::new(Site::new(store, config, clock)?);
        Ok(Self { site })
    }

    /// What happens when two requests change one session at once: both are kept, or the last one
    /// wins. As far as the store knows by now what it is permitted to do.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use flask_session_tower::{Config, Guarantee, MemoryStore, SessionLayer};
    ///
    /// let layer = SessionLayer::new(Arc::new(MemoryStore::new()), Config::new()).unwrap();
    /// assert_eq!(layer.guarantee(), Guarantee::Merge);
    /// ```
    pub fn guarantee(&self) -> Guarantee {
        match self.site.config.on_conflict {
            OnConflict::Merge => self.site.store.capability().guarantee,
            OnConflict::Overwrite => Guarantee::Overwrite,
        }
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> SessionService<S> {
        SessionService {
            inner,
            site: Arc::clone(&self.site),
        }
    }
}

/// A service whose requests carry a [`Session`] in their extensions; made by [`SessionLayer`].
///
/// - The session is committed when the inner service has answered, before the first byte of the
///   body. A status of 500 or more commits nothing, unless
///   [`Config::commit_on_server_error`] says so or the handler calls [`Session::commit`].
/// - A request that is dropped while it runs commits nothing; one that is dropped while it commits
///   leaves the old record or the new one.
/// - A streamed body, or a websocket after its 101 response, may go on reading. What it changes is
///   kept if it calls [`Session::commit`] itself.
/// - If the commit fails, the response is replaced by one of status 503 or 500 with an empty body,
///   which holds the [`SessionError`] in its extensions.
///
/// ```
/// use std::convert::Infallible;
/// use std::sync::Arc;
///
/// use flask_session_tower::{Config, MemoryStore, Session, SessionLayer};
/// use http::{Request, Response};
/// use tower_layer::Layer;
/// use tower_service::Service;
///
/// # #[derive(Clone)] struct Hello;
/// # impl Service<Request<()>> for Hello {
/// #     type Response = Response<String>;
/// #     type Error = Infallible;
/// #     type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;
/// #     fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
/// #         std::task::Poll::Ready(Ok(()))
/// #     }
/// #     fn call(&mut self, request: Request<()>) -> Self::Future {
/// #         let session = request.extensions().get::<Session>().cloned().unwrap();
/// #         Box::pin(async move {
/// #             session.insert("greeted", true).await.unwrap();
/// #             Ok(Response::new("hello".to_owned()))
/// #         })
/// #     }
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let layer = SessionLayer::new(Arc::new(MemoryStore::new()), Config::new()).unwrap();
/// // `Hello` is any service over `http` that inserts something into the session.
/// let response = layer.layer(Hello).call(Request::new(())).await.unwrap();
/// assert!(response.headers().contains_key("set-cookie"));
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct SessionService<S> {
    inner: S,
    site: Arc<Site>,
}

impl<S, B, R> Service<Request<B>> for SessionService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: Default + Send,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let site = Arc::clone(&self.site);
        // The one that was polled ready serves this request; its clone waits for the next.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let ids = cookie::ids(&site, request.headers());
        let session = Session::new(site, ids);
        request.extensions_mut().insert(session.clone());
        Box::pin(async move {
            if let Err(error) = session.open().await {
                return Ok(failed(error));
            }
            let mut response = inner.call(request).await?;
            let concluded = session.conclude(response.status()).await;
            Ok(match concluded {
                Ok(changes) => {
                    changes.apply(response.headers_mut());
                    response
                }
                Err(error) => failed(error),
            })
        })
    }
}

/// The response instead of one that would promise what was not kept.
fn failed<R: Default>(error: SessionError) -> Response<R> {
    let mut response = Response::new(R::default());
    *response.status_mut() = error.status();
    response.extensions_mut().insert(error);
    response
}
