//! Keys, members and the project they belong to.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kaname::{
    platform::config::Environment,
    roles::{Process, Role, Settings},
};
use reqwest::Method;
use serde_json::json;

use crate::{
    each_database,
    support::{Engine, app::Answer, database::Database},
};

each_database! {
    async fn each_vendors_header_reaches_the_same_project(app: App) {
        let basic = STANDARD.encode(format!("{}:{}", app.public_key, app.secret_key));
        let bearer = format!("Bearer {}", app.secret_key);
        for (name, value) in [
            ("authorization", format!("Basic {basic}")),
            ("authorization", bearer),
            ("x-api-key", app.secret_key.clone()),
        ] {
            let request = app.anonymous(Method::GET, "/api/v1/project").header(name, value);
            assert_eq!(Answer::of(request).await.expect(200)["name"], "First project");
        }
    }

    async fn a_wrong_half_of_a_pair_is_refused(app: App) {
        for (public, secret) in [
            (app.public_key.as_str(), "sk-wrong-0000"),
            ("pk-wrong-0000", app.secret_key.as_str()),
            ("", ""),
        ] {
            let request = app.anonymous(Method::GET, "/api/v1/project").basic_auth(public, Some(secret));
            let answer = Answer::of(request).await;
            assert_eq!(answer.expect_error(401)["code"], "unauthenticated");
            assert!(answer.header("www-authenticate").is_some());
        }
    }

    async fn a_key_is_shown_once_works_and_stops_when_revoked(app: App) {
        let created = app.post("/api/v1/keys", &json!({ "name": "ci" })).await.expect(201);
        let secret = created["secret_key"].as_str().unwrap();
        let listed = app.get("/api/v1/keys").await;
        assert!(!listed.text.contains(secret), "the secret is in no other answer");
        assert_eq!(listed.expect(200)[1]["name"], "ci");

        let project = || app.anonymous(Method::GET, "/api/v1/project").bearer_auth(secret);
        Answer::of(project()).await.expect(200);
        let path = format!("/api/v1/keys/{}", created["id"].as_str().unwrap());
        app.delete(&path).await.expect(204);
        Answer::of(project()).await.expect_error(401);
        app.delete(&path).await.expect_error(404);
    }

    async fn a_revocation_reaches_another_replica_within_the_cache_time(app: App) {
        let created = app.post("/api/v1/keys", &json!({ "name": "short" })).await.expect(201);
        let replica = app.sibling(&[Role::Api]).await;
        let secret = created["secret_key"].as_str().unwrap();
        let seen = || replica.anonymous(Method::GET, "/api/v1/project").bearer_auth(secret);
        Answer::of(seen()).await.expect(200);
        app.delete(&format!("/api/v1/keys/{}", created["id"].as_str().unwrap())).await.expect(204);
        let revoked = std::time::Instant::now();
        while Answer::of(seen()).await.status == 200 {
            assert!(revoked.elapsed().as_secs() < 30, "still accepted");
            tokio::task::yield_now().await;
        }
        replica.stop().await;
    }

    async fn scopes_bound_what_a_key_can_do_and_grant(app: App) {
        let viewer = app.with_scopes(&["project:read", "keys:manage"]).await;
        viewer.send(Method::GET, "/api/v1/project", None).await.expect(200);
        let refused = viewer.send(Method::PUT, "/api/v1/members",
            Some(&json!({ "email": "a@example.org", "role": "owner" }))).await;
        assert_eq!(refused.expect_error(403)["code"], "forbidden");
        let wider = json!({ "name": "wider", "scopes": ["prompts:write"] });
        viewer.send(Method::POST, "/api/v1/keys", Some(&wider)).await.expect_error(403);
    }

    async fn a_key_stops_at_its_expiry(app: App) {
        let past = json!({ "name": "old", "expires_at": "2020-01-01T00:00:00Z" });
        assert_eq!(app.post("/api/v1/keys", &past).await.expect_error(400)["details"]["field"], "expires_at");
        let soon = chrono::DateTime::from_timestamp_millis(
            kaname::kernel::Clock::system().now().unix_micros() / 1_000 + 1_500).unwrap();
        let body = json!({ "name": "brief", "expires_at": soon });
        let secret = app.post("/api/v1/keys", &body).await.expect(201)["secret_key"].as_str().unwrap().to_owned();
        let seen = || app.anonymous(Method::GET, "/api/v1/project").bearer_auth(&secret);
        while Answer::of(seen()).await.status == 200 {
            assert!(kaname::kernel::Clock::system().now().as_datetime() < soon + std::time::Duration::from_mins(1));
        }
        assert!(kaname::kernel::Clock::system().now().as_datetime() >= soon);
    }

    async fn members_have_roles_and_the_last_owner_stays(app: App) {
        let set = |email: &'static str, role: &'static str| {
            let body = json!({ "email": email, "role": role });
            let app = &app;
            async move { app.put("/api/v1/members", &body).await }
        };
        let owner = set("Ann@Example.org", "owner").await.expect(200);
        assert_eq!(owner["email"], "ann@example.org");
        assert_eq!(set("ann@example.org", "viewer").await.expect_error(409)["code"], "last_owner");
        let path = format!("/api/v1/members/{}", owner["user_id"].as_str().unwrap());
        app.delete(&path).await.expect_error(409);
        set("bob@example.org", "owner").await.expect(200);
        assert_eq!(set("ann@example.org", "viewer").await.expect(200)["role"], "viewer");
        app.delete(&path).await.expect(204);
        assert_eq!(app.get("/api/v1/members").await.expect(200).as_array().unwrap().len(), 1);
        assert_eq!(set("x@example.org", "boss").await.expect_error(400)["code"], "invalid_request");
    }
}

