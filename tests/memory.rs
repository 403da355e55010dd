//! The key and the proxy's password do not stay in memory. This test is alone in its file, so that no other test runs
//! in its process.
#![cfg(all(target_os = "linux", feature = "capi"))]

mod common;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use common::{client, ids, run, said, tls};
use jcsdk::{Batch, Options, Secret};
use serde_json::json;
use simulator::Simulator;

/// The test's own copy, masked so that a search of the memory for the secret does not find it.
struct Hidden(Vec<u8>);

const MASK: u8 = 0xa5;

impl Hidden {
    fn random() -> Self {
        let alphanumeric =
            || b'a' + (std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0) % 26) as u8;
        Self((0..40).map(|_| alphanumeric() ^ MASK).collect())
    }

    fn secret(&self) -> String {
        self.0.iter().map(|byte| char::from(byte ^ MASK)).collect()
    }

    /// The places in the process's memory that hold a third of the secret or more.
    fn found(&self) -> Vec<String> {
        let memory = File::open("/proc/self/mem").unwrap();
        let mut found = Vec::new();
        for line in fs::read_to_string("/proc/self/maps").unwrap().lines() {
            let Some((range, rest)) = line.split_once(' ') else { continue };
            let (from, to) = range.split_once('-').unwrap();
            let [from, to] = [from, to].map(|hex| u64::from_str_radix(hex, 16).unwrap());
            let mut bytes = vec![0; (to - from) as usize];
            // Some pages cannot be read. Nothing can be kept in them, either.
            if rest.starts_with("rw") && memory.read_exact_at(&mut bytes, from).is_ok() {
                let place = |part: &[u8]| self.position(&bytes, part);
                let hits = self.0.chunks_exact(self.0.len() / 3).filter_map(place);
                found.extend(hits.map(|at| format!("{line} +{at:#x}")));
            }
        }
        found
    }

    fn position(&self, bytes: &[u8], part: &[u8]) -> Option<usize> {
        let first = part[0] ^ MASK;
        let is_here =
            |window: &[u8]| window[0] == first && window.iter().zip(part).all(|(a, b)| a ^ b == MASK);
        bytes.windows(part.len()).position(is_here)
    }
}

#[test]
fn nothing_of_the_key_is_left() {
    let key = Hidden::random();
    let password = Hidden::random();
    {
        let simulator = Simulator::start(simulator::Options { key: key.secret(), ..Default::default() });
        for (n, step) in [
            json!({"echoHeaders": "plain"}),
            json!({"echoHeaders": "base64"}),
            json!({"echoHeaders": "json", "reset": "after-headers"}),
            json!({"status": 429}),
            json!({"drop": true}),
            json!({"garbage": true}),
        ]
        .into_iter()
        .enumerate()
        {
            simulator.set_faults(&format!("ok-{}", n + 1), json!([step])).unwrap();
        }
        let addresses = simulator.addresses();
        let direct =
            Options { api_key: Some(Secret::new(key.secret())), ..tls(&simulator, &addresses.https) };
        let plain = Options { url: Some(addresses.http.clone()), ..direct.clone() };
        let refused = Options {
            proxy: Some(Secret::new(
                addresses.proxy_auth.replace("//", &format!("//user:{}@", password.secret())),
            )),
            ..direct.clone()
        };
        let through = Options {
            proxy: Some(Secret::new(addresses.proxy.clone())),
            proxy_user: Some("user".into()),
            proxy_password: Some(Secret::new(password.secret())),
            ..direct.clone()
        };
        assert!(!key.found().is_empty() && !password.found().is_empty(), "the search finds what is there");
        for options in [direct, plain, through] {
            let client = client(&options);
            assert_eq!(said(&common::reset(&client, "ok-20")), ("reset", ""));
            run(&Batch::new(&client, 4).unwrap(), &ids(10));
        }
        let client = client(&refused);
        assert_eq!(said(&common::reset(&client, "ok-20")), ("refused", "Proxy.Refused"));
        let batch = Batch::new(&client, 4).unwrap();
        batch.push(common::request("ok-1"), None).unwrap();
        batch.cancel();
    }
    assert_eq!(key.found(), Vec::<String>::new(), "of the key");
    assert_eq!(password.found(), Vec::<String>::new(), "of the proxy's password");
}
