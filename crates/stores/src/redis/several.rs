//! A URL that names several servers.

use ::url::Url;
use flask_session_core::Result;

use super::options::{Address, RedisOptions, misconfigured};
use super::url;

/// `scheme://user:password@host:port,host:port/path?name=value`, taken apart.
pub(crate) struct Several {
    /// The servers, in the URL's order; never empty.
    pub(crate) servers: Vec<Address>,
    /// All the rest, as a URL of one server.
    pub(crate) rest: Url,
}

impl Several {
    /// Reads `text`. A scheme that starts with `rediss` or `valkeys` means TLS. A server without a
    /// port has `port`; `node=host:port` after the question mark names further ones.
    pub(crate) fn parse(text: &str, port: u16) -> Result<Self> {
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        let tls = scheme.starts_with("rediss") || scheme.starts_with("valkeys");
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (user, servers) = authority.rsplit_once('@').unwrap_or(("", authority));
        let at = if user.is_empty() { "" } else { "@" };
        let mut rest = url::read(&format!("redis://{user}{at}localhost{path}"))?;
        let mut servers: Vec<String> = servers.split(',').map(str::to_owned).collect();
        let (nodes, others): (Vec<_>, Vec<_>) = rest
            .query_pairs()
            .into_owned()
            .partition(|(name, _)| name == "node");
        servers.extend(nodes.into_iter().map(|(_, server)| server));
        set_query(&mut rest, &others);
        let servers = servers.iter().map(|server| {
            let server = url::read(&format!("redis://{server}"))?;
            if matches!(server.path(), "" | "/") && !server.authority().contains('@') {
                url::tcp(&server, tls, port)
            } else {
                Err(misconfigured(
                    "its URL names servers as host:port,host:port, with one user and password before all of them",
                ))
            }
        });
        Ok(Self {
            servers: servers.collect::<Result<_>>()?,
            rest,
        })
    }

    /// What the URL says beside the servers; of them, it names the first.
    pub(crate) fn options(&self) -> Result<RedisOptions> {
        url::options(&self.rest, self.servers[0].clone())
    }
}

/// Replaces what stands after the question mark.
pub(crate) fn set_query(url: &mut Url, pairs: &[(String, String)]) {
    url.set_query(None);
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(url: &str) -> Vec<String> {
        let several = Several::parse(url, 7000).unwrap();
        several.servers.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn servers_stand_between_commas_and_may_lack_a_port() {
        assert_eq!(
            servers("redis+cluster://user:a,b@one:1,two,[::1]:3/0"),
            ["one:1", "two:7000", "[::1]:3"]
        );
        assert_eq!(servers("redis+cluster://"), ["127.0.0.1:7000"]);
        assert_eq!(
            servers("redis-cluster://one?node=two:2&node=three&db=0"),
            ["one:7000", "two:2", "three:7000"]
        );
    }

    #[test]
    fn user_password_and_settings_are_for_all_of_them() {
        let url = "rediss+cluster://us%40er:pass%2Cword@one:1,two:2?socket_timeout=2&node=three";
        let options = Several::parse(url, 7000).unwrap().options().unwrap();
        assert_eq!(options.username.as_deref(), Some("us@er"));
        assert_eq!(options.password.as_deref(), Some("pass,word"));
        assert_eq!(options.timeout.as_secs(), 2);
        let odd = Several::parse("redis+cluster://:pass@word@one,two", 7000);
        let odd = odd.unwrap().options().unwrap();
        assert_eq!(odd.password.as_deref(), Some("pass@word"));
        let first = Address::Tcp {
            host: "one".to_owned(),
            port: 1,
            tls: true,
        };
        assert_eq!(options.address, first);
    }

    #[test]
    fn what_cannot_be_right_is_misconfigured_and_quotes_no_password() {
        for url in [
            "redis+cluster://:hidden@one:port,two",
            "redis+cluster://:hid#den@one,two",
            "redis+cluster://one:1?node=:hidden@two:2",
        ] {
            let error = Several::parse(url, 7000).map(|_| ()).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(
                text.contains("SESSION_REDIS") && !text.contains("hid"),
                "{text}"
            );
        }
    }
}
