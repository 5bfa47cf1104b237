//! Commands and their exit codes.

use std::process::Output;

use crate::binary::{Site, text};

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn config_shows_what_is_in_effect_without_secrets() {
    let site = Site::new()
        .with("OPENAI_API_KEY", "sk-very-secret")
        .with("APP_SERVER__MAX_IN_FLIGHT", "7");
    let shown = out(&site.run(&["config"]));
    assert!(shown.contains("max_in_flight = 7"), "{shown}");
    assert!(!shown.contains("very-secret"), "{shown}");
}

#[test]
fn a_profile_is_read_and_a_missing_one_is_named() {
    let site = Site::new();
    let folder = site.folder.path().join("config");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("small.toml"), "[server]\nmax_in_flight = 3\n").unwrap();
    assert!(out(&site.run(&["--profile", "small", "config"])).contains("max_in_flight = 3"));
    let missing = site.run(&["--profile", "large", "config"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("config/large.toml"));
}

#[test]
fn an_unknown_setting_or_argument_ends_with_2_and_a_hint() {
    let site = Site::new().with("APP_SERVER__WORKRES", "1");
    let refused = site.run(&["config"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused.stderr).contains("did you mean `server.workers`"),
        "{}",
        text(&refused.stderr)
    );
    assert_eq!(Site::new().run(&["--role", "chef"]).status.code(), Some(2));
}

#[test]
fn health_without_a_process_ends_with_1() {
    let answer = Site::new().run(&["health"]);
    assert_eq!(answer.status.code(), Some(1));
    assert!(text(&answer.stderr).contains("not ready"));
}

#[test]
fn migrate_check_tells_and_migrate_does() {
    let site = Site::new();
    assert_eq!(site.run(&["migrate", "--check"]).status.code(), Some(1));
    assert!(out(&site.run(&["migrate"])).contains("nothing is missing"));
    out(&site.run(&["migrate", "--check"]));
    out(&site.run(&["--role", "migrate"]));
}

#[test]
fn a_role_that_must_not_migrate_names_both_versions() {
    let site = Site::new()
        .with("APP_DATABASE__MIGRATE_ON_START", "false")
        .with("APP_DATABASE__MIGRATION_DEADLINE_SECONDS", "0");
    let refused = site.run(&["--role", "worker"]);
    assert_eq!(refused.status.code(), Some(1));
    let message = text(&refused.stderr);
    assert!(
        message.contains("version none") && message.contains("app migrate"),
        "{message}"
    );
}

#[test]
fn openapi_prints_the_document() {
    let document: serde_json::Value =
        serde_json::from_str(&out(&Site::new().run(&["openapi"]))).unwrap();
    assert_eq!(document["info"]["title"], "Kaname");
}

#[test]
fn keys_are_made_listed_and_revoked_without_a_server() {
    let site = Site::new().with("LANGFUSE_INIT_PROJECT_ID", "mine");
    let serving = site.serve(&[]);
    let created = out(&site.run(&["keys", "create", "ci", "--scope", "prompts:read"]));
    let field = |name: &str| {
        let line = created.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    let listed = out(&site.run(&["keys", "list"]));
    assert!(
        listed.contains(&field("public key")) && !listed.contains(&field("secret key")),
        "{listed}"
    );
    out(&site.run(&["keys", "revoke", &field("id")]));
    assert!(out(&site.run(&["keys", "list"])).contains("revoked"));
    assert_eq!(
        site.run(&["keys", "revoke", &field("id")]).status.code(),
        Some(1)
    );
    serving.signal("TERM");
    assert_eq!(serving.wait().0, Some(0));
}

#[test]
fn a_port_in_use_is_named() {
    let site = Site::new();
    let _taken = std::net::TcpListener::bind(("127.0.0.1", site.port)).unwrap();
    let refused = site.run(&[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains(&format!("127.0.0.1:{}", site.port)));
}
