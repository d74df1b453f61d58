//! The Rust site of `tests/interop`, which plays the same requests on Flask sites and on this one.
//!
//! Usage: `interop_site URL`. The first line of the output is its port; it ends with its input.
//! Values travel as JSON lists of a type's name and what it holds, so that nothing is lost.

#![allow(clippy::disallowed_methods, reason = "tokio's attribute waits for it")]
#![allow(clippy::print_stdout, reason = "whoever starts it reads the port")]

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Json, Router};
use flask_session_core::Float;
use flask_session_stores::{Settings, open_async};
use flask_session_tower::{
    AwareDateTime, Config, Session, SessionError, SessionLayer, SystemClock, Value,
};
use serde_json::{Map, Value as Written, json};
use tokio::net::TcpListener;

type Answer = Result<Json<Written>, SessionError>;

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).expect("below 16");
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(digit).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal"))
        .collect()
}

fn write(value: &Value) -> Written {
    let all = |values: &[Value]| values.iter().map(write).collect::<Vec<_>>();
    match value {
        Value::Nil => json!(["none"]),
        Value::Bool(value) => json!(["bool", value]),
        Value::Int(value) => json!(["int", value.to_string()]),
        Value::UInt(value) => json!(["int", value.to_string()]),
        Value::Float(value) => json!(["float", hex(&value.0.to_be_bytes())]),
        Value::Str(text) => json!(["str", text]),
        Value::Bytes(value) => json!(["bytes", hex(value)]),
        Value::Array(values) => json!(["list", all(values)]),
        Value::Tuple(values) => json!(["tuple", all(values)]),
        Value::Map(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| (write(key), write(value)));
            json!(["dict", pairs.collect::<Vec<_>>()])
        }
        Value::AwareDateTime(moment) => {
            json!(["moment", moment.seconds, moment.microseconds])
        }
        Value::Date(text) => json!(["date", text]),
        Value::Decimal(text) => json!(["Decimal", text]),
        Value::Uuid(text) => json!(["UUID", text]),
        other => json!([other.type_name()]),
    }
}

fn read(written: &Written) -> Value {
    let held = &written[1];
    let text = || held.as_str().expect("text").to_owned();
    let all = || held.as_array().expect("a list").iter();
    match written[0].as_str().expect("a type's name") {
        "none" => Value::Nil,
        "bool" => Value::Bool(held.as_bool().expect("true or false")),
        "int" => Value::integer(&text()).expect("an integer"),
        "float" => {
            let bits = bytes(&text()).try_into().expect("eight bytes");
            Value::Float(Float(f64::from_be_bytes(bits)))
        }
        "str" => Value::Str(text()),
        "bytes" => Value::Bytes(bytes(&text())),
        "list" => Value::Array(all().map(read).collect()),
        "tuple" => Value::Tuple(all().map(read).collect()),
        "dict" => Value::Map(all().map(|pair| (read(&pair[0]), read(&pair[1]))).collect()),
        "moment" => Value::AwareDateTime(AwareDateTime {
            seconds: held.as_i64().expect("seconds"),
            microseconds: u32::try_from(written[2].as_u64().expect("microseconds"))
                .expect("below a million"),
            offset: 0,
            zone: None,
        }),
        "date" => Value::Date(text()),
        "Decimal" => Value::Decimal(text()),
        "UUID" => Value::Uuid(text()),
        other => panic!("no type of this suite: {other}"),
    }
}

async fn see(session: Session) -> Answer {
    let data = session.data().await?;
    let mut all = Map::new();
    for (key, value) in data.iter() {
        if let Value::Str(key) = key
            && key != "_permanent"
        {
            all.insert(key.clone(), write(value));
        }
    }
    Ok(Json(Written::Object(all)))
}

async fn log_in(session: Session, Json(given): Json<Written>) -> Answer {
    session.clear().await?;
    session.insert("user", read(&given["value"])).await?;
    session.renew().await?;
    see(session).await
}

async fn log_out(session: Session) -> Answer {
    session.clear().await?;
    see(session).await
}

async fn renew(session: Session) -> Answer {
    session.renew().await?;
    see(session).await
}

async fn put(session: Session, Json(given): Json<Written>) -> Answer {
    let key = given["key"].as_str().expect("a key");
    session.insert(key, read(&given["value"])).await?;
    see(session).await
}

async fn remove(session: Session, Json(given): Json<Written>) -> Answer {
    session
        .remove(given["key"].as_str().expect("a key"))
        .await?;
    see(session).await
}

async fn append(session: Session, Json(given): Json<Written>) -> Answer {
    let value = read(&given["value"]);
    let add = |cart: &mut Option<Vec<Value>>| cart.get_or_insert_default().push(value);
    session.update("cart", add).await?;
    see(session).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = std::env::args().nth(1).expect("a store's URL");
    let (_, store) = open_async(Settings::new(url)).expect("a store");
    let layer = SessionLayer::with_clock(store, Config::new(), Arc::new(SystemClock));
    let app = Router::new()
        .route("/see", get(see))
        .route("/login", post(log_in))
        .route("/logout", post(log_out))
        .route("/renew", post(renew))
        .route("/put", post(put))
        .route("/remove", post(remove))
        .route("/append", post(append))
        .layer(layer.expect("legal settings"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
    axum::serve(listener, app).await.expect("it serves");
}
