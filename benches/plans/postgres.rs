//! PostgreSQL: the statements of one request from the server's log, with their values, and `EXPLAIN` of each.
//! The log lies where `scripts/services` puts it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection,
    sql_query, sql_types::Text,
};
use serde_json::Value;

use crate::Plan;

/// A table with fewer rows may be read whole: there is no quicker way.
const FEW_ROWS: f64 = 300.0;

/// Partitions that a statement may read whole: asked for a day, its table is what holds it.
const DAYS_READ_WHOLE: usize = 2;

fn connect(url: &str) -> PgConnection {
    PgConnection::establish(url).expect("the server answers")
}

/// Has every connection from now on write what it is given to the log.
pub fn log_statements(url: &str) {
    let name = url::Url::parse(url)
        .expect("a URL")
        .path()
        .trim_start_matches('/')
        .to_owned();
    let set = format!("ALTER DATABASE {name} SET log_min_duration_statement = 0; ANALYZE;");
    connect(url).batch_execute(&set).expect("who made it may");
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    text: String,
}

/// JSON, which comes as text.
#[derive(QueryableByName)]
struct Explained {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    plan: String,
}

fn ask(conn: &mut PgConnection, sql: &str) -> String {
    let row: Row = sql_query(sql)
        .get_result(conn)
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
    row.text
}

/// The log from a place on.
pub struct Log {
    path: PathBuf,
    from: usize,
}

impl Log {
    pub fn from_here(url: &str) -> Self {
        let folder = ask(
            &mut connect(url),
            "SELECT current_setting('data_directory') AS text",
        );
        let path = PathBuf::from(folder).join("log");
        let from = fs::read(&path).expect("the log is there").len();
        Self { path, from }
    }

    pub fn explain(&self, url: &str) -> Plan {
        let log = fs::read(&self.path).expect("the log is there");
        let log = String::from_utf8_lossy(&log[self.from..]).into_owned();
        let mut conn = connect(url);
        let large = large_tables(&mut conn);
        let mut plan = Plan::default();
        for sql in statements(&log).iter().filter(|sql| sql.contains("llm_")) {
            let explained = format!("EXPLAIN (FORMAT JSON) {sql}");
            let found: Explained = sql_query(&explained)
                .get_result(&mut conn)
                .unwrap_or_else(|error| panic!("{error}: {explained}"));
            let mut tables: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
            let mut scans = BTreeSet::new();
            let found: Value = serde_json::from_str(&found.plan).expect("JSON");
            walk(&found[0]["Plan"], &mut |node| {
                let Some(table) = node["Relation Name"].as_str() else {
                    return;
                };
                for parent in ["llm_trace_2", "llm_observation_2"] {
                    if table.starts_with(parent) {
                        tables.entry(parent).or_default().insert(table.to_owned());
                    }
                }
                if node["Node Type"] == "Seq Scan" && large.contains(table) {
                    scans.insert(table.to_owned());
                }
            });
            // The whole day that is asked for, and where a part of it may lie on another.
            if let Some(table) = scans.first().filter(|_| scans.len() > DAYS_READ_WHOLE) {
                plan.scans.push(format!(
                    "reads {} tables whole, as {table}, in {sql}",
                    scans.len()
                ));
            }
            let most = tables.values().map(BTreeSet::len).max().unwrap_or(0);
            plan.partitions = plan.partitions.max(most);
        }
        plan
    }
}

fn walk(node: &Value, visit: &mut dyn FnMut(&Value)) {
    visit(node);
    for child in node["Plans"].as_array().into_iter().flatten() {
        walk(child, visit);
    }
}

fn large_tables(conn: &mut PgConnection) -> BTreeSet<String> {
    let large: Vec<Row> = sql_query(format!(
        "SELECT relname::text AS text FROM pg_class WHERE relkind = 'r' AND reltuples > {FEW_ROWS}"
    ))
    .load(conn)
    .expect("the catalogue");
    large.into_iter().map(|row| row.text).collect()
}

/// Statements that were executed, with their values in place.
fn statements(log: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    // Lines of one message after its first begin with a tab.
    let joined = log.replace("\n\t", "\n ");
    let mut is_execution = false;
    let mut text = String::new();
    for line in joined.lines() {
        if let Some((_, rest)) = line.split_once("LOG:  duration: ") {
            if is_execution {
                found.push(std::mem::take(&mut text));
            }
            let executed = rest
                .split_once(" ms  execute ")
                .and_then(|(_, rest)| rest.split_once(": "));
            is_execution = executed.is_some();
            text = executed.map(|(_, sql)| sql.to_owned()).unwrap_or_default();
        } else if let Some((_, values)) = line.split_once("DETAIL:  ").filter(|_| is_execution) {
            let values = values.split_once(": ").map_or("", |(_, values)| values);
            found.push(with_values(&text, values));
            is_execution = false;
        } else if is_execution {
            text.push('\n');
            text.push_str(line);
        }
    }
    if is_execution {
        found.push(text);
    }
    found.retain(|sql| {
        let head = sql.trim_start().to_ascii_uppercase();
        head.starts_with("SELECT") || head.starts_with("WITH")
    });
    found
}

/// `$1 = 'x', $2 = NULL` into the places of a statement.
fn with_values(sql: &str, values: &str) -> String {
    let mut known = BTreeMap::new();
    let mut rest = values;
    while let Some((number, after)) = rest
        .strip_prefix('$')
        .and_then(|rest| rest.split_once(" = "))
    {
        let end = end_of_literal(after);
        known.insert(number.to_owned(), after[..end].to_owned());
        rest = after[end..].trim_start_matches(", ");
    }
    let mut out = String::new();
    let mut pieces = sql.split('$');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = piece.chars().take_while(char::is_ascii_digit).count();
        if let Some(value) = known.get(&piece[..digits]) {
            out.push_str(value);
        } else {
            out.push('$');
            out.push_str(&piece[..digits]);
        }
        out.push_str(&piece[digits..]);
    }
    out
}

/// Where `'it''s'` or `NULL` ends.
fn end_of_literal(text: &str) -> usize {
    let Some(quoted) = text.strip_prefix('\'') else {
        return text.find(',').unwrap_or(text.len());
    };
    let mut from = 0;
    while let Some(at) = quoted[from..].find('\'') {
        let end = from + at + 1;
        if !quoted[end..].starts_with('\'') {
            return end + 1;
        }
        from = end + 1;
    }
    text.len()
}
