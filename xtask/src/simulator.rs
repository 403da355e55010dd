//! The stand-in for the API, as the commands use it.

use std::process::Command;

use simulator::Simulator;

/// What a caller's environment must hold to reach it over HTTPS.
pub fn configure(simulator: &Simulator, command: &mut Command) {
    let addresses = simulator.addresses();
    command
        .env("JCApiKey", "simulator-key")
        .env("JCApiUrl", &addresses.https)
        .env("SSL_CERT_FILE", &addresses.ca);
    for name in ["JCOrgId", "JCEnvironment", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"] {
        command.env_remove(name);
    }
}
