//! What a list of traces is asked for.

use crate::{
    interop::langfuse::query::{Query, invalid},
    kernel::Failure,
    llm_integration::{ArrayTest, Column, Filter, Order, Test, TraceColumn, TraceFilter},
};

/// What a list can be ordered by.
const ORDERS: &[TraceColumn] = &[
    TraceColumn::Id,
    TraceColumn::Timestamp,
    TraceColumn::Name,
    TraceColumn::UserId,
    TraceColumn::Release,
    TraceColumn::Version,
    TraceColumn::Public,
    TraceColumn::Bookmarked,
    TraceColumn::SessionId,
];

/// `filter` takes the place of every other parameter, as it does with Langfuse.
pub fn filter(query: &Query) -> Result<TraceFilter, Failure> {
    if let Some(json) = query.text("filter") {
        return Ok(Filter::from_json(&json)?);
    }
    let tags = query.all("tags");
    let tags: Vec<String> = tags
        .iter()
        .flat_map(|tags| tags.split(','))
        .filter(|tag| !tag.is_empty())
        .map(str::to_owned)
        .collect();
    Ok(Filter::default()
        .with_text(TraceColumn::Name, query.text("name"))
        .with_text(TraceColumn::UserId, query.text("userId"))
        .with_text(TraceColumn::SessionId, query.text("sessionId"))
        .with_text(TraceColumn::Release, query.text("release"))
        .with_text(TraceColumn::Version, query.text("version"))
        .with_any(TraceColumn::Environment, query.all("environment"))
        .with_some(
            TraceColumn::Tags,
            Some(tags).filter(|tags| !tags.is_empty()),
            |tags| Test::Array(ArrayTest::All, tags),
        )
        .within(
            TraceColumn::Timestamp,
            query.time("fromTimestamp")?,
            query.time("toTimestamp")?,
        ))
}

/// `orderBy`, as `column.asc` or `column.desc`.
pub fn order(query: &Query) -> Result<Order, Failure> {
    let Some(text) = query.text("orderBy") else {
        return Ok(Order {
            column: TraceColumn::Timestamp,
            ascending: false,
        });
    };
    let known = || {
        let columns: Vec<_> = ORDERS.iter().map(|column| column.name()).collect();
        let columns = columns.join(", ");
        invalid(
            "orderBy",
            format_args!("it takes column.asc or column.desc of {columns}"),
        )
    };
    let (name, direction) = text.split_once('.').unwrap_or((&text, "asc"));
    let column = ORDERS.iter().find(|column| column.name() == name);
    let ascending = match direction.to_ascii_lowercase().as_str() {
        "asc" => true,
        "desc" => false,
        _ => return Err(known()),
    };
    Ok(Order {
        column: *column.ok_or_else(known)?,
        ascending,
    })
}
