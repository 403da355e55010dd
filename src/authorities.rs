//! The certificate authorities that the caller trusts in addition to the platform's: a file of PEM certificates.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use crate::code::Code;
use crate::outcome::Fault;

/// For comparison, a system's whole bundle has a quarter of a megabyte.
const FILE_MAX: u64 = 16 * 1024 * 1024;

/// Reads the certificates of the file. A fault names the file and says what is wrong, but never repeats the file's
/// content, which may be a private key.
pub fn read(file: &str) -> Result<Vec<CertificateDer<'static>>, Fault> {
    load(file).and_then(|pem| parse(&pem)).map_err(|why| {
        let what = format!("the certificate authorities' file {file} cannot be used: {why}");
        Fault::new(Code::ConfigurationInvalid, &what)
    })
}

/// Changes when the file is replaced or removed.
#[cfg(feature = "capi")]
pub type Stamp = Option<(u64, std::time::SystemTime)>;

#[cfg(feature = "capi")]
pub fn stamp(file: &str) -> Stamp {
    let metadata = fs::metadata(file).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

/// Refuses an SSL_CERT_FILE of the process that is no regular file or is too large. The platform's verifier would read
/// it to its end, which a pipe or a device may not have.
#[cfg(all(unix, not(target_vendor = "apple")))]
pub fn check_environment() -> Result<(), Fault> {
    let Some(file) = std::env::var_os("SSL_CERT_FILE") else { return Ok(()) };
    match fs::metadata(&file).map(|metadata| fit(&metadata)) {
        Ok(Err(why)) => {
            let what = format!("the file {} of SSL_CERT_FILE cannot be used: {why}", file.display());
            Err(Fault::new(Code::ConfigurationInvalid, &what))
        }
        _ => Ok(()),
    }
}

fn load(file: &str) -> Result<Vec<u8>, String> {
    let told = |error: io::Error| error.to_string();
    // This comes before opening it, because opening a device may have effects.
    fit(&fs::metadata(file).map_err(told)?)?;
    let opened = open(file).map_err(told)?;
    // Another file may have taken its place since.
    let metadata = opened.metadata().map_err(told)?;
    fit(&metadata)?;
    if metadata.len() == 0 {
        return Err("it is empty".into());
    }
    let mut bytes = Vec::new();
    opened.take(FILE_MAX).read_to_end(&mut bytes).map_err(told)?;
    Ok(bytes)
}

fn fit(metadata: &fs::Metadata) -> Result<(), String> {
    if metadata.is_dir() {
        Err("it is a folder".into())
    } else if !metadata.is_file() {
        Err("it is not a regular file".into())
    } else if metadata.len() > FILE_MAX {
        Err("it is larger than 16 MiB".into())
    } else {
        Ok(())
    }
}

/// Opens without blocking, because opening a pipe waits for a writer.
fn open(file: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.read(true).open(file)
}

/// Text outside of certificates is skipped, as OpenSSL does.
fn parse(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    if pem.starts_with(b"\xff\xfe") || pem.starts_with(b"\xfe\xff") {
        return Err("it is written in UTF-16; save it as UTF-8".into());
    }
    let pem = pem.strip_prefix(b"\xef\xbb\xbf").unwrap_or(pem);
    let mut found = Vec::new();
    let mut lines = pem.split(|b| matches!(b, b'\n' | b'\r')).map(<[u8]>::trim_ascii_end);
    while let Some(line) = lines.next() {
        let Some(begin) = line.strip_prefix(b"-----BEGIN ") else { continue };
        let number = found.len() + 1;
        let label = begin.strip_suffix(b"-----").filter(|label| !label.contains(&b'-')).ok_or_else(|| {
            format!("the line that begins its certificate {number} is damaged; are its line breaks missing?")
        })?;
        let end = [b"-----END ", label, b"-----"].concat();
        match label {
            b"CERTIFICATE" | b"X509 CERTIFICATE" => {}
            b"TRUSTED CERTIFICATE" => {
                return Err(format!(
                    "its certificate {number} is a TRUSTED CERTIFICATE, which carries more than a certificate; \
                     openssl x509 -in … -out … makes a plain one of it"
                ));
            }
            _ => continue,
        }
        let mut base64 = Vec::new();
        loop {
            match lines.next() {
                Some(line) if *line == end => break,
                Some(line) if !line.starts_with(b"-----") => base64.extend_from_slice(line.trim_ascii()),
                _ => {
                    return Err(format!("its certificate {number} is cut: the line that ends it is missing"));
                }
            }
        }
        let damaged = || format!("its certificate {number} is damaged");
        let certificate = CertificateDer::from(STANDARD.decode(base64).map_err(|_| damaged())?);
        RootCertStore::empty().add(certificate.clone()).map_err(|_| damaged())?;
        found.push(certificate);
    }
    if found.is_empty() {
        return Err("it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)".into());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A real one: ISRG Root X2.
    const BODY: &str = "\
MIICGzCCAaGgAwIBAgIQQdKd0XLq7qeAwSxs6S+HUjAKBggqhkjOPQQDAzBPMQsw
CQYDVQQGEwJVUzEpMCcGA1UEChMgSW50ZXJuZXQgU2VjdXJpdHkgUmVzZWFyY2gg
R3JvdXAxFTATBgNVBAMTDElTUkcgUm9vdCBYMjAeFw0yMDA5MDQwMDAwMDBaFw00
MDA5MTcxNjAwMDBaME8xCzAJBgNVBAYTAlVTMSkwJwYDVQQKEyBJbnRlcm5ldCBT
ZWN1cml0eSBSZXNlYXJjaCBHcm91cDEVMBMGA1UEAxMMSVNSRyBSb290IFgyMHYw
EAYHKoZIzj0CAQYFK4EEACIDYgAEzZvVn4CDCuwJSvMWSj5cz3es3mcFDR0HttwW
+1qLFNvicWDEukWVEYmO6gbf9yoWHKS5xcUy4APgHoIYOIvXRdgKam7mAHf7AlF9
ItgKbppbd9/w+kHsOdx1ymgHDB/qo0IwQDAOBgNVHQ8BAf8EBAMCAQYwDwYDVR0T
AQH/BAUwAwEB/zAdBgNVHQ4EFgQUfEKWrt5LSDv6kviejM9ti6lyN5UwCgYIKoZI
zj0EAwMDaAAwZQIwe3lORlCEwkSHRhtFcP9Ymd70/aTSVaYgLXTWNLxBo1BfASdW
tL4ndQavEi51mI38AjEAi/V3bNTIZargCyzuFJ0nN6T5U6VR5CmD1/iQMVtCnwr1
/q4AaOeMSQ+2b1tbFfLn";

    fn block(label: &str, body: &str) -> String {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    #[test]
    fn what_curl_reads_is_read() {
        let one = block("CERTIFICATE", BODY);
        for (pem, count) in [
            (one.clone(), 1),
            (one.replace('\n', "\r\n"), 1),
            (one.replace('\n', "\r"), 1),
            (one.trim_end().to_owned(), 1),
            (format!("\u{feff}{one}"), 1),
            (format!("# a comment\n{one}\nAnother\n=======\n{one}"), 2),
            (block("X509 CERTIFICATE", BODY), 1),
            (format!("{}{one}", block("PRIVATE KEY", "AAAA")), 1),
        ] {
            assert_eq!(parse(pem.as_bytes()).map(|found| found.len()), Ok(count), "{pem}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_in_words_without_what_the_file_holds() {
        let one = block("CERTIFICATE", BODY);
        let key = "c2VjcmV0LXByaXZhdGUta2V5";
        let utf16: Vec<u8> = format!("\u{feff}{one}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (pem, words) in [
            (String::new().into_bytes(), "no certificate"),
            (b"hello".to_vec(), "no certificate"),
            (block("PRIVATE KEY", key).into_bytes(), "no certificate"),
            (block("PRIVATE KEY", key).replace('\n', "").into_bytes(), "line breaks"),
            (one.replace('\n', "").into_bytes(), "line breaks"),
            (format!("{one}-----BEGIN CERTIFICATE-----\n{key}").into_bytes(), "certificate 2 is cut"),
            (format!("-----BEGIN CERTIFICATE-----\n{key}\n{one}").into_bytes(), "certificate 1 is cut"),
            (format!("{one}{}", block("CERTIFICATE", key)).into_bytes(), "certificate 2 is damaged"),
            (format!("{one}{one}{}", block("CERTIFICATE", "!")).into_bytes(), "certificate 3 is damaged"),
            (block("TRUSTED CERTIFICATE", BODY).into_bytes(), "is a TRUSTED CERTIFICATE"),
            (utf16, "UTF-16"),
        ] {
            let why = parse(&pem).unwrap_err();
            assert!(why.contains(words), "{why}");
            assert!(
                !["c2Vj", "MIIC", "99, ", "peer", "secret"].iter().any(|part| why.contains(part)),
                "{why}"
            );
        }
    }

    #[test]
    fn a_file_of_16_mib_is_read_and_none_that_is_larger() {
        let file = std::env::temp_dir().join(format!("jcsdk authorities {}", std::process::id()));
        let path = file.display().to_string();
        for (size, words) in [(16 << 20, "it holds no certificate"), ((16 << 20) + 1, "larger than 16 MiB")] {
            File::create(&file).unwrap().set_len(size).unwrap();
            let fault = read(&path).unwrap_err();
            assert!(fault.message.contains(words), "{fault}");
        }
        fs::remove_file(&file).unwrap();
    }

    #[test]
    fn only_a_regular_file_is_read() {
        for (file, words) in [
            (std::env::temp_dir().display().to_string(), "is a folder"),
            ("/no/such/file".into(), "cannot be used"),
            #[cfg(target_os = "linux")]
            ("/dev/zero".into(), "not a regular file"),
            #[cfg(target_os = "linux")]
            ("/proc/self/status".into(), "is empty"),
        ] {
            let fault = read(&file).unwrap_err();
            assert!(fault.message.contains(words) && fault.message.contains(&file), "{fault}");
        }
    }
}
