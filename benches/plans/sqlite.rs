//! SQLite: the statements that its connections were given, and `EXPLAIN QUERY PLAN` of each. It plans without
//! looking at values.

use std::sync::Mutex;

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation},
    sql_query,
    sql_types::Text,
};

use crate::Plan;

static STATEMENTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Has every connection from now on say what it is given.
pub fn keep_statements() {
    #[expect(clippy::unnecessary_wraps, reason = "what diesel asks for")]
    fn instrumentation() -> Option<Box<dyn Instrumentation>> {
        Some(Box::new(|event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                let text = query.to_string();
                let sql = text
                    .split(" -- binds: ")
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                STATEMENTS.lock().expect("no panic").push(sql);
            }
        }))
    }
    set_default_instrumentation(instrumentation).expect("no panic");
}

pub fn forget() {
    STATEMENTS.lock().expect("no panic").clear();
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    detail: String,
}

pub fn explain(url: &str) -> Plan {
    let statements = std::mem::take(&mut *STATEMENTS.lock().expect("no panic"));
    let path = url.strip_prefix("sqlite:").expect("a file");
    let mut conn = SqliteConnection::establish(path).expect("the file opens");
    let mut plan = Plan::default();
    for sql in statements.iter().filter(|sql| sql.contains("llm_")) {
        // A function of the app's own says nothing about the plan.
        let known = sql.replace("llm_percentile(", "max(");
        let lines: Vec<Line> = sql_query(format!("EXPLAIN QUERY PLAN {known}"))
            .load(&mut conn)
            .unwrap_or_else(|error| panic!("{error}: {known}"));
        let scans = lines
            .iter()
            .filter(|line| is_scan_of_a_table(&line.detail, sql));
        // A subquery that has its table's alias.
        let scans = scans.filter(|line| {
            let name = line.detail.rsplit(' ').next().unwrap_or_default();
            let made = [format!("CO-ROUTINE {name}"), format!("MATERIALIZE {name}")];
            !lines.iter().any(|line| made.contains(&line.detail))
        });
        plan.scans
            .extend(scans.map(|line| format!("{} in {sql}", line.detail)));
    }
    plan
}

/// `SCAN o` of `llm_observation o`, with or without an index: all of its rows are read.
fn is_scan_of_a_table(detail: &str, sql: &str) -> bool {
    let Some(rest) = detail.strip_prefix("SCAN ") else {
        return false;
    };
    let name = rest.split(' ').next().unwrap_or_default().trim_matches('`');
    let names = [
        "llm_trace",
        "llm_observation",
        "llm_score",
        "llm_session",
        "llm_trace_key",
    ];
    names.iter().any(|table| {
        *table == name
            || sql.contains(&format!("{table} {name} "))
            || sql.contains(&format!("`{table}` AS `{name}`"))
    })
}
