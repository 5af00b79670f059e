//! What packages may depend on: `sfu-proto` only on what can do no I/O, the core on nothing that
//! reads text, everything from the one public index.

use crate::Finding;

const PROTO: &str = "sfu-core/proto/Cargo.toml";

/// Exactly what `sfu-proto` depends on. Nothing here can open a socket, read a clock, start a
/// thread or take a lock; whoever adds a line has looked.
const PROTO_MAY_USE: &[&str] = &[
    "aes",
    "aws-lc-rs",
    "ctr",
    "hashbrown",
    "hmac",
    "postcard",
    "rand_chacha",
    "ring",
    "serde",
    "sha1",
    "slab",
    "thiserror",
    "zeroize",
];

const INDEX: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if path == PROTO {
        findings.extend(proto_uses_the_list(text));
    }
    if path.starts_with("sfu-core/") && path.ends_with("Cargo.toml") {
        findings.extend(core_reads_no_text(path, text));
    }
    if path.ends_with("Cargo.lock") {
        findings.extend(one_index(path, text));
    }
    findings
}

fn proto_uses_the_list(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let used = dependencies(text);
    for (line, table, name) in &used {
        if table != "dev-dependencies" && !PROTO_MAY_USE.contains(&name.as_str()) {
            let what = format!(
                "{name}: sfu-proto depends on a fixed list (this test's \
                                PROTO_MAY_USE); what can do I/O belongs in sfu-core"
            );
            findings.push(Finding::new(PROTO, *line, what));
        }
    }
    for name in PROTO_MAY_USE {
        if !used
            .iter()
            .any(|(_, table, used)| used == name && table == "dependencies")
        {
            let what = format!("{name} is no longer used: take it off this test's PROTO_MAY_USE");
            findings.push(Finding::new(PROTO, 1, what));
        }
    }
    findings
}

fn core_reads_no_text(path: &str, text: &str) -> Vec<Finding> {
    dependencies(text)
        .into_iter()
        .filter(|(_, _, name)| {
            name.split(['-', '_'])
                .any(|part| part == "json" || part == "sdp" || part == "webrtc")
                && name != "webrtc-util"
                && name != "webrtc-srtp"
        })
        .map(|(line, _, name)| {
            let what = format!("{name}: the core knows neither SDP nor JSON, control-sidecar does");
            Finding::new(path, line, what)
        })
        .collect()
}

fn one_index(path: &str, text: &str) -> Vec<Finding> {
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| line.starts_with("source = ") && !line.contains(INDEX))
        .map(|(number, _)| Finding::new(path, number, "a package from elsewhere than crates.io"))
        .collect()
}

/// Line, table and name of each dependency in a manifest.
fn dependencies(text: &str) -> Vec<(usize, String, String)> {
    let mut found = Vec::new();
    let mut table = String::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or("").trim();
        if let Some(header) = line.strip_prefix('[') {
            header.trim_end_matches(']').clone_into(&mut table);
            // [dependencies.name] is a dependency too.
            if let Some((outer, name)) = table.rsplit_once("dependencies.") {
                found.push((number, format!("{outer}dependencies"), name.to_owned()));
            }
        } else if table.ends_with("dependencies")
            && let Some((name, _)) = line.split_once(['=', '.', ' '])
        {
            found.push((number, table.clone(), name.trim_matches('"').to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(extra: &str) -> String {
        let lines: Vec<_> = PROTO_MAY_USE
            .iter()
            .map(|name| format!("{name} = \"1\""))
            .collect();
        format!("[dependencies]\n{}\n{extra}", lines.join("\n"))
    }

    #[test]
    fn dependencies_of_proto_off_the_list_are_found() {
        assert!(check(PROTO, &manifest("[dev-dependencies]\nproptest = \"1\"")).is_empty());
        for extra in [
            "tokio.workspace = true",
            "[dependencies.libc]",
            "[build-dependencies]\ncc = 1",
            "[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"",
        ] {
            assert_eq!(check(PROTO, &manifest(extra)).len(), 1, "{extra}");
        }
    }

    #[test]
    fn entries_that_proto_no_longer_needs_are_found() {
        let text = manifest("").replace("slab = \"1\"\n", "");
        assert!(
            check(PROTO, &text)[0]
                .what
                .starts_with("slab is no longer used")
        );
    }

    #[test]
    fn text_formats_in_the_core_are_found() {
        let text = "[dependencies]\nserde_json = \"1\"";
        assert_eq!(check("sfu-core/Cargo.toml", text)[0].line, 2);
        assert!(check("control-sidecar/Cargo.toml", text).is_empty());
    }

    #[test]
    fn packages_from_elsewhere_are_found() {
        let text = format!("source = \"{INDEX}\"\nsource = \"git+https://example.org/x\"");
        assert_eq!(check("Cargo.lock", &text)[0].line, 2);
    }
}
