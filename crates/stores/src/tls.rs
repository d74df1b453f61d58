//! Whom a TLS connection trusts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use flask_session_core::{Error, Result};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

/// Whom to trust, and who we are, over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsOptions {
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) cert_file: Option<PathBuf>,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) verify: bool,
    pub(crate) verify_hostname: bool,
}

impl Default for TlsOptions {
    fn default() -> Self {
        Self {
            ca_file: None,
            cert_file: None,
            key_file: None,
            verify: true,
            verify_hostname: true,
        }
    }
}

/// Reads the files that `options` name. Without a file of authorities, trusts the system's.
/// `wrong` makes the error for what the user configured.
///
/// Nothing is remembered from one connection to the next (tickets): so the configuration may be
/// shared with a forked child.
pub(crate) fn configure(
    options: &TlsOptions,
    wrong: impl Fn(String) -> Error,
) -> Result<Arc<ClientConfig>> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?;
    let builder = if !options.verify {
        let anybody = Lenient {
            inner: None,
            provider,
        };
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(anybody))
    } else if !options.verify_hostname {
        let roots = Arc::new(authorities(options, &wrong)?);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
        let any_name = Lenient {
            inner: Some(verifier.build().map_err(|error| wrong(error.to_string()))?),
            provider,
        };
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(any_name))
    } else {
        builder.with_root_certificates(authorities(options, &wrong)?)
    };
    let mut config = match &options.cert_file {
        None => builder.with_no_client_auth(),
        Some(cert_file) => {
            let key_file = options.key_file.as_deref().unwrap_or(cert_file);
            let key = PrivateKeyDer::from_pem_file(key_file)
                .map_err(|_| wrong("its key file can't be read as PEM".to_owned()))?;
            let built = builder.with_client_auth_cert(certificates(cert_file, &wrong)?, key);
            built.map_err(|_| wrong("its certificate and its key don't fit together".to_owned()))?
        }
    };
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

fn authorities(options: &TlsOptions, wrong: &impl Fn(String) -> Error) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &options.ca_file {
        for certificate in certificates(path, wrong)? {
            let added = roots.add(certificate);
            added.map_err(|_| wrong("its ca file holds what is no certificate".to_owned()))?;
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(wrong(
                "the system has no trusted authorities; name a ca file".to_owned(),
            ));
        }
    }
    Ok(roots)
}

fn certificates(
    path: &Path,
    wrong: &impl Fn(String) -> Error,
) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let certificates: Vec<_> = read.map_err(|error| {
        wrong(format!("{} can't be read as PEM", path.display())).caused_by(error)
    })?;
    if certificates.is_empty() {
        let path = path.display();
        return Err(wrong(format!("{path} holds no certificate")));
    }
    Ok(certificates)
}

/// Accepts any name, if there is an inner verifier, or else anybody: only where the user said so.
#[derive(Debug)]
struct Lenient {
    inner: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let Some(inner) = &self.inner else {
            return Ok(ServerCertVerified::assertion());
        };
        match inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
