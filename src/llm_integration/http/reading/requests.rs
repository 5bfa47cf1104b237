//! What callers ask for.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    kernel::{Cursor, ErrorCode, Failure, PageLimit},
    llm_integration::{Column, Filter, TraceFilter},
};

/// A list by cursor.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Conditions in JSON: `[{"type", "column", "operator", "value", "key"}]`, as in Langfuse's API.
    filter: Option<String>,
    /// Inclusive.
    from: Option<DateTime<Utc>>,
    /// Exclusive.
    to: Option<DateTime<Utc>>,
    /// `io` adds input, output and metadata.
    fields: Option<String>,
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// 1 to 100; 50 when absent.
    limit: Option<u32>,
}

/// What a list is asked for, parsed.
pub struct ListRequest<C> {
    pub filter: Filter<C>,
    pub io: bool,
    pub cursor: Option<Cursor>,
    pub limit: PageLimit,
}

impl ListQuery {
    /// `time` is the column that `from` and `to` are about.
    pub fn parse<C: Column>(self, time: C) -> Result<ListRequest<C>, Failure> {
        let filter = match &self.filter {
            Some(json) => Filter::from_json(json)?,
            None => Filter::default(),
        };
        let io = wants_io(self.fields.as_deref())?;
        Ok(ListRequest {
            filter: filter.within(time, self.from.map(Into::into), self.to.map(Into::into)),
            io,
            cursor: self.cursor,
            limit: PageLimit::parse(self.limit)?,
        })
    }
}

/// What a live tail is asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct LiveQuery {
    /// Conditions in JSON: `[{"type", "column", "operator", "value", "key"}]`, as in Langfuse's API.
    filter: Option<String>,
    /// `io` adds input, output and metadata.
    fields: Option<String>,
}

impl LiveQuery {
    pub fn parse(self) -> Result<(TraceFilter, bool), Failure> {
        let filter = self.filter.as_deref().map(Filter::from_json).transpose()?;
        Ok((
            filter.unwrap_or_default(),
            wants_io(self.fields.as_deref())?,
        ))
    }
}

fn wants_io(fields: Option<&str>) -> Result<bool, Failure> {
    match fields {
        None | Some("") => Ok(false),
        Some("io") => Ok(true),
        Some(_) => {
            let message = "`fields` is not valid: it takes io";
            Err(Failure::new(ErrorCode::InvalidRequest, message))
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct UsersQuery {
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
    /// 1 to 100; 50 when absent.
    pub limit: Option<u32>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SessionsQuery {
    pub environment: Option<String>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    /// From 1.
    pub page: Option<u32>,
    /// 1 to 100; 50 when absent.
    pub limit: Option<u32>,
}
