//! What all reports of an observation come to.

use std::collections::BTreeMap;

use super::{Body, Instants, Metadata, Register, Start, instants::Gathered, trace::environment};
use crate::{
    kernel::{NanoUsd, Timestamp},
    llm_integration::{
        JsonText, Level, ObservationId, ObservationKind, ObservationReport,
        traces::limits::{long, short},
    },
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::llm_integration::traces) struct ObservationState {
    pub start: Start,
    pub parent_id: Register<ObservationId>,
    pub kind: Register<ObservationKind>,
    pub name: Register<String>,
    pub ended_at: Register<Timestamp>,
    pub completion_started_at: Register<Timestamp>,
    pub level: Register<Level>,
    pub status_message: Register<String>,
    pub environment: Register<String>,
    pub version: Register<String>,
    pub model: Register<String>,
    pub model_parameters: Register<JsonText>,
    pub prompt_name: Register<String>,
    pub prompt_version: Register<i32>,
    pub experiment_id: Register<String>,
    pub experiment_item_id: Register<String>,
    /// With whether the provider told it: at one instant that counts more than an estimate.
    pub usage: Register<(bool, BTreeMap<String, u64>)>,
    /// As it was reported.
    pub cost: Register<BTreeMap<String, NanoUsd>>,
    pub metadata: Metadata,
    pub input: Register<Body>,
    pub output: Register<Body>,
}

impl ObservationState {
    /// What one report says. `input` and `output` come apart: they may lie elsewhere by now.
    pub fn said(report: ObservationReport, input: Option<Body>, output: Option<Body>) -> Self {
        let at = report.at;
        let text = |text: Option<String>| Register::new(at, text.map(short));
        let told = (!report.usage.is_empty()).then_some((!report.usage_estimated, report.usage));
        let mut metadata = Metadata::new(at, report.metadata);
        if let Some(name) = report.experiment_name {
            let named = BTreeMap::from([("experiment_name", name)]);
            metadata.join(Metadata::new(at, Some(JsonText::of(&named))));
        }
        let is_said = |text: &JsonText| !matches!(text.get(), "{}" | "null");
        Self {
            start: Start::new(report.started_at, at),
            parent_id: Register::new(at, report.parent_id),
            kind: kind(at, report.kind),
            name: text(report.name),
            ended_at: Register::new(at, report.ended_at),
            completion_started_at: Register::new(at, report.completion_started_at),
            level: Register::new(at, report.level),
            status_message: Register::new(at, report.status_message.map(long)),
            environment: environment(at, report.environment),
            version: text(report.version),
            model: text(report.model),
            model_parameters: Register::new(at, report.model_parameters.filter(is_said)),
            prompt_name: text(report.prompt_name),
            prompt_version: Register::new(at, report.prompt_version),
            experiment_id: text(report.experiment_id),
            experiment_item_id: text(report.experiment_item_id),
            usage: Register::new(at, told),
            cost: Register::new(at, (!report.cost.is_empty()).then_some(report.cost)),
            metadata,
            input: Register::new(at, input),
            output: Register::new(at, output),
        }
    }

    pub fn join(&mut self, other: Self) {
        self.start.join(other.start);
        self.parent_id.join(other.parent_id);
        self.kind.join(other.kind);
        self.name.join(other.name);
        self.ended_at.join(other.ended_at);
        self.completion_started_at.join(other.completion_started_at);
        self.level.join(other.level);
        self.status_message.join(other.status_message);
        self.environment.join(other.environment);
        self.version.join(other.version);
        self.model.join(other.model);
        self.model_parameters.join(other.model_parameters);
        self.prompt_name.join(other.prompt_name);
        self.prompt_version.join(other.prompt_version);
        self.experiment_id.join(other.experiment_id);
        self.experiment_item_id.join(other.experiment_item_id);
        self.usage.join(other.usage);
        self.cost.join(other.cost);
        self.metadata.join(other.metadata);
        self.input.join(other.input);
        self.output.join(other.output);
    }

    pub fn instants(&self) -> Instants {
        let mut gathered = Gathered::default();
        gathered.field("parent_id", &self.parent_id);
        gathered.field("kind", &self.kind);
        gathered.field("name", &self.name);
        gathered.field("ended_at", &self.ended_at);
        gathered.field("completion_started_at", &self.completion_started_at);
        gathered.with_default("level", &self.level, &Level::Default);
        gathered.field("status_message", &self.status_message);
        gathered.field("environment", &self.environment);
        gathered.field("version", &self.version);
        gathered.field("model", &self.model);
        gathered.field("model_parameters", &self.model_parameters);
        gathered.field("prompt_name", &self.prompt_name);
        gathered.field("prompt_version", &self.prompt_version);
        gathered.field("experiment_id", &self.experiment_id);
        gathered.field("experiment_item_id", &self.experiment_item_id);
        gathered.field("usage", &self.usage);
        gathered.field("cost", &self.cost);
        gathered.instant("metadata", self.metadata.at());
        gathered.field("input", &self.input);
        gathered.field("output", &self.output);
        Instants {
            metadata: self.metadata.instants(),
            objects: super::body::objects(&self.input, &self.output),
            start_unsaid: self.start.said().is_none(),
            cost_reported: self.cost.get().is_some(),
            ..gathered.finish()
        }
    }
}

/// A kind is refined, never undone: a span is what every observation is.
fn kind(at: Timestamp, said: Option<ObservationKind>) -> Register<ObservationKind> {
    Register::new(at, said.filter(|kind| *kind != ObservationKind::Span))
}
