//! What a server says it is, and which commands it has by that.

use redis::Value;

/// The product and version of a server, as far as it told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Server {
    product: Product,
    version: (u32, u32),
    role: Role,
}

/// Whose data a server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Role {
    /// Its own.
    Primary,
    /// Another's.
    Replica,
    /// It didn't say.
    #[default]
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Product {
    Redis,
    Valkey,
    #[default]
    Unknown,
}

impl Server {
    /// Reads the reply to HELLO.
    pub(crate) fn from_hello(reply: &Value) -> Self {
        let Value::Array(entries) = reply else {
            return Self::default();
        };
        let mut server = Self::default();
        for pair in entries.chunks_exact(2) {
            match (text(&pair[0]), text(&pair[1])) {
                (Some("role"), Some("master")) => server.role = Role::Primary,
                (Some("role"), Some(_)) => server.role = Role::Replica,
                (Some("server"), Some("redis")) => server.product = Product::Redis,
                (Some("server"), Some("valkey")) => server.product = Product::Valkey,
                (Some("version"), Some(version)) => {
                    let mut numbers = version.split('.').map_while(|part| part.parse().ok());
                    server.version = (
                        numbers.next().unwrap_or_default(),
                        numbers.next().unwrap_or_default(),
                    );
                }
                _ => {}
            }
        }
        server
    }

    /// Whose data it has.
    pub(crate) fn role(self) -> Role {
        self.role
    }

    /// With the role that the reply to ROLE says; who doesn't permit the question is believed.
    pub(crate) fn with_role(mut self, reply: &Value) -> Self {
        self.role = match reply {
            Value::Array(words) if words.first().and_then(text) != Some("master") => Role::Replica,
            _ => Role::Primary,
        };
        self
    }

    /// Whether `SET ... IFEQ` is worth trying.
    pub(crate) fn sets_if_equal(self) -> bool {
        match self.product {
            Product::Redis => self.version >= (8, 4),
            Product::Valkey => self.version >= (8, 1),
            Product::Unknown => false,
        }
    }

    /// The words of "delete if equal", to stand before and after the key, if worth trying.
    pub(crate) fn deletes_if_equal(self) -> Option<(&'static str, Option<&'static str>)> {
        match self.product {
            Product::Redis if self.version >= (8, 4) => Some(("DELEX", Some("IFEQ"))),
            Product::Valkey if self.version >= (9, 0) => Some(("DELIFEQ", None)),
            _ => None,
        }
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(product: &str, version: &str) -> Server {
        let entries = ["server", product, "version", version]
            .map(|text| Value::BulkString(text.as_bytes().to_vec()));
        Server::from_hello(&Value::Array(entries.to_vec()))
    }

    #[test]
    fn the_comparing_commands_are_tried_where_the_version_has_them() {
        assert!(hello("redis", "8.4.0").sets_if_equal());
        assert!(hello("valkey", "8.1.3").sets_if_equal());
        assert!(!hello("redis", "7.0.15").sets_if_equal());
        assert!(!hello("valkey", "8.0.1").sets_if_equal());
        assert!(!hello("else", "99.1").sets_if_equal());
        assert!(!Server::from_hello(&Value::Nil).sets_if_equal());
    }

    #[test]
    fn redis_and_valkey_delete_by_different_words() {
        assert_eq!(
            hello("redis", "8.4.1").deletes_if_equal(),
            Some(("DELEX", Some("IFEQ")))
        );
        assert_eq!(
            hello("valkey", "9.1.2").deletes_if_equal(),
            Some(("DELIFEQ", None))
        );
        assert_eq!(hello("valkey", "8.1.0").deletes_if_equal(), None);
    }
}
