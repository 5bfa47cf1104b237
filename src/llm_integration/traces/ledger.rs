//! The ledger: what calls of models used and cost, read page by page.

use super::store;
use crate::{
    kernel::{Actor, Permission, Timestamp},
    llm_integration::{LedgerCall, LlmError},
    platform::db::Db,
};

/// Calls that are read at once.
const PAGE: i64 = 5_000;

/// The last call that was read: its time and id.
pub type LedgerPosition = (Timestamp, String);

/// What was called, for those who may read traces. Cheap to clone.
#[derive(Clone)]
pub struct CallLedger {
    db: Db,
}

impl CallLedger {
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    /// The calls of a time, oldest first; and where the next page begins.
    pub async fn page(
        &self,
        actor: &Actor,
        time: (Timestamp, Timestamp),
        after: Option<LedgerPosition>,
    ) -> Result<(Vec<LedgerCall>, Option<LedgerPosition>), LlmError> {
        actor.require(Permission::TracesRead)?;
        let project = actor.project;
        let calls = self
            .db
            .read(move |conn| store::calls(conn, project, time, after.as_ref(), PAGE))
            .await?;
        let is_full = i64::try_from(calls.len()) == Ok(PAGE);
        let last = calls.last().filter(|_| is_full);
        let next = last.map(|(id, call)| (call.at, id.clone()));
        Ok((calls.into_iter().map(|(_, call)| call).collect(), next))
    }
}
