//! Effects that can be counted: a table of the test's own, written in the transactions under test.

use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
};
use kaname::platform::db::{Backend, Conn, Db, DbError};

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = BigInt)]
    times: i64,
}

/// Runs a statement that both engines understand.
pub fn execute(conn: &mut Conn, sql: &str) -> Result<usize, DbError> {
    Ok(match conn.backend() {
        Backend::Pg(c) => sql_query(sql).execute(c)?,
        Backend::Sqlite(c) => sql_query(sql).execute(c)?,
    })
}

pub async fn create_table(db: &Db) {
    let create = "CREATE TABLE effect (source text NOT NULL, number bigint NOT NULL)";
    db.write(|conn| execute(conn, create)).await.unwrap();
}

/// Writes one effect. Nothing keeps it from being written twice: that is what is counted.
pub fn write(conn: &mut Conn, source: &str, number: i64) -> Result<(), DbError> {
    execute(
        conn,
        &format!("INSERT INTO effect VALUES ('{source}', {number})"),
    )?;
    Ok(())
}

/// How often each number was written by `source`, in the order of the numbers.
pub async fn counted(db: &Db, source: &'static str) -> Vec<(i64, i64)> {
    let counts: Result<Vec<Counted>, DbError> = db
        .read(move |conn| {
            let sql = "SELECT number, count(*) AS times FROM effect WHERE source = ";
            Ok(match conn.backend() {
                Backend::Pg(c) => sql_query(format!("{sql}$1 GROUP BY number ORDER BY number"))
                    .bind::<Text, _>(source)
                    .load(c)?,
                Backend::Sqlite(c) => sql_query(format!("{sql}? GROUP BY number ORDER BY number"))
                    .bind::<Text, _>(source)
                    .load(c)?,
            })
        })
        .await;
    counts
        .unwrap()
        .into_iter()
        .map(|row| (row.number, row.times))
        .collect()
}

/// How many rows a table has.
pub async fn rows(db: &Db, table: &str) -> i64 {
    let sql = format!("SELECT CAST(0 AS bigint) AS number, count(*) AS times FROM {table}");
    let row: Result<Counted, DbError> = db
        .read(move |conn| {
            Ok(match conn.backend() {
                Backend::Pg(c) => sql_query(sql).get_result(c)?,
                Backend::Sqlite(c) => sql_query(sql).get_result(c)?,
            })
        })
        .await;
    row.unwrap().times
}

/// Each number below `count`, written once.
pub fn once_each(count: i64) -> Vec<(i64, i64)> {
    (0..count).map(|number| (number, 1)).collect()
}
