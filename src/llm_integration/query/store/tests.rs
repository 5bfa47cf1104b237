//! Tests of one expression.

use crate::{
    llm_integration::query::{ArrayTest, ColumnKind, Compare, KeyTest, Test, TextTest},
    platform::db::{Engine, Sql, SqlValue},
};

pub fn test_of(expression: &str, kind: ColumnKind, test: &Test, engine: Engine) -> Sql {
    match test {
        Test::Text(how, wanted) => text_test(expression, *how, wanted, engine),
        Test::Number(compare, number) => compared(expression, *compare, *number),
        Test::NumberIn(numbers) => {
            let numbers = numbers.iter().map(|number| Sql::value(*number));
            Sql::new(format!("{expression} IN ("))
                .then(Sql::list(numbers, ", "))
                .text(")")
        }
        Test::Time(compare, time) => compared(expression, *compare, *time),
        Test::AnyOf(texts) => Sql::new(format!("{expression} IN ("))
            .then(values(texts))
            .text(")"),
        Test::NoneOf(texts) => Sql::new(format!("{expression} IS NULL OR {expression} NOT IN ("))
            .then(values(texts))
            .text(")"),
        Test::Array(test, texts) => array_test(expression, *test, texts, engine),
        Test::Is(value) => Sql::new(format!("{expression} = ")).bind(*value),
        Test::Null(is) if kind == ColumnKind::Array => {
            let empty = engine.pick("json_array_length(", "json_array_length(");
            let compare = if *is { "= 0" } else { "> 0" };
            Sql::new(format!("coalesce({empty}{expression}), 0) {compare}"))
        }
        Test::Null(true) => Sql::new(format!("{expression} IS NULL")),
        Test::Null(false) => Sql::new(format!("{expression} IS NOT NULL")),
        // A key's test is asked of the view, which knows what is under it.
        Test::Key(..) => Sql::new(engine.pick("false", "0")),
    }
}

/// A test of what a JSON object, kept as text, has under a key.
pub fn metadata_test(object: &str, key: &str, test: &KeyTest, engine: Engine) -> Sql {
    let found = match engine {
        Engine::Postgres => Sql::new(format!("llm_json_text({object}, ")).bind(key).text(")"),
        Engine::Sqlite => Sql::new(format!(
            "(SELECT CASE e.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'null' THEN NULL \
             ELSE CAST(e.value AS text) END FROM json_each({object}) e WHERE e.key = "
        ))
        .bind(key)
        .text(" LIMIT 1)"),
    };
    let number = match engine {
        Engine::Postgres => Sql::new(format!("llm_json_number({object}, ")).bind(key).text(")"),
        Engine::Sqlite => Sql::new(format!(
            "(SELECT CASE WHEN e.type IN ('integer', 'real') THEN e.value END FROM json_each({object}) e WHERE e.key = "
        ))
        .bind(key)
        .text(" LIMIT 1)"),
    };
    let denied = |test: Sql| {
        found
            .clone()
            .text(" IS NULL OR ")
            .then(found.clone())
            .then(test)
    };
    match test {
        KeyTest::Text(TextTest::ContainsNot, wanted) => {
            let has = contains(found.clone(), wanted, engine);
            found.clone().text(" IS NULL OR NOT (").then(has).text(")")
        }
        KeyTest::Text(how, wanted) => sql_text_test(found, *how, wanted, engine),
        KeyTest::Number(compare, wanted) => number.text(symbol(*compare)).bind(*wanted),
        KeyTest::AnyOf(texts) => found.text(" IN (").then(values(texts)).text(")"),
        KeyTest::NoneOf(texts) => denied(Sql::new(" NOT IN (").then(values(texts)).text(")")),
        KeyTest::Is(value) => found.text(" = ").bind(value.to_string()),
        KeyTest::IsNot(value) => denied(Sql::new(" <> ").bind(value.to_string())),
        KeyTest::Set(true) => found.text(" IS NOT NULL"),
        KeyTest::Set(false) => found.text(" IS NULL"),
    }
}

