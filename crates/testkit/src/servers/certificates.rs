//! Certificates for servers that speak TLS.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// An authority of our own, and a certificate that it signed for `localhost` and 127.0.0.1, as
/// files.
///
/// ```no_run
/// use flask_session_testkit::servers::Certificates;
///
/// let files = Certificates::make(std::path::Path::new("certificates"));
/// println!("{} {} {}", files.authority.display(), files.certificate.display(), files.key.display());
/// ```
#[derive(Debug, Clone)]
pub struct Certificates {
    /// The authority's certificate, which clients should trust.
    pub authority: PathBuf,
    /// The server's certificate.
    pub certificate: PathBuf,
    /// The server's private key.
    pub key: PathBuf,
}

impl Certificates {
    /// Makes them in `folder`.
    pub fn make(folder: &Path) -> Self {
        let made = "certificates can be made";
        let mut issuer = CertificateParams::default();
        // Not the default, which is the certificate's too: OpenSSL would take that for self-signed.
        issuer
            .distinguished_name
            .push(DnType::CommonName, "authority");
        issuer.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(issuer, KeyPair::generate().expect(made)).expect(made);
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let key = KeyPair::generate().expect(made);
        let certificate = CertificateParams::new(names)
            .and_then(|params| params.signed_by(&key, &authority))
            .expect(made);
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).expect("the temporary folder takes files");
            path
        };
        Self {
            authority: write("authority.pem", authority.pem()),
            certificate: write("certificate.pem", certificate.pem()),
            key: write("key.pem", key.serialize_pem()),
        }
    }
}
