//! The reader's side of sessions and users: what their traces come to.

use super::{
    Paged, SessionDetails, SessionSummary, Traces, UserSummary,
    service::{offset, traces_of},
    store::{self, SessionFilter},
};
use crate::{
    kernel::{Actor, Cursor, Page, PageLimit, Timestamp},
    llm_integration::{
        LlmError,
        query::{self, After, Cut, Filter, OfTraces, TraceColumn},
    },
};

/// Traces of one session that are shown with it.
const MAX_SESSION_TRACES: i64 = 1000;

impl Traces {
    /// A numbered page of sessions, newest first.
    pub async fn sessions(
        &self,
        actor: &Actor,
        filter: SessionFilter,
        page: u32,
        limit: PageLimit,
    ) -> Result<Paged<SessionSummary>, LlmError> {
        self.read(actor, move |conn, project| {
            let total = store::count_sessions(conn, project, &filter)?;
            let (offset, limit) = (offset(page, limit), i64::from(limit.get()));
            Ok(Paged {
                items: store::sessions(conn, project, &filter, offset, limit)?,
                total: total.unsigned_abs(),
            })
        })
        .await
    }

    /// A session with its traces, oldest first.
    pub async fn session(&self, actor: &Actor, id: String) -> Result<SessionDetails, LlmError> {
        self.read(actor, move |conn, project| {
            let session = store::session(conn, project, &id)?;
            let filter = Filter::default().with_text(TraceColumn::SessionId, Some(id.clone()));
            let session = session.ok_or(LlmError::Missing {
                what: "session",
                id,
            })?;
            let cut = Cut {
                order: None,
                ascending: true,
                after: After::Key(None),
                limit: MAX_SESSION_TRACES,
            };
            let keys = query::page::<OfTraces>(conn, project, &filter, &cut)?;
            Ok(SessionDetails {
                session,
                traces: traces_of(conn, project, &keys, true)?,
            })
        })
        .await
    }

    /// Users by their ids, with what their traces between the two times come to.
    pub async fn users(
        &self,
        actor: &Actor,
        between: (Option<Timestamp>, Option<Timestamp>),
        cursor: Option<Cursor>,
        limit: PageLimit,
    ) -> Result<Page<UserSummary>, LlmError> {
        let after: Option<String> = cursor.map(|cursor| cursor.position()).transpose()?;
        self.read(actor, move |conn, project| {
            let limited = limit.with_lookahead();
            let found = store::users(conn, project, between, after.as_deref(), limited)?;
            Ok(Page::from_lookahead(found, limit, |user| user.id.clone()))
        })
        .await
    }
}
