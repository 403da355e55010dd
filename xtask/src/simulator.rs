//! How other programs are told to use a simulator.

use std::process::Command;

use simulator::Simulator;

/// Sets the environment in which the library uses this simulator over HTTPS, and nothing else.
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
