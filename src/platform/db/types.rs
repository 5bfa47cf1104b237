//! SQL types that mean the same on both engines, and how the kernel's values map to them.
//!
//! | SQL type | PostgreSQL | SQLite | Rust |
//! |---|---|---|---|
//! | [`DbUuid`] | `uuid` | 16-byte `BLOB` | [`Id`], [`Uuid`] |
//! | [`DbInstant`] | `timestamptz` | fixed-width RFC 3339 `TEXT`, which sorts by time | [`Timestamp`] |
//! | [`DbJson`] | `json` | `TEXT` | [`JsonColumn`] |
//!
//! `json`, not `jsonb`: what a user stored comes back with its keys in order and its `\u0000` kept.

use std::io::Write;

use chrono::{DateTime, Utc};
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{self, SqlType},
    sqlite::{Sqlite, SqliteValue},
};
use serde_json::Value;
use uuid::Uuid;

use crate::kernel::{Id, Timestamp};

#[derive(Clone, Copy, Debug, Default, SqlType, QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
#[diesel(sqlite_type(name = "Binary"))]
pub struct DbUuid;

#[derive(Clone, Copy, Debug, Default, SqlType, QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185))]
#[diesel(sqlite_type(name = "Text"))]
pub struct DbInstant;

#[derive(Clone, Copy, Debug, Default, SqlType, QueryId)]
#[diesel(postgres_type(oid = 114, array_oid = 199))]
#[diesel(sqlite_type(name = "Text"))]
pub struct DbJson;

/// Both engines' forms sort by time, so the least and the greatest are the first and the last.
impl sql_types::SqlOrd for DbInstant {}

/// Lets a Rust type stand where a column of the SQL type stands, by value, by reference, nullable.
macro_rules! column_value {
    ($sql:ty, $rust:ty $(, $generic:ident)?) => {
        impl $(<$generic: ?Sized>)? AsExpression<$sql> for $rust {
            type Expression = diesel::internal::derives::as_expression::Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                Self::Expression::new(self)
            }
        }
        impl<'a $(, $generic: ?Sized)?> AsExpression<$sql> for &'a $rust {
            type Expression = diesel::internal::derives::as_expression::Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                Self::Expression::new(self)
            }
        }
        impl $(<$generic: ?Sized>)? AsExpression<sql_types::Nullable<$sql>> for $rust {
            type Expression =
                diesel::internal::derives::as_expression::Bound<sql_types::Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                Self::Expression::new(self)
            }
        }
        impl<'a $(, $generic: ?Sized)?> AsExpression<sql_types::Nullable<$sql>> for &'a $rust {
            type Expression =
                diesel::internal::derives::as_expression::Bound<sql_types::Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                Self::Expression::new(self)
            }
        }
        impl<__DB $(, $generic: ?Sized)?> ToSql<sql_types::Nullable<$sql>, __DB> for $rust
        where
            __DB: diesel::backend::Backend,
            Self: ToSql<$sql, __DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, __DB>) -> serialize::Result {
                ToSql::<$sql, __DB>::to_sql(self, out)
            }
        }
        impl<__DB $(, $generic: ?Sized)?> diesel::Queryable<$sql, __DB> for $rust
        where
            __DB: diesel::backend::Backend,
            Self: FromSql<$sql, __DB>,
        {
            type Row = Self;
            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
    };
}

column_value!(DbUuid, Id<T>, T);
column_value!(DbInstant, Timestamp);

impl<T: ?Sized> ToSql<DbUuid, Pg> for Id<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.as_uuid().as_bytes())?;
        Ok(IsNull::No)
    }
}
impl<T: ?Sized> ToSql<DbUuid, Sqlite> for Id<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.as_uuid().as_bytes().to_vec());
        Ok(IsNull::No)
    }
}
impl<T: ?Sized> FromSql<DbUuid, Pg> for Id<T> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self::from_uuid(Uuid::from_slice(value.as_bytes())?))
    }
}
impl<T: ?Sized> FromSql<DbUuid, Sqlite> for Id<T> {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<sql_types::Binary, Sqlite>>::from_sql(value)?;
        Ok(Self::from_uuid(Uuid::from_slice(&bytes)?))
    }
}

impl ToSql<DbInstant, Pg> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Timestamptz, Pg>::to_sql(&self.as_datetime(), &mut out.reborrow())
    }
}
impl ToSql<DbInstant, Sqlite> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.to_fixed_width());
        Ok(IsNull::No)
    }
}
impl FromSql<DbInstant, Pg> for Timestamp {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <DateTime<Utc> as FromSql<sql_types::Timestamptz, Pg>>::from_sql(value).map(Self::from)
    }
}
impl FromSql<DbInstant, Sqlite> for Timestamp {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<sql_types::Text, Sqlite>>::from_sql(value)?;
        Ok(DateTime::parse_from_rfc3339(&text)?
            .with_timezone(&Utc)
            .into())
    }
}

/// JSON as a column's value.
#[derive(Clone, Debug, PartialEq, AsExpression, FromSqlRow)]
#[diesel(sql_type = DbJson)]
pub struct JsonColumn(pub Value);

impl From<Value> for JsonColumn {
    fn from(value: Value) -> Self {
        Self(value)
    }
}
impl From<JsonColumn> for Value {
    fn from(column: JsonColumn) -> Self {
        column.0
    }
}
impl ToSql<DbJson, Pg> for JsonColumn {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}
impl ToSql<DbJson, Sqlite> for JsonColumn {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}
impl FromSql<DbJson, Pg> for JsonColumn {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_slice(value.as_bytes())?))
    }
}
impl FromSql<DbJson, Sqlite> for JsonColumn {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<sql_types::Text, Sqlite>>::from_sql(value)?;
        Ok(Self(serde_json::from_str(&text)?))
    }
}
