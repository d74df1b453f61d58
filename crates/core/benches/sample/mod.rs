//! The session that is measured.

use flask_session_core::{Data, Value};

pub(crate) fn session(flashes: bool) -> Data {
    let mut data = Data::new();
    data.insert("_permanent", true);
    data.insert("_user_id", "42");
    data.insert("_fresh", true);
    data.insert("_id", "3f1c2a9d8e7b6c5d4f3a2b1c0d9e8f7a");
    data.insert("csrf_token", "b7e23ec29af22b0b4e41da31e868d57226121c84");
    data.insert("locale", "en_GB");
    data.insert("visits", 17);
    data.insert("cart", Value::Array(vec![1.into(), 2.into(), 3.into()]));
    data.insert("theme", "dark");
    data.insert("last_page", "/products/1234?page=2");
    if flashes {
        let flash = Value::Tuple(vec!["message".into(), "Saved.".into()]);
        data.insert("_flashes", Value::Array(vec![flash]));
    }
    data
}
