//! Reports gathered by trace: what one transaction writes.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{Body, ObservationState, TraceState};
use crate::{
    kernel::ProjectId,
    llm_integration::{ObservationId, Report, TraceId},
};

/// What is new of one trace.
#[derive(Clone, Debug)]
pub(in crate::llm_integration::traces) struct Change {
    pub trace: TraceState,
    pub observations: BTreeMap<ObservationId, ObservationState>,
}

/// In the order of their keys, so that two writers that share traces can not deadlock.
pub(in crate::llm_integration::traces) type Changes = BTreeMap<(ProjectId, TraceId), Change>;

/// A report whose input and output lie where they are to be stored.
#[derive(Clone, Debug)]
pub(in crate::llm_integration::traces) struct Placed {
    pub project: ProjectId,
    pub report: Report,
    pub input: Option<Body>,
    pub output: Option<Body>,
}

impl Placed {
    /// A report that is stored in its rows as a whole.
    pub fn inline(project: ProjectId, mut report: Report) -> Self {
        let (input, output) = report.take_bodies();
        Self {
            project,
            report,
            input: input.map(Body::inline),
            output: output.map(Body::inline),
        }
    }
}

pub(in crate::llm_integration::traces) fn gather(
    reports: impl IntoIterator<Item = Placed>,
) -> Changes {
    let mut changes = Changes::new();
    for placed in reports {
        add(&mut changes, placed);
    }
    changes
}

fn add(changes: &mut Changes, placed: Placed) {
    let Placed {
        project,
        report,
        input,
        output,
    } = placed;
    let key = (project, report.trace_id().clone());
    let (trace, observation) = match report {
        Report::Trace(report) => (TraceState::said(report, input, output), None),
        Report::Observation(report) => {
            let (id, implied) = (report.id.clone(), TraceState::implied(&report));
            let said = ObservationState::said(report, input, output);
            (implied, Some((id, said)))
        }
    };
    let change = match changes.entry(key) {
        Entry::Occupied(known) => {
            let known = known.into_mut();
            known.trace.join(trace);
            known
        }
        Entry::Vacant(new) => new.insert(Change {
            trace,
            observations: BTreeMap::new(),
        }),
    };
    if let Some((id, said)) = observation {
        match change.observations.entry(id) {
            Entry::Occupied(mut known) => known.get_mut().join(said),
            Entry::Vacant(new) => {
                new.insert(said);
            }
        }
    }
}
