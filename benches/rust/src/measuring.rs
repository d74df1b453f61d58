//! Requests to a router, and how long they take.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tower_service::Service;

#[derive(Deserialize)]
pub struct Task {
    /// The path that is asked for.
    case: String,
    /// So many visitors, each of whom waits for an answer before the next request.
    visitors: usize,
    seconds: f64,
}

/// As benches/worker.py answers: microseconds of a request, and requests per second of all visitors.
#[derive(Serialize)]
pub struct Figures {
    median: f64,
    p99: f64,
    per_second: f64,
}

pub async fn measure(site: Router, task: Task) -> Figures {
    let mut tours = JoinSet::new();
    let mut visitors = Vec::new();
    for _ in 0..task.visitors {
        visitors.push(Visitor::welcome(&site, &task.case).await);
    }
    let begin = Instant::now();
    let end = begin + Duration::from_secs_f64(task.seconds);
    for mut visitor in visitors {
        tours.spawn(async move {
            let mut times = Vec::new();
            // At least a few, however slow.
            while times.len() < 5 || Instant::now() < end {
                times.push(visitor.visit().await);
            }
            times
        });
    }
    let mut times = tours.join_all().await.concat();
    let seconds = begin.elapsed().as_secs_f64();
    times.sort_unstable();
    let microseconds = |at: usize| times[at].as_secs_f64() * 1e6;
    Figures {
        median: microseconds(times.len() / 2),
        p99: microseconds(times.len() * 99 / 100),
        per_second: times.len() as f64 / seconds,
    }
}

struct Visitor {
    site: Router,
    path: String,
    cookie: Option<HeaderValue>,
}

impl Visitor {
    /// One with a session, unless each request is to make one.
    async fn welcome(site: &Router, case: &str) -> Self {
        let mut visitor = Self {
            site: site.clone(),
            path: "/new".to_owned(),
            cookie: None,
        };
        let response = visitor.site.call(visitor.request()).await.unwrap();
        let cookies = response.headers().get_all(SET_COOKIE).iter();
        let pairs = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
        let cookie = pairs.collect::<Vec<_>>().join("; ");
        assert!(!cookie.is_empty(), "no session was made");
        if case != "new" {
            visitor.cookie = Some(cookie.parse().unwrap());
        }
        visitor.path = format!("/{case}");
        for _ in 0..3 {
            visitor.visit().await;
        }
        visitor
    }

    fn request(&self) -> Request {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = self.path.parse().unwrap();
        if let Some(cookie) = &self.cookie {
            request.headers_mut().insert(COOKIE, cookie.clone());
        }
        request
    }

    async fn visit(&mut self) -> Duration {
        let request = self.request();
        let begin = Instant::now();
        let response = self.site.call(request).await.unwrap();
        let taken = begin.elapsed();
        assert_eq!(response.status(), StatusCode::OK, "{}", self.path);
        taken
    }
}
