//! Reading a URL that names sentinels.

use flask_session_core::Result;
use percent_encoding::percent_decode_str;

use crate::Settings;
use crate::redis::{Address, RedisOptions, Several, flag, misconfigured, set, set_query};

/// Where sentinels usually listen.
const PORT: u16 = 26379;

/// How the sentinels and the servers that they watch are reached.
#[derive(Debug, Clone)]
pub(super) struct SentinelOptions {
    /// The name by which the sentinels know the primary.
    pub(super) name: String,
    /// Where the sentinels are; never empty.
    pub(super) sentinels: Vec<Address>,
    /// How connections to sentinels are opened.
    pub(super) sentinel: RedisOptions,
    /// How connections to the primary are opened.
    pub(super) data: RedisOptions,
}

impl SentinelOptions {
    /// Reads the URL and the options beside it. Fails for what can't be right.
    pub(super) fn read(settings: Settings) -> Result<Self> {
        // As Celery writes several: sentinel://one:26379;sentinel://two:26379
        let text = settings.url().replace(";sentinel://", ",");
        let mut several = Several::parse(&text, PORT)?;
        let (mut name, mut tls) = (None, None);
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for (key, value) in several.rest.query_pairs().into_owned() {
            match (key.strip_prefix("sentinel_"), &*key) {
                (Some("ssl" | "tls"), _) => tls = Some(flag(&key, &value)?),
                (Some(key), _) => theirs.push((key.to_owned(), value)),
                (None, "service_name" | "master_name") => name = Some(value),
                (None, _) => ours.push((key, value)),
            }
        }
        set_query(&mut several.rest, &ours);
        if name.is_none() {
            let path = several.rest.path().trim_start_matches('/').to_owned();
            let (first, database) = path.split_once('/').unwrap_or((&path, ""));
            let decoded = percent_decode_str(first).decode_utf8();
            name = decoded.ok().map(Into::into);
            several.rest.set_path(database);
        }
        let name = name.filter(|name| !name.is_empty()).ok_or_else(|| {
            misconfigured("its URL lacks the primary's name; write redis+sentinel://host:port/name")
        })?;
        let data = several.options()?.refined(settings)?;
        let tls = tls.unwrap_or_else(|| data.address.is_secure());
        let sentinels = several.servers.into_iter().map(|at| at.secure(tls));
        let sentinels: Vec<Address> = sentinels.collect();
        let mut sentinel = RedisOptions::new(sentinels[0].clone());
        sentinel.timeout = data.timeout;
        sentinel.connect_timeout = data.connect_timeout;
        if tls {
            sentinel.tls = data.tls.clone();
        }
        for (key, value) in &theirs {
            sentinel = set(sentinel, key, value)?;
        }
        Ok(Self {
            name,
            sentinels,
            sentinel,
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> SentinelOptions {
        SentinelOptions::read(Settings::new(url)).unwrap()
    }

    fn sentinels(options: &SentinelOptions) -> Vec<String> {
        options.sentinels.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_name_stands_before_the_database() {
        let options = read("redis+sentinel://:word@one,two:1/my%20primary/3?socket_timeout=2");
        assert_eq!(sentinels(&options), ["one:26379", "two:1"]);
        assert_eq!(options.name, "my primary");
        assert_eq!(options.data.database, 3);
        assert_eq!(options.data.password.as_deref(), Some("word"));
        assert_eq!(options.data.timeout.as_secs(), 2);
        assert_eq!(options.sentinel.timeout.as_secs(), 2);
    }

    #[test]
    fn names_and_servers_in_other_tools_words_are_understood() {
        let options = read("sentinel://one:1;sentinel://two:2/4?master_name=main");
        assert_eq!(sentinels(&options), ["one:1", "two:2"]);
        assert_eq!((options.name.as_str(), options.data.database), ("main", 4));
        let options = read("redis-sentinel://one:1?node=two:2&service_name=main&db=5");
        assert_eq!(sentinels(&options), ["one:1", "two:2"]);
        assert_eq!((options.name.as_str(), options.data.database), ("main", 5));
    }

    #[test]
    fn sentinels_have_a_user_and_password_of_their_own_and_share_the_certificates() {
        let options = read(
            "rediss+sentinel://app:word@one/main?ssl_cert_reqs=none&sentinel_username=watcher\
             &sentinel_password=other",
        );
        assert_eq!(options.sentinel.username.as_deref(), Some("watcher"));
        assert_eq!(options.sentinel.password.as_deref(), Some("other"));
        assert!(!options.sentinel.tls.verify && !options.data.tls.verify);
        let options = read("rediss+sentinel://app:word@one/main/2?ssl_cert_reqs=none");
        assert_eq!(options.sentinel.credentials(), None);
        assert_eq!(options.sentinel.database, 0);
        let plain = read("rediss+sentinel://one/main?ssl_cert_reqs=none&sentinel_ssl=false");
        assert!(matches!(
            plain.sentinels[0],
            Address::Tcp { tls: false, .. }
        ));
        assert!(matches!(plain.data.address, Address::Tcp { tls: true, .. }));
        assert!(plain.sentinel.tls.verify);
    }

    #[test]
    fn what_cannot_be_right_is_misconfigured_and_quotes_no_password() {
        for url in [
            "redis+sentinel://:hidden@one",
            "redis+sentinel://:hidden@one/",
            "redis+sentinel://:hidden@one/main/zero",
            "redis+sentinel://one/main?sentinel_hidden=1",
            "redis+sentinel://one/main?hidden_word=1",
        ] {
            let error = SentinelOptions::read(Settings::new(url)).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains("SESSION_REDIS"), "{text}");
            assert!(!text.contains(":hidden"), "{text}");
        }
    }
}
