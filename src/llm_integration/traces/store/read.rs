//! Reads traces and observations.

use diesel::prelude::*;

use super::rows::{ObservationRow, TraceRow};
use crate::{
    kernel::ProjectId,
    llm_integration::{
        FoundObservation, Observation, ObservationFilter, ObservationId, ObservationPosition,
        ParentIs, Trace, TraceFilter, TraceId,
        traces::schema::{llm_observation, llm_trace},
    },
    platform::db::{Conn, DbError, each_backend},
};

pub(in crate::llm_integration::traces) fn trace(
    conn: &mut Conn,
    project: ProjectId,
    id: &TraceId,
) -> Result<Option<Trace>, DbError> {
    let row: Option<TraceRow> = each_backend!(conn, |c| {
        llm_trace::table
            .find((project, id.as_str()))
            .select(TraceRow::as_select())
            .first(c)
            .optional()
    })?;
    row.map(TraceRow::into_trace).transpose()
}

/// The conditions of a [`TraceFilter`] on a boxed query.
macro_rules! matching_traces {
    ($query:expr, $project:expr, $filter:expr) => {{
        let filter: &TraceFilter = $filter;
        let mut query = $query
            .filter(llm_trace::project_id.eq($project))
            .into_boxed();
        if let Some(name) = &filter.name {
            query = query.filter(llm_trace::name.eq(name));
        }
        if let Some(user_id) = &filter.user_id {
            query = query.filter(llm_trace::user_id.eq(user_id));
        }
        if let Some(session_id) = &filter.session_id {
            query = query.filter(llm_trace::session_id.eq(session_id));
        }
        if let Some(release) = &filter.release {
            query = query.filter(llm_trace::release.eq(release));
        }
        if let Some(version) = &filter.version {
            query = query.filter(llm_trace::version.eq(version));
        }
        if !filter.environments.is_empty() {
            query = query.filter(llm_trace::environment.eq_any(&filter.environments));
        }
        if let Some(from) = filter.from {
            query = query.filter(llm_trace::started_at.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(llm_trace::started_at.lt(to));
        }
        query
    }};
}

pub(in crate::llm_integration::traces) fn traces(
    conn: &mut Conn,
    project: ProjectId,
    filter: &TraceFilter,
    offset: i64,
    limit: i64,
) -> Result<Vec<Trace>, DbError> {
    let rows: Vec<TraceRow> = each_backend!(conn, |c| {
        let query = matching_traces!(
            llm_trace::table.select(TraceRow::as_select()),
            project,
            filter
        );
        let query = if filter.oldest_first {
            query.order((llm_trace::started_at.asc(), llm_trace::id.asc()))
        } else {
            query.order((llm_trace::started_at.desc(), llm_trace::id.desc()))
        };
        query.offset(offset).limit(limit).load(c)
    })?;
    rows.into_iter().map(TraceRow::into_trace).collect()
}

pub(in crate::llm_integration::traces) fn count_traces(
    conn: &mut Conn,
    project: ProjectId,
    filter: &TraceFilter,
) -> Result<i64, DbError> {
    Ok(each_backend!(conn, |c| {
        matching_traces!(llm_trace::table.count(), project, filter).get_result(c)
    })?)
}

/// The observations of these traces, oldest first.
pub(in crate::llm_integration::traces) fn observations_of(
    conn: &mut Conn,
    project: ProjectId,
    traces: &[TraceId],
) -> Result<Vec<Observation>, DbError> {
    let ids: Vec<&str> = traces.iter().map(TraceId::as_str).collect();
    let rows: Vec<ObservationRow> = each_backend!(conn, |c| {
        llm_observation::table
            .filter(llm_observation::project_id.eq(project))
            .filter(llm_observation::trace_id.eq_any(&ids))
            .order((llm_observation::started_at.asc(), llm_observation::id.asc()))
            .select(ObservationRow::as_select())
            .load(c)
    })?;
    rows.into_iter()
        .map(ObservationRow::into_observation)
        .collect()
}

pub(in crate::llm_integration::traces) fn observation(
    conn: &mut Conn,
    project: ProjectId,
    id: &ObservationId,
) -> Result<Option<Observation>, DbError> {
    let row: Option<ObservationRow> = each_backend!(conn, |c| {
        llm_observation::table
            .find((project, id.as_str()))
            .select(ObservationRow::as_select())
            .first(c)
            .optional()
    })?;
    row.map(ObservationRow::into_observation).transpose()
}

/// Newest first, each with its trace.
pub(in crate::llm_integration::traces) fn observations(
    conn: &mut Conn,
    project: ProjectId,
    filter: &ObservationFilter,
    after: Option<&ObservationPosition>,
    limit: i64,
) -> Result<Vec<FoundObservation>, DbError> {
    use llm_observation as o;
    let rows: Vec<(ObservationRow, TraceRow)> = each_backend!(conn, |c| {
        let of_same_trace = o::project_id
            .eq(llm_trace::project_id)
            .and(o::trace_id.eq(llm_trace::id));
        let mut query = o::table
            .inner_join(llm_trace::table.on(of_same_trace))
            .filter(o::project_id.eq(project))
            .select((ObservationRow::as_select(), TraceRow::as_select()))
            .into_boxed();
        if let Some(trace_id) = &filter.trace_id {
            query = query.filter(o::trace_id.eq(trace_id.as_str()));
        }
        if let Some(kind) = filter.kind {
            query = query.filter(o::kind.eq(kind.name()));
        }
        if let Some(level) = filter.level {
            query = query.filter(o::level.eq(level.name()));
        }
        if let Some(name) = &filter.name {
            query = query.filter(o::name.eq(name));
        }
        if let Some(version) = &filter.version {
            query = query.filter(o::version.eq(version));
        }
        if let Some(user_id) = &filter.user_id {
            query = query.filter(llm_trace::user_id.eq(user_id));
        }
        if let Some(session_id) = &filter.session_id {
            query = query.filter(llm_trace::session_id.eq(session_id));
        }
        query = match &filter.parent {
            Some(ParentIs::None) => query.filter(o::parent_id.is_null()),
            Some(ParentIs::Some) => query.filter(o::parent_id.is_not_null()),
            Some(ParentIs::Observation(id)) => query.filter(o::parent_id.eq(id.as_str())),
            None => query,
        };
        if !filter.environments.is_empty() {
            query = query.filter(o::environment.eq_any(&filter.environments));
        }
        if let Some(from) = filter.from {
            query = query.filter(o::started_at.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(o::started_at.lt(to));
        }
        if let Some(ObservationPosition { started_at, id }) = after {
            let same_instant = o::started_at.eq(started_at).and(o::id.lt(id.as_str()));
            query = query.filter(o::started_at.lt(started_at).or(same_instant));
        }
        query
            .order((o::started_at.desc(), o::id.desc()))
            .limit(limit)
            .load(c)
    })?;
    rows.into_iter()
        .map(|(observation, trace)| {
            let observation = observation.into_observation()?;
            Ok(FoundObservation {
                observation,
                trace: trace.into_trace()?,
            })
        })
        .collect()
}
