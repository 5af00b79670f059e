use super::*;

fn found(path: &str, text: &str) -> Vec<String> {
    let text = format!("//! RFC 1.\n{text}");
    check(&Source::new(path, &text, false))
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn fails(path: &str, text: &str, at: &str) {
    let found = found(path, text);
    assert!(
        found.len() == 1 && found[0].starts_with(&format!("{path}:{at}: ")),
        "{found:?}"
    );
}

fn passes(path: &str, text: &str) {
    assert_eq!(found(path, text), Vec::<String>::new());
}

#[test]
fn unsafe_outside_its_home_is_found() {
    fails("sfu-core/src/a.rs", "fn f() {\n    unsafe { g() }\n}", "3");
    passes("sfu-core/uring/src/a.rs", "fn f() { unsafe { g() } }");
    passes(
        "sfu-core/src/a.rs",
        "#![forbid(unsafe_code)] // unsafe\nconst A: &str = \"unsafe\";",
    );
}

#[test]
fn the_store_engine_outside_its_home_is_found() {
    fails("control-sidecar/src/app.rs", "use sled::Db;", "2");
    passes("control-sidecar/src/store/engine.rs", "use sled::Db;");
    passes(
        "control-sidecar/src/app.rs",
        "// sled does this\nfn cobbled() {}",
    );
}

#[test]
fn text_formats_in_the_core_are_found() {
    fails("sfu-core/src/a.rs", "use serde_json::Value;", "2");
    fails("sfu-core/proto/src/a.rs", "fn parse_sdp() {}", "2");
    passes("sfu-core/src/a.rs", "// JSON and SDP end in the sidecar.");
    passes("control-sidecar/src/a.rs", "use serde_json::Value;");
}

#[test]
fn unfinished_code_is_found() {
    for name in ["todo", "unimplemented", "dbg"] {
        fails("a.rs", &format!("fn f() {{ {name}!() }}"), "2");
    }
    passes("a.rs", "fn todo() {}");
}

#[test]
fn unwraps_without_a_comment_are_found() {
    fails("a.rs", "fn f() {\n    g().unwrap();\n}", "3");
    fails(
        "a.rs",
        "fn f() {\n    g()\n        .expect(\"why\");\n}",
        "4",
    );
    fails(
        "a.rs",
        "fn f() {\n    g().expect(\n        \"why\");\n}",
        "3",
    );
    fails(
        "a.rs",
        "fn f() {\n    // Of the other line.\n    h();\n    g().unwrap();\n}",
        "5",
    );
    passes("a.rs", "fn f() {\n    g().unwrap(); // Checked above.\n}");
    passes(
        "a.rs",
        "fn f() {\n    // Checked above.\n    g()\n        .unwrap();\n}",
    );
    passes("a.rs", "fn f() {\n    self.expect(b'=')?;\n}");
    passes(
        "a.rs",
        "#[cfg(test)]\nmod tests {\n    fn f() { g().unwrap() }\n}",
    );
}

#[test]
fn exceptions_without_a_reason_are_found() {
    fails("a.rs", "#[allow(dead_code)]\nfn f() {}", "2");
    fails("a.rs", "#![expect(dead_code)]", "2");
    passes(
        "a.rs",
        "#[expect(\n    dead_code,\n    reason = \"why\"\n)]\nfn f() {}",
    );
}

#[test]
fn files_that_do_not_say_what_they_are_are_found() {
    let silent = |path: &str| check(&Source::new(path, "fn f() {}", false)).len();
    assert_eq!(silent("a.rs"), 1);
    assert_eq!(silent("a/tests.rs"), 0);
}

#[test]
fn protocol_files_without_an_rfc_are_found() {
    let findings = |path: &str, text: &str| check(&Source::new(path, text, false)).len();
    assert_eq!(findings("sfu-core/proto/src/ice/a.rs", "//! Checks."), 1);
    assert_eq!(
        findings("sfu-core/proto/src/ice/a.rs", "//! Checks (RFC 8445)."),
        0
    );
    assert_eq!(
        findings("sfu-core/proto/src/rtp/a.rs", "//! draft-holmer-rmcat."),
        0
    );
    assert_eq!(
        findings("sfu-core/proto/src/forward/a.rs", "//! Checks."),
        0
    );
    let late = format!("//! Checks.\n{}// RFC 8445", "\n".repeat(12));
    assert_eq!(findings("sfu-core/proto/src/ice/a.rs", &late), 1);
}

#[test]
fn long_front_pages_are_found() {
    fails("a/mod.rs", &"//\n".repeat(60), "61");
    passes("a/mod.rs", &"//\n".repeat(58));
    passes("a/b.rs", &"//\n".repeat(60));
}
