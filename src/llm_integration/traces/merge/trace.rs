//! What all reports of a trace come to.

use std::collections::BTreeSet;

use super::{Body, Instants, Metadata, Register, Start, instants::Gathered};
use crate::{
    kernel::Timestamp,
    llm_integration::{
        DEFAULT_ENVIRONMENT, ObservationReport, TraceReport,
        traces::limits::{short, short_all},
    },
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::llm_integration::traces) struct TraceState {
    pub start: Start,
    pub name: Register<String>,
    pub user_id: Register<String>,
    pub session_id: Register<String>,
    pub release: Register<String>,
    pub version: Register<String>,
    pub environment: Register<String>,
    pub public: Register<bool>,
    pub bookmarked: Register<bool>,
    pub tags: BTreeSet<String>,
    pub metadata: Metadata,
    pub input: Register<Body>,
    pub output: Register<Body>,
}

impl TraceState {
    /// A trace of which nothing is known but that it was heard of.
    fn heard_of(start: Start) -> Self {
        Self {
            start,
            name: Register::default(),
            user_id: Register::default(),
            session_id: Register::default(),
            release: Register::default(),
            version: Register::default(),
            environment: Register::default(),
            public: Register::default(),
            bookmarked: Register::default(),
            tags: BTreeSet::new(),
            metadata: Metadata::Unsaid,
            input: Register::default(),
            output: Register::default(),
        }
    }

    /// What one report says. `input` and `output` come apart: they may lie elsewhere by now.
    pub fn said(report: TraceReport, input: Option<Body>, output: Option<Body>) -> Self {
        let at = report.at;
        let text = |text: Option<String>| Register::new(at, text.map(short));
        Self {
            start: Start::new(report.started_at, at),
            name: text(report.name),
            user_id: text(report.user_id),
            session_id: text(report.session_id),
            release: text(report.release),
            version: text(report.version),
            environment: environment(at, report.environment),
            public: Register::new(at, report.public),
            bookmarked: Register::new(at, report.bookmarked),
            tags: short_all(report.tags),
            metadata: Metadata::new(at, report.metadata),
            input: Register::new(at, input),
            output: Register::new(at, output),
        }
    }

    /// What a report of an observation says of its trace: less than any report of the trace itself.
    pub fn implied(report: &ObservationReport) -> Self {
        let start = Start::new(report.started_at, report.at);
        Self {
            environment: environment(Timestamp::EPOCH, report.environment.clone()),
            ..Self::heard_of(start)
        }
    }

    pub fn join(&mut self, other: Self) {
        self.start.join(other.start);
        self.name.join(other.name);
        self.user_id.join(other.user_id);
        self.session_id.join(other.session_id);
        self.release.join(other.release);
        self.version.join(other.version);
        self.environment.join(other.environment);
        self.public.join(other.public);
        self.bookmarked.join(other.bookmarked);
        self.tags.extend(other.tags);
        self.metadata.join(other.metadata);
        self.input.join(other.input);
        self.output.join(other.output);
    }

    pub fn instants(&self) -> Instants {
        let mut gathered = Gathered::default();
        gathered.field("name", &self.name);
        gathered.field("user_id", &self.user_id);
        gathered.field("session_id", &self.session_id);
        gathered.field("release", &self.release);
        gathered.field("version", &self.version);
        gathered.field("environment", &self.environment);
        gathered.with_default("public", &self.public, &false);
        gathered.with_default("bookmarked", &self.bookmarked, &false);
        gathered.instant("metadata", self.metadata.at());
        gathered.field("input", &self.input);
        gathered.field("output", &self.output);
        Instants {
            metadata: self.metadata.instants(),
            objects: super::body::objects(&self.input, &self.output),
            start_unsaid: self.start.said().is_none(),
            ..gathered.finish()
        }
    }
}

/// The default environment is what nobody chose.
pub(super) fn environment(at: Timestamp, said: Option<String>) -> Register<String> {
    let said = said.map(short).filter(|name| name != DEFAULT_ENVIRONMENT);
    Register::new(at, said)
}
