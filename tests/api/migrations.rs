//! The schema: the same on both engines, reversible, and as `table!` says.

use std::{collections::BTreeMap, path::Path};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection, sql_query, sql_types::Text,
};
use kaname::platform::db::{DatabaseSettings, Migrator};

use crate::support::{Engine, database::Database};

/// Table → its columns, each `name type nullability`.
type Schema = BTreeMap<String, Vec<String>>;

fn settings(database: &Database) -> DatabaseSettings {
    let environment = [("APP_DATABASE__URL", database.url.as_str())];
    let environment = kaname::platform::config::Environment::from_pairs(environment);
    kaname::roles::Settings::load(None, &environment)
        .unwrap()
        .database
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Text)]
    description: String,
}

const POSTGRES_COLUMNS: &str = "
    SELECT table_name::text AS owner,
           column_name || ' ' || data_type || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END AS description
      FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'
       AND NOT (SELECT relispartition FROM pg_class WHERE oid = table_name::regclass)
     ORDER BY table_name, ordinal_position";

const SQLITE_COLUMNS: &str = "
    SELECT m.name AS owner,
           c.name || ' ' || lower(c.type) || CASE WHEN c.\"notnull\" OR c.pk > 0 THEN ' not null' ELSE '' END AS description
      FROM sqlite_schema m JOIN pragma_table_info(m.name) c
     WHERE m.type = 'table' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%'
     ORDER BY m.name, c.cid";

fn schema_of(database: &Database) -> Schema {
    let columns: Vec<Column> = match database.url.strip_prefix("sqlite:") {
        Some(path) => {
            sql_query(SQLITE_COLUMNS).load(&mut SqliteConnection::establish(path).unwrap())
        }
        None => {
            sql_query(POSTGRES_COLUMNS).load(&mut PgConnection::establish(&database.url).unwrap())
        }
    }
    .unwrap();
    let mut schema = Schema::new();
    for Column { owner, description } in columns {
        schema.entry(owner).or_default().push(description);
    }
    schema
}

/// A column's type in the words that both engines and `table!` share.
fn common(kind: &str) -> &'static str {
    match kind {
        // USER-DEFINED: pgvector's halfvec.
        "uuid" | "blob" | "bytea" | "USER-DEFINED" | "DbUuid" | "Binary" => "bytes",
        "timestamp with time zone"
        | "text"
        | "json"
        | "character varying"
        | "DbInstant"
        | "DbJson"
        | "Text" => "text",
        "bigint" | "integer" | "BigInt" | "Integer" => "integer",
        "boolean" | "Bool" => "boolean",
        "double precision" | "double" | "Double" => "float",
        other => panic!("the type `{other}` is not in the table of src/platform/db/types.rs"),
    }
}

fn in_common_words(schema: &Schema) -> Schema {
    let column = |text: &String| {
        let (name, rest) = text.split_once(' ').unwrap();
        let (kind, nullable) = rest
            .strip_suffix(" not null")
            .map_or((rest, ""), |kind| (kind, " not null"));
        format!("{name} {}{nullable}", common(kind))
    };
    schema
        .iter()
        .map(|(table, columns)| (table.clone(), columns.iter().map(column).collect()))
        .collect()
}

/// Every `table!` in the sources, read from their text: the modules keep theirs private.
fn tables_in_sources(folder: &Path, found: &mut Schema) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            tables_in_sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for block in text.split("diesel::table! {").skip(1) {
                let (name, columns) = read_table(block);
                assert!(
                    found.insert(name.clone(), columns).is_none(),
                    "{name} is declared twice"
                );
            }
        }
    }
}

fn read_table(block: &str) -> (String, Vec<String>) {
    let head = block
        .lines()
        .find(|line| line.contains(" (") && line.trim_end().ends_with('{'))
        .unwrap();
    let name = head.trim().split(' ').next().unwrap().to_owned();
    let body = &block[block.find(head).unwrap() + head.len()..];
    let body = &body[..body.find('}').unwrap()];
    let column = |line: &str| {
        let (column, kind) = line.trim().trim_end_matches(',').split_once(" -> ")?;
        let inner = kind
            .strip_prefix("Nullable<")
            .and_then(|kind| kind.strip_suffix('>'));
        let nullable = if inner.is_some() { "" } else { " not null" };
        Some(format!(
            "{column} {}{nullable}",
            common(inner.unwrap_or(kind))
        ))
    };
    (name, body.lines().filter_map(column).collect())
}

#[test]
fn up_down_up_is_the_identity_on_both_engines() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let database = Database::create(engine);
        let migrator = Migrator::new(&settings(&database)).unwrap();
        let before = migrator.state().unwrap();
        assert_eq!(before.found, "none");
        assert!(before.require_usable().is_err());
        migrator.migrate().unwrap();
        let up = schema_of(&database);
        migrator.revert(before.pending.len()).unwrap();
        assert_eq!(schema_of(&database), Schema::new(), "{engine:?}");
        assert!(migrator.migrate().unwrap().is_usable());
        assert_eq!(schema_of(&database), up, "{engine:?}");
    }
}

