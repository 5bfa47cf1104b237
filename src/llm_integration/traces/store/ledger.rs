//! Reads what calls used and cost, for sums over many of them.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::{
    kernel::{NanoUsd, ProjectId, Timestamp},
    llm_integration::{
        LedgerCall, ObservationKind,
        traces::{LedgerPosition, schema::llm_observation},
    },
    platform::db::{Conn, DbError, JsonColumn, each_backend},
};

type Row = (
    String,
    Timestamp,
    Option<String>,
    JsonColumn,
    Option<i64>,
    bool,
);

/// Calls of models that began from `from` to before `to`, in the order of their time.
pub(in crate::llm_integration::traces) fn calls(
    conn: &mut Conn,
    project: ProjectId,
    (from, to): (Timestamp, Timestamp),
    after: Option<&LedgerPosition>,
    limit: i64,
) -> Result<Vec<(String, LedgerCall)>, DbError> {
    let kinds =
        [ObservationKind::Generation, ObservationKind::Embedding].map(ObservationKind::name);
    let rows: Vec<Row> = each_backend!(conn, |c| {
        let mut query = llm_observation::table
            .filter(llm_observation::project_id.eq(project))
            .filter(llm_observation::kind.eq_any(kinds))
            .filter(llm_observation::model.is_not_null())
            .filter(llm_observation::started_at.ge(from))
            .filter(llm_observation::started_at.lt(to))
            .into_boxed();
        if let Some((at, id)) = after {
            let later = llm_observation::started_at.gt(at);
            let same = llm_observation::started_at
                .eq(at)
                .and(llm_observation::id.gt(id));
            query = query.filter(later.or(same));
        }
        query
            .order((llm_observation::started_at, llm_observation::id))
            .limit(limit)
            .select((
                llm_observation::id,
                llm_observation::started_at,
                llm_observation::model,
                llm_observation::usage_details,
                llm_observation::total_cost,
                llm_observation::usage_estimated,
            ))
            .load(c)
    })?;
    rows.into_iter().map(call).collect()
}

fn call((id, at, model, usage, cost, estimated): Row) -> Result<(String, LedgerCall), DbError> {
    let usage: BTreeMap<String, u64> =
        serde_json::from_value(usage.into()).map_err(|_| DbError::Corrupt {
            what: "llm_observation.usage_details".to_owned(),
        })?;
    let call = LedgerCall {
        at,
        model: model.unwrap_or_default(),
        usage,
        cost: cost.map(NanoUsd::from_nanos),
        estimated,
    };
    Ok((id, call))
}
