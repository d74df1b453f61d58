//! Changes after the response was made: streamed bodies and upgraded connections.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use flask_session_tower::{Config, ErrorKind, Session, SessionError};
use futures_util::stream;
use http::StatusCode;
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::browser::Site;

async fn log_in(session: Session) -> Result<(), SessionError> {
    session.insert("user", 7).await
}

async fn lines(session: Session) -> Result<String, SessionError> {
    Ok(format!("{:?}", session.get::<u64>("lines").await?))
}

/// A response whose body is what `make` gives when its first byte is asked for.
fn streamed(make: impl Future<Output = String> + Send + 'static) -> Response {
    let chunk = async move { Ok::<_, Infallible>(make.await) };
    Response::new(Body::from_stream(stream::once(chunk)))
}

#[tokio::test]
async fn a_streamed_body_may_read_and_what_it_commits_is_kept() {
    let site = Site::new(Config::new());
    let cookie = site.visit("", log_in).await.cookie();
    let stream = async |session: Session| {
        streamed(async move {
            let user = session.get::<u64>("user").await.unwrap();
            session.insert("lines", 1).await.unwrap();
            session.commit().await.unwrap();
            session.insert("lines", 2).await.unwrap();
            format!("{user:?}")
        })
    };
    let response = site.request(&cookie, stream).await;
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "Some(7)");
    let body = site.visit(&cookie, lines).await.body;
    assert_eq!(body, "Some(1)", "what came after the commit is lost");
}

#[tokio::test]
async fn a_new_session_can_not_be_committed_after_the_response() {
    let site = Site::new(Config::new());
    let cookie = site.visit("", log_in).await.cookie();
    for (cookie, renews) in [("", false), (cookie.as_str(), true)] {
        let stream = async move |session: Session| {
            streamed(async move {
                if renews {
                    session.renew().await.unwrap();
                }
                session.insert("lines", 1).await.unwrap();
                let error = session.commit().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unsupported);
                error.to_string()
            })
        };
        let answer = site.visit(cookie, stream).await;
        assert!(answer.body.contains("response"), "{}", answer.body);
        assert_eq!(answer.set_cookie(), "");
    }
    assert_eq!(site.visit(&cookie, lines).await.body, "None");
}

#[tokio::test]
async fn a_session_can_be_destroyed_after_the_response() {
    let site = Site::new(Config::new());
    let cookie = site.visit("", log_in).await.cookie();
    let stream = async |session: Session| {
        streamed(async move {
            session.destroy().await.unwrap();
            session.commit().await.unwrap();
            String::new()
        })
    };
    site.visit(&cookie, stream).await;
    assert_eq!(site.stored(&cookie).await, None);
}

/// Switches protocols, and from then on stores each line that comes.
async fn upgrade(session: Session, request: Request) -> Result<Response, SessionError> {
    session.insert("connected", true).await?;
    tokio::spawn(async move {
        let upgraded = hyper::upgrade::on(request).await.unwrap();
        let mut connection = TokioIo::new(upgraded);
        let mut byte = [0];
        while connection.read_exact(&mut byte).await.is_ok() {
            let count = session.update("lines", |lines: &mut Option<u64>| {
                *lines = Some(lines.unwrap_or(0) + 1);
            });
            count.await.unwrap();
            session.commit().await.unwrap();
            connection.write_all(&byte).await.unwrap();
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    for (name, value) in [("connection", "upgrade"), ("upgrade", "lines")] {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    Ok(response)
}

#[tokio::test]
async fn after_an_upgrade_each_commit_is_kept_and_merged() {
    let site = Site::new(Config::new());
    let cookie = site.visit("", log_in).await.cookie();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = axum::serve(listener, site.app(upgrade)).into_future();
    let server = tokio::spawn(server);

    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let connecting = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = connecting.await.unwrap();
    tokio::spawn(connection.with_upgrades());
    let request = http::Request::get("/")
        .header("host", "localhost")
        .header("connection", "upgrade")
        .header("upgrade", "lines")
        .header("cookie", &cookie)
        .body(Body::empty())
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert!(response.headers().contains_key("set-cookie"));
    let keys = async |session: Session| -> Result<String, SessionError> {
        Ok(session.keys().await?.join(" "))
    };
    let before = site.visit(&cookie, keys).await.body;
    assert_eq!(
        before, "_permanent user connected",
        "committed with the 101"
    );

    let mut upgraded = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    for expected in 1..=2 {
        upgraded.write_all(b"x").await.unwrap();
        upgraded.read_exact(&mut [0]).await.unwrap();
        let stored = site.visit(&cookie, lines).await.body;
        assert_eq!(stored, format!("Some({expected})"));
        let theirs = async |session: Session| session.insert("theirs", 1).await;
        site.visit(&cookie, theirs).await;
    }
    let after = site.visit(&cookie, keys).await.body;
    assert_eq!(after, "_permanent user connected lines theirs");
    server.abort();
}
