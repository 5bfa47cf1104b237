//! One query being put together: which engine it is for, and which tables it needs.

use super::tests::test_of;
use crate::{
    kernel::ProjectId,
    llm_integration::query::{Column, ColumnKind, Filter, KeyTest, Test},
    platform::db::{Engine, Sql},
};

/// What rows a query is about: traces, observations or scores.
pub trait View: 'static {
    type Column: Column;
    /// The table, and its alias in every piece of SQL.
    const TABLE: &'static str;
    const ALIAS: &'static str;
    /// When a row happened.
    const TIME: &'static str;
    /// Whether a row names the trace that it belongs to.
    const HAS_TRACE: bool;

    /// The column as an expression; `scope` learns which tables it needs.
    fn expression(column: Self::Column, scope: &mut Scope) -> String;

    /// A test of what an object has under a key.
    fn key_test(column: Self::Column, key: &str, test: &KeyTest, scope: &mut Scope) -> Sql;

    /// The joins that `scope` has learned of.
    fn joins(scope: Scope) -> String;
}

/// Which engine a query is for, and which tables beside its own it needs.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    pub engine: Engine,
    pub trace: bool,
    pub observation: bool,
}

impl Scope {
    pub const fn new(engine: Engine) -> Self {
        Self {
            engine,
            trace: false,
            observation: false,
        }
    }

    /// `project's rows AND every condition`.
    pub fn conditions<V: View>(&mut self, project: ProjectId, filter: &Filter<V::Column>) -> Sql {
        let mut all = Sql::new(format!("{}.project_id = ", V::ALIAS)).bind(project);
        for condition in filter.conditions() {
            let (column, test) = (condition.column, &condition.test);
            let test = match test {
                Test::Key(key, test) => V::key_test(column, key, test, self),
                test => {
                    let expression = V::expression(column, self);
                    test_of(&expression, column.kind(), test, self.engine)
                }
            };
            all = all.text(" AND (").then(test).text(")");
        }
        all
    }

    /// `FROM` the view's table and what was learned to be needed; ask for it last.
    pub fn from<V: View>(self) -> String {
        format!(" FROM {} {}{}", V::TABLE, V::ALIAS, V::joins(self))
    }

    /// The number of units of the classes that begin with `prefix`, of a JSON object by class.
    pub fn classes(self, object: &str, prefix: &str) -> String {
        let length = prefix.len();
        match self.engine {
            Engine::Postgres => format!(
                "(SELECT sum(c.value::bigint)::bigint FROM json_each_text({object}) c WHERE left(c.key, {length}) = '{prefix}')"
            ),
            Engine::Sqlite => format!(
                "(SELECT sum(c.value) FROM json_each({object}) c WHERE substr(c.key, 1, {length}) = '{prefix}')"
            ),
        }
    }

    /// A text column as PostgreSQL must order it to agree with SQLite.
    pub fn ordered(self, expression: String, kind: ColumnKind) -> String {
        if self.engine == Engine::Postgres && kind == ColumnKind::Text {
            return format!("{expression} COLLATE \"C\"");
        }
        expression
    }
}

/// Billionths of a dollar as dollars, thousandths of a second as seconds.
pub(super) fn scaled(expression: &str, units: &str) -> String {
    format!("(CAST({expression} AS double precision) / {units})")
}

pub(super) const NANOS: &str = "1000000000.0";
pub(super) const MILLIS: &str = "1000.0";
