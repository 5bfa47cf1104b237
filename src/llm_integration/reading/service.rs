//! The reader's side of traces.

use std::collections::HashMap;

use super::{
    FoundObservation, FoundTrace, ObservationFilter, Paged, TraceDetails, TraceFilter, TraceList,
    bodies::Bodies, store,
};
use crate::{
    kernel::{Actor, Cursor, Page, PageLimit, Permission, ProjectId},
    llm_integration::{
        LlmError, ObservationId, Recorder, TraceId,
        query::{
            self, After, Compare, Cut, Filter, Key, ObservationColumn, OfObservations, OfTraces,
            Test, TraceColumn,
        },
    },
    platform::{
        db::{Conn, Db, DbError},
        objects::Objects,
    },
};

/// What was traced, for those who may read it. Cheap to clone.
#[derive(Clone)]
pub struct Traces {
    db: Db,
    recorder: Recorder,
    bodies: Bodies,
}

/// What a list loads beside the small columns.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    pub io: bool,
    /// Inputs and outputs in full, also those that are too large for a row.
    pub whole: bool,
    pub trace: bool,
}

impl Traces {
    /// Reads what `recorder` took in, also when that was a moment ago; what is too large for a row
    /// lies in `objects`.
    pub fn new(db: Db, recorder: Recorder, objects: Objects) -> Self {
        Self {
            db,
            recorder,
            bodies: Bodies::new(objects),
        }
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        actor: &Actor,
        body: impl FnOnce(&mut Conn, ProjectId) -> Result<T, LlmError> + Send + 'static,
    ) -> Result<T, LlmError> {
        actor.require(Permission::TracesRead)?;
        self.recorder.applied().await;
        let project = actor.project;
        self.db.read(move |conn| body(conn, project)).await
    }

    /// A trace with everything there is.
    pub async fn get(&self, actor: &Actor, id: TraceId) -> Result<TraceDetails, LlmError> {
        let reading = self.read(actor, move |conn, project| {
            let trace = store::trace(conn, project, &id)?
                .ok_or_else(|| LlmError::TraceNotFound { id: id.to_string() })?;
            let observations = store::of_traces(conn, project, &[id])?;
            let mut details = TraceDetails {
                trace,
                observations,
            };
            let roots: Vec<_> = details.roots().filter_map(|root| root.io.clone()).collect();
            details.trace.take_from_roots(roots.iter());
            Ok(details)
        });
        let mut details = reading.await?;
        let observations = details.observations.iter_mut();
        let ios = observations.filter_map(|observation| observation.io.as_mut());
        self.bodies
            .complete(details.trace.io.iter_mut().chain(ios))
            .await?;
        Ok(details)
    }

    /// A numbered page of traces.
    pub async fn list(
        &self,
        actor: &Actor,
        list: TraceList,
    ) -> Result<Paged<FoundTrace>, LlmError> {
        self.read(actor, move |conn, project| {
            let total = query::count::<OfTraces>(conn, project, &list.filter)?;
            let by_time = list.order.column == TraceColumn::Timestamp;
            let cut = Cut {
                order: Some(list.order.column).filter(|_| !by_time),
                ascending: list.order.ascending,
                after: After::Offset(offset(list.page, list.limit)),
                limit: i64::from(list.limit.get()),
            };
            let keys = query::page::<OfTraces>(conn, project, &list.filter, &cut)?;
            Ok(Paged {
                items: traces_of(conn, project, &keys, list.io)?,
                total: total.unsigned_abs(),
            })
        })
        .await
    }

    /// The traces that match, newest first.
    pub async fn traces(
        &self,
        actor: &Actor,
        filter: TraceFilter,
        limit: PageLimit,
        cursor: Option<Cursor>,
        io: bool,
    ) -> Result<Page<FoundTrace>, LlmError> {
        let after: Option<Key> = cursor.map(|cursor| cursor.position()).transpose()?;
        self.read(actor, move |conn, project| {
            let keys = query::page::<OfTraces>(conn, project, &filter, &newest(after, limit))?;
            let page = Page::from_lookahead(keys, limit, Clone::clone);
            let items = traces_of(conn, project, &page.items, io)?;
            Ok(Page {
                items,
                next: page.next,
            })
        })
        .await
    }

    /// Those of these traces that pass the filter, oldest first. What changed a moment ago is there:
    /// this does not wait for anything else.
    pub async fn changed(
        &self,
        actor: &Actor,
        filter: TraceFilter,
        ids: Vec<TraceId>,
        io: bool,
    ) -> Result<Vec<FoundTrace>, LlmError> {
        actor.require(Permission::TracesRead)?;
        let project = actor.project;
        let reading = self.db.read(move |conn| {
            let Some((first, last)) = store::span_of(conn, project, &ids)? else {
                return Ok(Vec::new());
            };
            let cut = Cut {
                order: None,
                ascending: true,
                after: After::Key(None),
                limit: i64::try_from(ids.len()).unwrap_or(i64::MAX),
            };
            let ids = ids.into_iter().map(|id| id.as_str().to_owned());
            let filter = filter
                .with_any(TraceColumn::Id, ids.collect())
                .with(TraceColumn::Timestamp, Test::Time(Compare::AtLeast, first))
                .with(TraceColumn::Timestamp, Test::Time(Compare::AtMost, last));
            let keys = query::page::<OfTraces>(conn, project, &filter, &cut)?;
            traces_of(conn, project, &keys, io)
        });
        reading.await.map_err(LlmError::Db)
    }