#[test]
fn both_engines_and_the_sources_have_the_same_tables() {
    let schema = |engine| {
        let database = Database::create(engine);
        Migrator::new(&settings(&database))
            .unwrap()
            .migrate()
            .unwrap();
        in_common_words(&schema_of(&database))
    };
    let (sqlite, postgres) = (schema(Engine::Sqlite), schema(Engine::Postgres));
    assert_eq!(sqlite, postgres);
    let mut declared = Schema::new();
    tables_in_sources(Path::new("src"), &mut declared);
    let of_the_binary_before = |table: &String| LEFT_BEHIND.contains(&table.as_str());
    let mut used = sqlite;
    used.retain(|table, _| !of_the_binary_before(table));
    assert_eq!(declared, used);
}

/// Tables that no code uses any more, and that go when the binary before does not need them either.
const LEFT_BEHIND: [&str; 1] = ["llm_price"];
/// The migrations that came before the first release: no binary before them runs beside them.
const BEFORE_THE_FIRST_RELEASE: usize = 11;

#[test]
fn a_migration_takes_nothing_from_the_binary_before() {
    for engine in ["sqlite", "postgres"] {
        let folder = Path::new("migrations").join(engine);
        let mut migrations: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        migrations.sort();
        for migration in &migrations[BEFORE_THE_FIRST_RELEASE..] {
            let sql = std::fs::read_to_string(migration.join("up.sql")).unwrap();
            let upper = sql.to_uppercase();
            let takes = ["DROP TABLE", "DROP COLUMN", "RENAME "]
                .into_iter()
                .find(|words| upper.contains(words));
            assert!(
                takes.is_none() || sql.contains("-- contract: "),
                "{}: `{takes:?}` without a line `-- contract: ` that says which release stopped using it",
                migration.display()
            );
        }
    }
}

#[test]
fn an_older_schema_is_refused_with_both_versions_and_a_newer_one_is_accepted() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let database = Database::create(engine);
        let migrator = Migrator::new(&DatabaseSettings {
            migration_deadline_seconds: 0,
            ..settings(&database)
        })
        .unwrap();
        let newest = migrator.migrate().unwrap().needed;
        migrator.revert(1).unwrap();
        let older = migrator.state().unwrap();
        let refusal = migrator.wait_until_usable().unwrap_err().to_string();
        assert!(
            refusal.contains(&older.found) && refusal.contains(&newest),
            "{refusal}"
        );

        migrator.migrate().unwrap();
        add_version_of_a_later_binary(&database);
        let newer = migrator.wait_until_usable().unwrap();
        assert!(newer.found > newer.needed);
    }
}

fn add_version_of_a_later_binary(database: &Database) {
    let insert =
        sql_query("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')");
    match database.url.strip_prefix("sqlite:") {
        Some(path) => insert.execute(&mut SqliteConnection::establish(path).unwrap()),
        None => insert.execute(&mut PgConnection::establish(&database.url).unwrap()),
    }
    .unwrap();
}

#[test]
fn processes_that_migrate_at_once_do_not_disturb_each_other() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let database = Database::create(engine);
        let settings = settings(&database);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let state = Migrator::new(&settings).unwrap().migrate().unwrap();
                    assert!(state.is_usable());
                });
            }
        });
    }
}

fn run(database: &Database, sql: &str) -> diesel::QueryResult<()> {
    match database.url.strip_prefix("sqlite:") {
        Some(path) => SqliteConnection::establish(path)
            .unwrap()
            .batch_execute(sql),
        None => PgConnection::establish(&database.url)
            .unwrap()
            .batch_execute(sql),
    }
}

/// The one text that a query finds.
fn found(database: &Database, query: &str) -> String {
    let found: Found = match database.url.strip_prefix("sqlite:") {
        Some(path) => sql_query(query).get_result(&mut SqliteConnection::establish(path).unwrap()),
        None => sql_query(query).get_result(&mut PgConnection::establish(&database.url).unwrap()),
    }
    .unwrap();
    found.found
}

fn at_version(engine: Engine, version: &str) -> (Database, Migrator) {
    let database = Database::create(engine);
    let migrator = Migrator::new(&settings(&database)).unwrap();
    migrator.migrate().unwrap();
    revert_to(&migrator, version);
    (database, migrator)
}

fn revert_to(migrator: &Migrator, version: &str) {
    while migrator.state().unwrap().found != version {
        migrator.revert(1).unwrap();
    }
}

const BEFORE_PRICES_WITH_DATES: &str = "20261122000010";

