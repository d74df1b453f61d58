//! Everything that isn't answered here goes to Flask.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Where the Flask site listens.
#[derive(Clone, Copy)]
pub(crate) struct Site(pub(crate) SocketAddr);

/// Passes a request on, and the answer back. Says who asked, since Flask-Login looks at it.
pub(crate) async fn forward(
    State(Site(address)): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Response {
    let headers = request.headers_mut();
    headers.remove(header::CONNECTION);
    if let Ok(peer) = HeaderValue::try_from(peer.ip().to_string()) {
        headers.insert("x-forwarded-for", peer);
    }
    match ask(address, request).await {
        Ok(response) => response,
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

async fn ask(
    address: SocketAddr,
    request: Request,
) -> Result<Response, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    Ok(response.map(Body::new))
}
