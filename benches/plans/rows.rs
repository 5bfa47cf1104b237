//! 200,000 observations: those of one project, and the same again in three others.

use crate::support::{
    App,
    seed::{self, Amount},
};

const DAY_SECONDS: i64 = 24 * 60 * 60;
const DAYS: i64 = 30;
const OBSERVATIONS_EACH: usize = 10;
const PROJECTS: usize = 4;
const OBSERVATIONS: usize = 200_000;

pub async fn fill(app: &App) {
    let is_sqlite = app.database_url().starts_with("sqlite:");
    if !is_sqlite {
        seed::run(app.database_url(), DAY_PARTITIONS);
    }
    let amount = Amount {
        traces: OBSERVATIONS / OBSERVATIONS_EACH / PROJECTS,
        observations_each: OBSERVATIONS_EACH,
        seconds: DAYS * DAY_SECONDS,
    };
    seed::fill(app, amount).await;
    seed::run(app.database_url(), SPANS_OF_TRACES);
    for number in 1..PROJECTS {
        let other = if is_sqlite {
            format!("x'{number:032x}'")
        } else {
            format!("'{number:032x}'")
        };
        for table in ["llm_trace", "llm_observation", "llm_score", "llm_session"] {
            seed::run(
                app.database_url(),
                &copied(app.database_url(), table, &other),
            );
        }
    }
}

/// What the app keeps of where the rows of a trace lie.
const SPANS_OF_TRACES: &str = "
    UPDATE llm_trace_key SET first_observed_at = o.first_at, last_observed_at = o.last_at
      FROM (SELECT project_id, trace_id, min(started_at) AS first_at, max(started_at) AS last_at
              FROM llm_observation GROUP BY project_id, trace_id) o
     WHERE o.project_id = llm_trace_key.project_id AND o.trace_id = llm_trace_key.id;";

/// As the app's upkeep makes them.
const DAY_PARTITIONS: &str = "
    DO $$
    DECLARE
        day date;
        parent text;
    BEGIN
        FOR day IN SELECT generate_series(DATE '2026-03-01', DATE '2026-03-31', interval '1 day')::date LOOP
            FOREACH parent IN ARRAY ARRAY['llm_trace', 'llm_observation'] LOOP
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                    parent || '_' || to_char(day, 'YYYYMMDD'), parent,
                    day || ' 00:00:00+00', (day + 1) || ' 00:00:00+00');
            END LOOP;
        END LOOP;
    END
    $$;";

/// The rows of the first project again, for another.
fn copied(url: &str, table: &str, project: &str) -> String {
    let columns = columns(url, table);
    let others: Vec<&str> = columns
        .iter()
        .map(String::as_str)
        .filter(|name| *name != "project_id")
        .collect();
    let others = others.join(", ");
    format!(
        "INSERT INTO {table} (project_id, {others}) SELECT {project}, {others} FROM {table}
          WHERE project_id = (SELECT project_id FROM llm_trace_key LIMIT 1);"
    )
}

fn columns(url: &str, table: &str) -> Vec<String> {
    use diesel::{
        Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query,
    };

    #[derive(QueryableByName)]
    struct Column {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let found: Vec<Column> = match url.strip_prefix("sqlite:") {
        Some(path) => sql_query(format!("SELECT name FROM pragma_table_info('{table}')"))
            .load(&mut SqliteConnection::establish(path).expect("the file opens")),
        None => sql_query(format!(
            "SELECT column_name::text AS name FROM information_schema.columns WHERE table_name = '{table}'"
        ))
        .load(&mut PgConnection::establish(url).expect("the server answers")),
    }
    .expect("columns");
    found.into_iter().map(|column| column.name).collect()
}