/// As the binary before writes a price.
fn old_price(is_sqlite: bool, input: i64) -> String {
    let (project, time) = if is_sqlite {
        (
            "x'018f4e6e7d357c9e8a6e0b1c2d3e4f50'",
            "2026-11-20T12:00:00.000000Z",
        )
    } else {
        (
            "'018f4e6e-7d35-7c9e-8a6e-0b1c2d3e4f50'",
            "2026-11-20 12:00:00+00",
        )
    };
    format!(
        "INSERT INTO llm_price (project_id, model, input, output, cached_input, updated_at)
         VALUES ({project}, 'm', {input}, 600000000, NULL, '{time}')
         ON CONFLICT (project_id, model) DO UPDATE SET input = excluded.input"
    )
}

#[test]
fn prices_are_copied_and_the_binary_before_goes_on_with_its_own() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (database, migrator) = at_version(engine, BEFORE_PRICES_WITH_DATES);
        let is_sqlite = engine == Engine::Sqlite;
        run(&database, &old_price(is_sqlite, 1_500_000_000)).unwrap();
        migrator.migrate().unwrap();
        let copied = "SELECT model || ' ' || price AS found FROM llm_model_price";
        assert_eq!(
            found(&database, copied).replace(' ', ""),
            r#"m{"usd_per_million":{"input":"1.500000000","output":"0.600000000"}}"#,
            "{engine:?}"
        );
        run(&database, &old_price(is_sqlite, 7)).unwrap();
        let kept = "SELECT CAST(input AS text) AS found FROM llm_price";
        assert_eq!(found(&database, kept), "7");
        revert_to(&migrator, BEFORE_PRICES_WITH_DATES);
        assert_eq!(found(&database, kept), "7");
    }
}

const BEFORE_PARTIAL_REPORTS: &str = "20261122000004";

/// One call as the release before partial reports stored it.
fn old_rows(is_sqlite: bool) -> String {
    let (project, stamp) = if is_sqlite {
        ("x'018f4e6e7d357c9e8a6e0b1c2d3e4f50'", "T12:00:00.250000Z")
    } else {
        ("'018f4e6e-7d35-7c9e-8a6e-0b1c2d3e4f50'", " 12:00:00.25+00")
    };
    let end = stamp.replace("00.25", "01.75");
    format!(
        "INSERT INTO llm_trace (project_id, id, started_at, name, session_id, environment, public, tags,
            metadata, created_at, updated_at)
         VALUES ({project}, 't', '2026-11-20{stamp}', 'n', 's', 'prod', true, '[\"a\"]', '{{\"k\": 1}}',
            '2026-11-20{stamp}', '2026-11-20{end}');
         INSERT INTO llm_observation (project_id, id, trace_id, kind, started_at, ended_at, level,
            environment, model, model_parameters, usage_details, cost_details, total_cost, metadata,
            input, created_at, updated_at)
         VALUES ({project}, 'o', 't', 'GENERATION', '2026-11-20{stamp}', '2026-11-20{end}', 'ERROR', 'prod',
            'm', '{{}}', '{{\"input\": 3, \"output\": 4, \"total\": 8}}', '{{\"total\": 5}}', 5, '{{}}', '\"in\"',
            '2026-11-20{stamp}', '2026-11-20{end}');"
    )
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    found: String,
}

const MIGRATED: &str = "
    SELECT t.name || ' ' || t.latency_ms || ' ' || t.observation_count || ' ' || t.error_count || ' ' ||
           t.total_tokens || ' ' || t.total_cost || ' ' || t.state || ' ' || o.latency_ms || ' ' || o.state ||
           ' ' || o.input || ' ' || s.id || ' ' || CASE WHEN k.last_observed_at = o.started_at THEN 'kept' ELSE '' END
           AS found
      FROM llm_trace t JOIN llm_observation o ON o.trace_id = t.id JOIN llm_session s ON s.id = t.session_id
      JOIN llm_trace_key k ON k.id = t.id";

#[test]
fn traces_of_the_release_before_partial_reports_come_through_and_back() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (database, migrator) = at_version(engine, BEFORE_PARTIAL_REPORTS);
        let rows = old_rows(engine == Engine::Sqlite);
        run(&database, &rows).unwrap();
        migrator.migrate().unwrap();
        assert_eq!(
            found(&database, MIGRATED),
            "n 1500 1 1 8 5 {\"at\":1795176001750000} 1500 \
             {\"at\":1795176001750000,\"cost_reported\":true} \"in\" s kept",
            "{engine:?}"
        );
        revert_to(&migrator, BEFORE_PARTIAL_REPORTS);
        let twice = run(&database, &rows).unwrap_err().to_string();
        assert!(
            twice.to_lowercase().contains("unique"),
            "the rows are there: {twice}"
        );
    }
}