pub fn values(texts: &[String]) -> Sql {
    Sql::list(texts.iter().map(|text| Sql::value(text.clone())), ", ")
}

pub fn compared(expression: &str, compare: Compare, value: impl Into<SqlValue>) -> Sql {
    Sql::new(expression).text(symbol(compare)).bind(value)
}

pub const fn symbol(compare: Compare) -> &'static str {
    match compare {
        Compare::Equal => " = ",
        Compare::NotEqual => " <> ",
        Compare::Greater => " > ",
        Compare::Less => " < ",
        Compare::AtLeast => " >= ",
        Compare::AtMost => " <= ",
    }
}

fn text_test(expression: &str, test: TextTest, wanted: &str, engine: Engine) -> Sql {
    if test == TextTest::ContainsNot {
        let found = contains(Sql::new(expression), wanted, engine);
        return Sql::new(format!("{expression} IS NULL OR NOT ("))
            .then(found)
            .text(")");
    }
    sql_text_test(Sql::new(expression), test, wanted, engine)
}

fn sql_text_test(expression: Sql, test: TextTest, wanted: &str, engine: Engine) -> Sql {
    match (test, engine) {
        (TextTest::Equals, _) => expression.text(" = ").bind(wanted),
        (TextTest::Contains | TextTest::ContainsNot, _) => contains(expression, wanted, engine),
        (TextTest::StartsWith | TextTest::EndsWith, _) if wanted.is_empty() => {
            expression.text(" IS NOT NULL")
        }
        (TextTest::StartsWith, Engine::Postgres) => Sql::new("starts_with(")
            .then(expression)
            .text(", ")
            .bind(wanted)
            .text(")"),
        (TextTest::StartsWith, Engine::Sqlite) => {
            let head = Sql::new("substr(")
                .then(expression)
                .text(", 1, length(")
                .bind(wanted);
            head.text(")) = ").bind(wanted)
        }
        (TextTest::EndsWith, Engine::Postgres) => {
            let tail = Sql::new("right(")
                .then(expression)
                .text(", length(")
                .bind(wanted);
            tail.text(")) = ").bind(wanted)
        }
        (TextTest::EndsWith, Engine::Sqlite) => {
            let tail = Sql::new("substr(")
                .then(expression)
                .text(", -length(")
                .bind(wanted);
            tail.text(")) = ").bind(wanted)
        }
        (TextTest::Matches, Engine::Postgres) => {
            let lower = Sql::new("lower(").then(expression).text(" COLLATE \"C\")");
            contains(lower, &wanted.to_ascii_lowercase(), engine)
        }
        (TextTest::Matches, Engine::Sqlite) => {
            let lower = Sql::new("lower(").then(expression).text(")");
            contains(lower, &wanted.to_ascii_lowercase(), engine)
        }
    }
}

fn contains(expression: Sql, wanted: &str, engine: Engine) -> Sql {
    Sql::new(engine.pick("strpos(", "instr("))
        .then(expression)
        .text(", ")
        .bind(wanted)
        .text(") > 0")
}

fn array_test(expression: &str, test: ArrayTest, texts: &[String], engine: Engine) -> Sql {
    let elements = match engine {
        Engine::Postgres => format!("json_array_elements_text({expression}) e(value)"),
        Engine::Sqlite => format!("json_each({expression}) e"),
    };
    let has = |wanted: Sql| {
        Sql::new(format!(
            "EXISTS (SELECT 1 FROM {elements} WHERE e.value IN ("
        ))
        .then(wanted)
        .text("))")
    };
    match test {
        ArrayTest::Any => has(values(texts)),
        ArrayTest::No => Sql::new("NOT ").then(has(values(texts))),
        ArrayTest::All => Sql::list(
            texts.iter().map(|text| has(Sql::value(text.clone()))),
            " AND ",
        ),
    }
}