fn settings(pairs: &[(&str, &str)]) -> Settings {
    Settings::load(None, &Environment::from_pairs(pairs.iter().copied())).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_start_on_an_empty_database_makes_one_project_and_later_ones_none() {
    let database = Database::create(Engine::Sqlite);
    let pairs = [
        ("APP_SERVER__PORT", "0"),
        ("APP_DATABASE__URL", database.url.as_str()),
    ];
    for _ in 0..2 {
        let process = Process::start(settings(&pairs), &[Role::Api])
            .await
            .unwrap();
        process.run_to_end(async {}).await;
    }
    let parts = [
        ("APP_SERVER__PORT", "0"),
        ("APP_DATABASE__URL", database.url.as_str()),
        ("LANGFUSE_INIT_PROJECT_ID", "default"),
        ("LANGFUSE_INIT_PROJECT_PUBLIC_KEY", "pk-known-1234"),
        ("LANGFUSE_INIT_PROJECT_SECRET_KEY", "sk-known-1234"),
    ];
    let process = Process::start(settings(&parts), &[Role::Api])
        .await
        .unwrap();
    let keys = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .get(format!("http://{}/api/v1/keys", process.address))
        .bearer_auth("sk-known-1234")
        .send()
        .await
        .unwrap()
        .json::<serde_json::Value>()
        .await
        .unwrap();
    let names: Vec<_> = keys
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["public_key"].as_str().unwrap())
        .collect();
    assert_eq!(
        names.len(),
        2,
        "the generated key and the configured one: {names:?}"
    );
    process.run_to_end(async {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_without_a_hash_secret_is_refused_by_name() {
    let database = Database::create(Engine::Postgres);
    let pairs = [
        ("APP_SERVER__PORT", "0"),
        ("APP_DATABASE__URL", database.url.as_str()),
    ];
    let error = Process::start(settings(&pairs), &[Role::Api])
        .await
        .err()
        .expect("it is refused");
    assert!(
        error.to_string().contains("APP_IDENTITY__KEY_HASH_SECRET"),
        "{error}"
    );
}
