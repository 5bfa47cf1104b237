//! SQL that is put together at run time: reports whose columns, groups and conditions callers choose.
//!
//! [`Sql`] is text of ours with values in between, and every value is bound. It becomes a query with
//! [`Sql::rows_of`]; what is fixed at compile time is written with diesel's own builder instead.

use std::marker::PhantomData;

use diesel::{
    QueryResult, RunQueryDsl,
    backend::Backend as DieselBackend,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{BigInt, Bool, Double, HasSqlType, Text},
};

use super::{Backend, Conn, DbInstant, DbUuid};
use crate::kernel::{Id, Timestamp};

/// Which dialect of SQL a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Postgres,
    Sqlite,
}

impl Conn {
    pub fn engine(&mut self) -> Engine {
        match self.backend() {
            Backend::Pg(_) => Engine::Postgres,
            Backend::Sqlite(_) => Engine::Sqlite,
        }
    }
}

impl Engine {
    /// The text for this engine.
    pub const fn pick(self, postgres: &'static str, sqlite: &'static str) -> &'static str {
        match self {
            Self::Postgres => postgres,
            Self::Sqlite => sqlite,
        }
    }
}

/// A piece of SQL with its values.
#[derive(Clone, Debug, Default)]
pub struct Sql(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Value(SqlValue),
}

/// A value that stands in a piece of SQL.
#[derive(Clone, Debug)]
pub enum SqlValue {
    Text(String),
    Integer(i64),
    Real(f64),
    Boolean(bool),
    Time(Timestamp),
    Id(Id<AnyMarker>),
}

/// Marker of an id of whatever.
#[derive(Clone, Copy, Debug)]
pub enum AnyMarker {}

macro_rules! from_value {
    ($($rust:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$rust> for SqlValue {
            fn from(value: $rust) -> Self {
                Self::$variant(value)
            }
        }
    )+};
}
from_value!(
    String => Text, i64 => Integer, f64 => Real, bool => Boolean, Timestamp => Time,
);
impl<T: ?Sized> From<Id<T>> for SqlValue {
    fn from(id: Id<T>) -> Self {
        Self::Id(Id::from_uuid(id.as_uuid()))
    }
}
impl From<&str> for SqlValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Sql {
    /// `text` must be ours: what a caller sent is bound with [`Sql::bind`].
    pub fn new(text: impl Into<String>) -> Self {
        Self(vec![Part::Text(text.into())])
    }

    pub fn value(value: impl Into<SqlValue>) -> Self {
        Self(vec![Part::Value(value.into())])
    }

    /// More text of ours.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Text(text.into()));
        self
    }

    #[must_use]
    pub fn bind(mut self, value: impl Into<SqlValue>) -> Self {
        self.0.push(Part::Value(value.into()));
        self
    }

    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// All of `items`, with `between` in between.
    #[must_use]
    pub fn list(items: impl IntoIterator<Item = Self>, between: &str) -> Self {
        let mut all = Self::default();
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                all = all.text(between);
            }
            all = all.then(item);
        }
        all
    }

    /// The query whose rows have the SQL types `ST`.
    pub fn rows_of<ST>(self) -> SqlRows<ST> {
        SqlRows {
            sql: self,
            types: PhantomData,
        }
    }
}

/// A whole query.
pub struct SqlRows<ST> {
    sql: Sql,
    types: PhantomData<fn() -> ST>,
}

impl<ST> Query for SqlRows<ST> {
    type SqlType = ST;
}

impl<ST> QueryId for SqlRows<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST, C> RunQueryDsl<C> for SqlRows<ST> {}

impl<ST, DB> QueryFragment<DB> for SqlRows<ST>
where
    DB: DieselBackend + HasSqlType<Bool> + HasSqlType<DbInstant> + HasSqlType<DbUuid>,
    String: ToSql<Text, DB>,
    i64: ToSql<BigInt, DB>,
    f64: ToSql<Double, DB>,
    bool: ToSql<Bool, DB>,
    Timestamp: ToSql<DbInstant, DB>,
    Id<AnyMarker>: ToSql<DbUuid, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        for part in &self.sql.0 {
            match part {
                Part::Text(text) => out.push_sql(text),
                Part::Value(SqlValue::Text(value)) => out.push_bind_param::<Text, _>(value)?,
                Part::Value(SqlValue::Integer(value)) => out.push_bind_param::<BigInt, _>(value)?,
                Part::Value(SqlValue::Real(value)) => out.push_bind_param::<Double, _>(value)?,
                Part::Value(SqlValue::Boolean(value)) => out.push_bind_param::<Bool, _>(value)?,
                Part::Value(SqlValue::Time(value)) => {
                    out.push_bind_param::<DbInstant, _>(value)?;
                }
                Part::Value(SqlValue::Id(value)) => {
                    out.push_bind_param::<DbUuid, _>(value)?;
                }
            }
        }
        Ok(())
    }
}
