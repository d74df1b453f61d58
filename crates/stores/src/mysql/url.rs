//! What MySQL's URLs may say, in the words of `SQLAlchemy`'s drivers.

use flask_session_core::Result;

use crate::sql::{Address, Encryption, SqlOptions, Words, misconfigured};

/// What a URL may begin with: `SQLAlchemy`'s dialects name a Python driver, which isn't used.
pub(super) const SCHEMES: &[&str] = &[
    "mysql",
    "mariadb",
    "mysql+pymysql",
    "mysql+mysqldb",
    "mysql+mysqlconnector",
    "mysql+mariadbconnector",
    "mysql+cymysql",
    "mysql+aiomysql",
    "mysql+asyncmy",
    "mysql+pyodbc",
    "mariadb+pymysql",
    "mariadb+mysqldb",
    "mariadb+mysqlconnector",
    "mariadb+mariadbconnector",
];

pub(super) const WORDS: Words = Words {
    name: "mysql",
    port: 3306,
    encryption: Encryption::Off,
    set,
};

fn set(options: &mut SqlOptions, name: &str, value: &str) -> Result<bool> {
    match name {
        "host" => options.move_to(value),
        "unix_socket" => options.address = Address::Unix(value.into()),
        "db" | "database" => options.database = Some(value.to_owned()),
        "ssl_ca" => options.trust(value.into()),
        "ssl_cert" => {
            options.tls.cert_file = Some(value.into());
            options.encryption = Encryption::Required;
        }
        "ssl_key" => options.tls.key_file = Some(value.into()),
        "ssl_check_hostname" | "ssl_verify_identity" => {
            options.tls.verify_hostname = flag(name, value)?;
        }
        "ssl_verify_cert" => {
            options.tls.verify = flag(name, value)?;
            options.encryption = Encryption::Required;
        }
        "ssl" if flag(name, value)? => options.encryption = Encryption::Required,
        "ssl_disabled" if !flag(name, value)? => {}
        "ssl" | "ssl_disabled" => options.encryption = Encryption::Off,
        "ssl_mode" => ssl_mode(options, value)?,
        // What these do for a Python driver makes no difference here.
        "charset" | "use_unicode" | "collation" | "binary_prefix" | "autocommit"
        | "local_infile" | "read_timeout" | "write_timeout" | "use_pure" | "auth_plugin"
        | "program_name" => {}
        _ => return Ok(false),
    }
    Ok(true)
}

fn ssl_mode(options: &mut SqlOptions, value: &str) -> Result<()> {
    let (encryption, verify, verify_hostname) = match value.to_ascii_uppercase().as_str() {
        "DISABLED" => (Encryption::Off, false, false),
        "PREFERRED" => (Encryption::Preferred, false, false),
        "REQUIRED" => (Encryption::Required, false, false),
        "VERIFY_CA" => (Encryption::Required, true, false),
        "VERIFY_IDENTITY" => (Encryption::Required, true, true),
        _ => {
            return Err(misconfigured(
                "ssl_mode is DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY",
            ));
        }
    };
    options.encryption = encryption;
    options.tls.verify = verify;
    options.tls.verify_hostname = verify_hostname;
    Ok(())
}

fn flag(name: &str, value: &str) -> Result<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(misconfigured(format!("{name} in the URL is true or false"))),
    }
}

#[cfg(test)]
mod tests {
    use flask_session_core::ErrorKind;

    use super::*;
    use crate::Settings;

    fn read(url: &str) -> Result<SqlOptions> {
        SqlOptions::read(Settings::new(url), &WORDS)
    }

    #[test]
    fn urls_of_sqlalchemy_are_understood() {
        let options =
            read("mysql+pymysql://u:p%40w@db/app?charset=utf8mb4&ssl_ca=/ca.pem").unwrap();
        assert_eq!(options.address, Address::Host("db".to_owned()));
        assert_eq!(options.port, 3306);
        assert_eq!(options.password.as_deref(), Some("p@w"));
        assert_eq!(options.database.as_deref(), Some("app"));
        assert!(options.tls.verify && options.tls.verify_hostname);
        assert_eq!(options.encryption, Encryption::Required);
        let socket = read("mariadb://u@/app?unix_socket=/run/mysqld.sock").unwrap();
        assert_eq!(socket.address, Address::Unix("/run/mysqld.sock".into()));
        assert_eq!(socket.encryption, Encryption::Off);
    }

    #[test]
    fn what_cannot_be_right_is_misconfigured_and_quotes_no_password() {
        for url in [
            "mysql://u:hid#den@h/d",
            "mysql://u:hidden@h/d?hidden=1",
            "mysql://u:hidden@h/d?ssl_mode=hidden",
            "mysql://u:hidden@h/d?ssl=hidden",
        ] {
            let error = read(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured, "{url}");
            assert!(!format!("{error} {error:?}").contains("hid"), "{error}");
        }
    }
}
