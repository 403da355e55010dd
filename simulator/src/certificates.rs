//! A throw-away certificate authority, one good certificate and three that no client may trust.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};
use tokio_rustls::rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};

type Error = Box<dyn std::error::Error + Send + Sync>;

pub(crate) struct Certificates {
    pub ca_pem: String,
    pub good: Arc<ServerConfig>,
    pub wrong_host: Arc<ServerConfig>,
    pub expired: Arc<ServerConfig>,
    pub self_signed: Arc<ServerConfig>,
}

impl Certificates {
    pub fn make() -> Result<Certificates, Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Simulator throw-away CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid(&mut params, -1, 30);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

        let here = ["localhost", "127.0.0.1"];
        Ok(Certificates {
            good: config(leaf(&here, -1, 30)?, Some(&ca))?,
            wrong_host: config(leaf(&["wrong-host.example"], -1, 30)?, Some(&ca))?,
            expired: config(leaf(&here, -30, -1)?, Some(&ca))?,
            self_signed: config(leaf(&here, -1, 30)?, None)?,
            ca_pem: ca.pem(),
        })
    }
}

fn leaf(names: &[&str], from_day: i64, to_day: i64) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::new(names.iter().map(|name| name.to_string()).collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, names[0]);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    valid(&mut params, from_day, to_day);
    Ok(params)
}

/// Sets the validity in days from now. It is short, because some platforms refuse what is valid for long.
fn valid(params: &mut CertificateParams, from_day: i64, to_day: i64) {
    let now = OffsetDateTime::now_utc();
    params.not_before = now + Duration::days(from_day);
    params.not_after = now + Duration::days(to_day);
}

fn config(
    params: CertificateParams,
    issuer: Option<&CertifiedIssuer<'_, KeyPair>>,
) -> Result<Arc<ServerConfig>, Error> {
    let key = KeyPair::generate()?;
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer)?,
        None => params.self_signed(&key)?,
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], PrivateKeyDer::try_from(key.serialize_der())?)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