    /// These traces without what can be large, by their ids.
    pub async fn heads(
        &self,
        actor: &Actor,
        ids: Vec<TraceId>,
    ) -> Result<HashMap<TraceId, FoundTrace>, LlmError> {
        self.read(actor, move |conn, project| {
            Ok(store::heads(conn, project, &ids)?)
        })
        .await
    }

    /// The ids of the observations of these traces, by the ids of the traces.
    pub async fn observation_ids(
        &self,
        actor: &Actor,
        traces: Vec<TraceId>,
    ) -> Result<HashMap<String, Vec<String>>, LlmError> {
        self.read(actor, move |conn, project| {
            Ok(store::observation_ids_of(conn, project, &traces)?)
        })
        .await
    }

    /// The cursor from which a list goes on after this trace.
    pub fn cursor_after(trace: &FoundTrace) -> Cursor {
        let id = trace.id.as_str().to_owned();
        Cursor::after(&Key {
            at: trace.started_at,
            trace_id: id.clone(),
            id,
        })
    }

    /// One observation with everything there is. Ids are unique in a trace; of several with this id
    /// the newest is meant.
    pub async fn observation(
        &self,
        actor: &Actor,
        id: ObservationId,
    ) -> Result<FoundObservation, LlmError> {
        let reading = self.read(actor, move |conn, project| {
            let filter =
                Filter::default().with_text(ObservationColumn::Id, Some(id.as_str().to_owned()));
            let cut = Cut {
                order: None,
                ascending: false,
                after: After::Key(None),
                limit: 1,
            };
            let keys = query::page::<OfObservations>(conn, project, &filter, &cut)?;
            let mut found = store::observations(conn, project, &keys, true, true)?;
            found
                .pop()
                .ok_or_else(|| LlmError::ObservationNotFound { id: id.to_string() })
        });
        let mut found = reading.await?;
        self.bodies.complete(found.io.as_mut()).await?;
        Ok(found)
    }

    /// The observations that match, newest first.
    pub async fn observations(
        &self,
        actor: &Actor,
        filter: ObservationFilter,
        limit: PageLimit,
        cursor: Option<Cursor>,
        wanted: Wanted,
    ) -> Result<Page<FoundObservation>, LlmError> {
        let after: Option<Key> = cursor.map(|cursor| cursor.position()).transpose()?;
        let Wanted { io, whole, trace } = wanted;
        let reading = self.read(actor, move |conn, project| {
            let cut = newest(after, limit);
            let keys = query::page::<OfObservations>(conn, project, &filter, &cut)?;
            let page = Page::from_lookahead(keys, limit, Clone::clone);
            Ok(Page {
                items: store::observations(conn, project, &page.items, io, trace)?,
                next: page.next,
            })
        });
        let mut page = reading.await?;
        if whole {
            self.complete(&mut page.items).await?;
        }
        Ok(page)
    }

    async fn complete(&self, observations: &mut [FoundObservation]) -> Result<(), LlmError> {
        let ios = observations.iter_mut();
        let ios = ios.filter_map(|observation| observation.io.as_mut());
        self.bodies.complete(ios).await
    }

    /// A numbered page of observations with everything there is, newest first.
    pub async fn observations_page(
        &self,
        actor: &Actor,
        filter: ObservationFilter,
        page: u32,
        limit: PageLimit,
    ) -> Result<Paged<FoundObservation>, LlmError> {
        let reading = self.read(actor, move |conn, project| {
            let total = query::count::<OfObservations>(conn, project, &filter)?;
            let cut = Cut {
                order: None,
                ascending: false,
                after: After::Offset(offset(page, limit)),
                limit: i64::from(limit.get()),
            };
            let keys = query::page::<OfObservations>(conn, project, &filter, &cut)?;
            Ok(Paged {
                items: store::observations(conn, project, &keys, true, true)?,
                total: total.unsigned_abs(),
            })
        });
        let mut page = reading.await?;
        self.complete(&mut page.items).await?;
        Ok(page)
    }
}

pub(super) fn offset(page: u32, limit: PageLimit) -> i64 {
    i64::from(page.saturating_sub(1)) * i64::from(limit.get())
}

fn newest<C>(after: Option<Key>, limit: PageLimit) -> Cut<C> {
    Cut {
        order: None,
        ascending: false,
        after: After::Key(after),
        limit: limit.with_lookahead(),
    }
}

/// The traces; where inputs and outputs are asked for, those that have none take their roots'.
pub(super) fn traces_of(
    conn: &mut Conn,
    project: ProjectId,
    keys: &[Key],
    io: bool,
) -> Result<Vec<FoundTrace>, DbError> {
    let mut traces = store::traces(conn, project, keys, io)?;
    let lacks = |trace: &FoundTrace| {
        let io = trace.io.as_ref();
        io.is_some_and(|io| io.input.is_none() || io.output.is_none())
    };
    let lacking: Vec<String> = traces
        .iter()
        .filter(|trace| lacks(trace))
        .map(|trace| trace.id.as_str().to_owned())
        .collect();
    if lacking.is_empty() {
        return Ok(traces);
    }
    let ids: Vec<&str> = lacking.iter().map(String::as_str).collect();
    let mut roots: HashMap<String, Vec<_>> = HashMap::new();
    for (trace, io) in store::roots_io(conn, project, &ids)? {
        roots.entry(trace).or_default().push(io);
    }
    for trace in &mut traces {
        if let Some(roots) = roots.get(trace.id.as_str()) {
            trace.take_from_roots(roots.iter());
        }
    }
    Ok(traces)
}
