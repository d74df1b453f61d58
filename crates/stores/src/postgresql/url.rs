//! What PostgreSQL's URLs may say, in the words of libpq and `SQLAlchemy`.

use flask_session_core::Result;

use crate::sql::{Encryption, SqlOptions, Words, misconfigured};

/// What a URL may begin with: `SQLAlchemy`'s dialects name a Python driver, which isn't used.
pub(super) const SCHEMES: &[&str] = &[
    "postgresql",
    "postgres",
    "postgresql+psycopg2",
    "postgresql+psycopg",
    "postgresql+psycopg_async",
    "postgresql+psycopg2cffi",
    "postgresql+pg8000",
    "postgresql+asyncpg",
    "postgresql+pygresql",
    "postgres+psycopg2",
];

pub(super) const WORDS: Words = Words {
    name: "postgresql",
    port: 5432,
    // As libpq: encrypted where the server can, without looking at its certificate.
    encryption: Encryption::Preferred,
    set,
};

fn set(options: &mut SqlOptions, name: &str, value: &str) -> Result<bool> {
    match name {
        "host" | "hostaddr" => options.move_to(value),
        "dbname" => options.database = Some(value.to_owned()),
        "options" => options.session_options = Some(value.to_owned()),
        "application_name" => options.application_name = Some(value.to_owned()),
        "sslrootcert" if value == "system" => {
            options.tls.verify = true;
            options.encryption = Encryption::Required;
        }
        // libpq trusts a file alone for the authority, and looks at the name with verify-full.
        "sslrootcert" => {
            options.tls.ca_file = Some(value.into());
            options.tls.verify = true;
        }
        "sslcert" => options.tls.cert_file = Some(value.into()),
        "sslkey" => options.tls.key_file = Some(value.into()),
        "sslmode" | "ssl" => ssl_mode(options, value)?,
        // What these do for a Python driver makes no difference here.
        "charset"
        | "client_encoding"
        | "fallback_application_name"
        | "gssencmode"
        | "krbsrvname"
        | "channel_binding"
        | "keepalives"
        | "keepalives_idle"
        | "keepalives_interval"
        | "keepalives_count"
        | "tcp_user_timeout"
        | "sslcompression"
        | "sslsni"
        | "target_session_attrs"
        | "async_fallback"
        | "prepared_statement_cache_size"
        | "prepare_threshold"
        | "use_native_unicode"
        | "executemany_mode" => {}
        _ => return Ok(false),
    }
    Ok(true)
}

fn ssl_mode(options: &mut SqlOptions, value: &str) -> Result<()> {
    options.encryption = match value.to_ascii_lowercase().as_str() {
        "disable" | "false" => Encryption::Off,
        "allow" | "prefer" => Encryption::Preferred,
        "require" | "true" => Encryption::Required,
        "verify-ca" => {
            options.tls.verify = true;
            options.tls.verify_hostname = false;
            Encryption::Required
        }
        "verify-full" => {
            options.tls.verify = true;
            options.tls.verify_hostname = true;
            Encryption::Required
        }
        _ => {
            return Err(misconfigured(
                "sslmode is disable, allow, prefer, require, verify-ca or verify-full",
            ));
        }
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use flask_session_core::ErrorKind;

    use super::*;
    use crate::sql::Address;
    use crate::{Setting, Settings};

    fn read(url: &str) -> Result<SqlOptions> {
        SqlOptions::read(Settings::new(url), &WORDS)
    }

    #[test]
    fn urls_of_libpq_and_of_sqlalchemy_are_understood() {
        let options = read(
            "postgresql+psycopg2://us%40er:p%2Fw@db.example:6000/app?sslmode=verify-full&charset=utf8\
             &connect_timeout=3&options=-c%20statement_timeout%3D5000",
        )
        .unwrap();
        assert_eq!(options.address, Address::Host("db.example".to_owned()));
        assert_eq!(options.port, 6000);
        assert_eq!(options.username.as_deref(), Some("us@er"));
        assert_eq!(options.password.as_deref(), Some("p/w"));
        assert_eq!(options.database.as_deref(), Some("app"));
        assert_eq!(options.connect_timeout.as_secs(), 3);
        assert!(options.tls.verify && options.tls.verify_hostname);
        assert_eq!(options.encryption, Encryption::Required);
        assert_eq!(options.storage.table.name, "sessions");
        let socket = read("postgresql://user:word@/app?host=/run/postgresql").unwrap();
        assert_eq!(socket.address, Address::Unix("/run/postgresql".into()));
        let socket = read("postgres://%2Frun%2Fpg/app").unwrap();
        assert_eq!(socket.address, Address::Unix("/run/pg".into()));
    }

    #[test]
    fn without_a_word_about_it_encryption_is_libpqs() {
        let options = read("postgresql:///app").unwrap();
        assert_eq!(options.encryption, Encryption::Preferred);
        assert!(!options.tls.verify);
        let file = Setting::Text("/ca.pem".to_owned());
        let settings = Settings::new("postgresql:///app").with("ca_file", file);
        let options = SqlOptions::read(settings, &WORDS).unwrap();
        assert_eq!(options.encryption, Encryption::Required);
        assert!(options.tls.verify && options.tls.verify_hostname);
    }

    #[test]
    fn what_cannot_be_right_is_misconfigured_and_quotes_no_password() {
        for url in [
            "postgresql://u:hidden@h:port/d",
            "postgresql://u:hid#den@h/d",
            "postgresql://u:hid?den@h/d",
            "postgresql://u:hidden@h/d?hidden=1",
            "postgresql://u:hidden@h/d?sslmode=hidden",
            "postgresql://u:hidden@h/d?connect_timeout=hidden",
        ] {
            let error = read(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured, "{url}");
            assert!(!format!("{error} {error:?}").contains("hid"), "{error}");
        }
        let options = read("postgresql://user:hidden@h/d").unwrap();
        assert!(!format!("{options:?}").contains("hidden"));
    }
}
