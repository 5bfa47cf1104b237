//! Jobs as a project sees them over HTTP.

use std::{collections::BTreeMap, time::Duration};

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use kaname::{
    kernel::{Actor, ApiKeyId, Clock, OrganizationId, Permissions, ProjectId, Subject},
    platform::{
        config::SecretText,
        db::{Backend, Conn, DatabaseSettings, Db, DbError},
        jobs::{self, Backoff, Job, JobPolicy, NewJob},
        sizing::Sizing,
        wakeup::Wakeups,
    },
};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::authorization::{Case, MARK};
use crate::{each_database, support::App};

/// A kind that no worker of the app knows: its jobs stay as they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Idle {}

impl Job for Idle {
    const KIND: &'static str = "test.idle";
    const QUEUE: &'static str = "test";
    const POLICY: JobPolicy = JobPolicy {
        max_attempts: 3,
        backoff: Backoff {
            first: Duration::from_secs(1),
            factor: 2,
            max: Duration::from_secs(9),
        },
        timeout: Duration::from_secs(1),
    };
}

pub fn open(app: &App) -> Db {
    let settings = DatabaseSettings {
        url: SecretText::new(app.database_url()),
        connections: 2,
        acquire_timeout_ms: 5_000,
        statement_timeout_ms: 5_000,
        lock_timeout_ms: 5_000,
        migrate_on_start: false,
        migration_deadline_seconds: 5,
    };
    Db::new(&settings, Sizing { processors: 1 }, Wakeups::default()).unwrap()
}

/// Queues jobs in the first project; their ids, oldest first.
async fn enqueue(app: &App, count: usize) -> Vec<String> {
    let member = Actor {
        subject: Subject::ApiKey {
            id: ApiKeyId::from_name(MARK),
            public_key: MARK.to_owned(),
        },
        organization: OrganizationId::from_name("first"),
        project: ProjectId::from_name("first"),
        permissions: Permissions::all(),
    };
    let db = open(app);
    let write = db.write(move |conn| {
        let new = || NewJob::requested_by(&member, Idle {});
        let ids = (0..count).map(|_| jobs::enqueue(conn, &Clock::system(), new()));
        ids.map(|id| Ok(id?.to_string()))
            .collect::<Result<Vec<_>, DbError>>()
    });
    write.await.unwrap()
}

pub async fn authorization_cases(app: &App) -> BTreeMap<&'static str, Case> {
    let jobs = enqueue(app, 1).await;
    let row = |end: &str| Case::Row(format!("/api/v1/jobs/{}{end}", jobs[0]), Value::Null);
    BTreeMap::from([
        ("GET /api/v1/jobs", Case::Own(Value::Null)),
        ("GET /api/v1/jobs/{id}", row("")),
        ("POST /api/v1/jobs/{id}/retry", row("/retry")),
        ("POST /api/v1/jobs/{id}/cancel", row("/cancel")),
    ])
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    jobs: i64,
}

fn count_done_retention_jobs(conn: &mut Conn) -> Result<i64, DbError> {
    let query = sql_query(
        "SELECT count(*) AS jobs FROM platform_job WHERE kind = 'platform.remove_old' AND state = 'done'",
    );
    let count: Count = match conn.backend() {
        Backend::Pg(c) => query.get_result(c)?,
        Backend::Sqlite(c) => query.get_result(c)?,
    };
    Ok(count.jobs)
}

each_database! {
    async fn a_job_can_be_read_cancelled_and_retried(app: App) {
        let path = format!("/api/v1/jobs/{}", enqueue(&app, 1).await[0]);
        let job = app.get(&path).await.expect(200);
        assert_eq!((&job["state"], &job["kind"], &job["attempts"]), (&"queued".into(), &"test.idle".into(), &0.into()));
        assert!(job.get("payload").is_none() && job["error"].is_null(), "{job}");

        let retry = app.post(&format!("{path}/retry"), &Value::Null).await;
        assert_eq!(retry.expect_error(409)["code"], "job_not_retryable");
        let cancelled = app.post(&format!("{path}/cancel"), &Value::Null).await.expect(200);
        assert_eq!(cancelled["state"], "cancelled");
        let again = app.post(&format!("{path}/cancel"), &Value::Null).await;
        assert_eq!(again.expect_error(409)["code"], "job_not_cancellable");
        let retried = app.post(&format!("{path}/retry"), &Value::Null).await.expect(200);
        assert_eq!((&retried["state"], &retried["ended_at"]), (&"queued".into(), &Value::Null));
        app.get("/api/v1/jobs/none").await.expect_error(404);
    }

    async fn jobs_are_listed_newest_first_in_pages_and_by_what_they_are(app: App) {
        let mut ids = enqueue(&app, 5).await;
        app.post(&format!("/api/v1/jobs/{}/cancel", ids[2]), &Value::Null).await.expect(200);
        ids.reverse();
        let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
        loop {
            let page = app.get(&format!("/api/v1/jobs?{query}")).await.expect(200);
            let items = page["items"].as_array().unwrap();
            seen.extend(items.iter().map(|job| job["id"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            query = format!("limit=2&cursor={cursor}");
        }
        assert_eq!(seen, ids);
        for (query, count) in [("state=cancelled", 1), ("state=queued&kind=test.idle", 4), ("queue=other", 0)] {
            let page = app.get(&format!("/api/v1/jobs?{query}")).await.expect(200);
            assert_eq!(page["items"].as_array().unwrap().len(), count, "{query}");
        }
        for query in ["limit=0", "state=lost", "cursor=x", "unknown=1"] {
            app.get(&format!("/api/v1/jobs?{query}")).await.expect_error(400);
        }
        let reader = app.with_scopes(&["jobs:read"]).await;
        let path = format!("/api/v1/jobs/{}/cancel", ids[0]);
        reader.send(Method::POST, &path, None).await.expect_error(403);
    }

    async fn the_products_own_jobs_run_and_are_nobodys(app: App) {
        // The retention job is enqueued at the start.
        let db = open(&app);
        while db.read(count_done_retention_jobs).await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(app.get("/api/v1/jobs").await.expect(200)["items"], Value::Array(Vec::new()));
    }
}
