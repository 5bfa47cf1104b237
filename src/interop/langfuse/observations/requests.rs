//! What lists of observations are asked for.

use crate::{
    interop::langfuse::query::{Query, invalid},
    kernel::{ErrorCode, Failure},
    llm_integration::{
        Filter, Level, ObservationColumn, ObservationFilter, ObservationId, ObservationKind, Test,
        TraceId,
    },
};

/// `filter` takes the place of every other parameter, as it does with Langfuse.
pub fn filter(query: &Query) -> Result<ObservationFilter, Failure> {
    use ObservationColumn as C;
    if query.raw("parseIoAsJson") == Some("true") {
        let message = "`parseIoAsJson` is gone: input and output are always texts";
        return Err(Failure::new(ErrorCode::InvalidRequest, message));
    }
    if let Some(json) = query.text("filter") {
        return Ok(Filter::from_json(&json)?);
    }
    let trace: Option<TraceId> = query.parsed("traceId")?;
    let kind: Option<ObservationKind> = query.parsed("type")?;
    let level: Option<Level> = query.parsed("level")?;
    let filter = Filter::default()
        .with_text(C::TraceId, trace.map(|id| id.to_string()))
        .with_text(C::Kind, kind.map(|kind| kind.name().to_owned()))
        .with_text(C::Level, level.map(|level| level.name().to_owned()))
        .with_text(C::Name, query.text("name"))
        .with_text(C::Version, query.text("version"))
        .with_text(C::UserId, query.text("userId"))
        .with_text(C::SessionId, query.text("sessionId"))
        .with_any(C::Environment, query.all("environment"))
        .within(
            C::StartTime,
            query.time("fromStartTime")?,
            query.time("toStartTime")?,
        );
    let root = query
        .parsed::<bool>("isRootObservation")
        .map_err(|_| invalid("isRootObservation", "true or false"))?;
    let filter = filter.with_some(C::IsRoot, root, Test::Is);
    Ok(match query.raw("parentObservationId") {
        None => filter,
        Some("") => filter.with(C::ParentId, Test::Null(true)),
        Some(_) => {
            let id: Option<ObservationId> = query.parsed("parentObservationId")?;
            filter.with_text(C::ParentId, id.map(|id| id.to_string()))
        }
    })
}
