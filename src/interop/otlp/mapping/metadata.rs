//! Metadata: what the application attached, and every attribute that no field of a report was read
//! from, so that nothing that was sent is lost.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;

use super::{
    attributes::Attributes,
    genai,
    io::Found,
    langfuse,
    view::{EventView, ScopeView, Sender, SpanView},
};
use crate::{
    interop::otlp::wire::{Link, Value},
    kernel::Timestamp,
    llm_integration::JsonText,
};

/// What all spans of one scope share, written once.
pub struct Shared {
    pub resource: JsonText,
    pub scope: JsonText,
}

#[derive(Serialize)]
struct ScopeShown<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    attributes: &'a Attributes,
}

impl Shared {
    pub fn new(resource: &Attributes, scope: &ScopeView) -> Self {
        let ScopeView {
            name,
            version,
            attributes,
        } = scope;
        Self {
            resource: JsonText::of(resource),
            scope: JsonText::of(&ScopeShown {
                name,
                version,
                attributes,
            }),
        }
    }
}

type Own = BTreeMap<String, JsonText>;

/// Keys of Vercel's metadata that are fields of the trace.
const VERCEL_FIELDS: &[&str] = &["userId", "sessionId", "tags", "langfusePrompt"];
const VERCEL: &str = "ai.telemetry.metadata.";
const OPENINFERENCE: &str = "metadata";

/// What the application attached to the step.
pub fn of_observation(view: &SpanView<'_>) -> Own {
    let mut own = Own::new();
    if let Some(value) = view.attributes.meaningful(OPENINFERENCE) {
        add_object(&mut own, &value.captured());
    }
    add_prefixed(&mut own, view, langfuse::OBSERVATION_METADATA);
    for (key, value) in view.attributes.under(VERCEL) {
        if !VERCEL_FIELDS.contains(&key) {
            own.insert(key.to_owned(), value.captured_structure());
        }
    }
    if let Some(tools) = view.attributes.meaningful("ai.prompt.tools") {
        own.insert("tools".to_owned(), tools.captured_structure());
    }
    own
}

/// What the application attached to the trace.
pub fn of_trace(view: &SpanView<'_>) -> Own {
    let mut own = Own::new();
    let sender = Sender::default();
    for (key, value) in view.resource.under("langfuse.trace.metadata.") {
        own.insert(key.to_owned(), decoded(value, sender));
    }
    add_prefixed(&mut own, view, langfuse::TRACE_METADATA);
    own
}

/// `prefix` itself as an object, and `prefix.key` for single keys.
fn add_prefixed(own: &mut Own, view: &SpanView<'_>, prefix: &str) {
    for prefix in [langfuse::METADATA, prefix] {
        if let Some(value) = view.attributes.meaningful(prefix) {
            add_object(own, &value.captured());
        }
        let dotted = format!("{prefix}.");
        for (key, value) in view.attributes.under(&dotted) {
            own.insert(key.to_owned(), decoded(value, view.sender));
        }
    }
}

fn add_object(own: &mut Own, value: &JsonText) {
    match serde_json::from_str::<BTreeMap<String, &RawValue>>(value.get()) {
        Ok(object) => {
            let pairs = object.into_iter();
            own.extend(pairs.map(|(key, value)| (key, JsonText::of(&value))));
        }
        Err(_) => {
            own.insert("value".to_owned(), value.clone());
        }
    }
}

fn decoded(value: &Value, sender: Sender) -> JsonText {
    if sender.encodes_metadata {
        value.captured()
    } else {
        value.captured_structure()
    }
}

/// Whether the attribute is shown as metadata already.
fn is_metadata(key: &str) -> bool {
    const PREFIXES: [&str; 3] = [
        langfuse::METADATA,
        langfuse::OBSERVATION_METADATA,
        langfuse::TRACE_METADATA,
    ];
    let is_langfuse = |prefix: &&str| {
        let rest = key.strip_prefix(*prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    PREFIXES.iter().any(is_langfuse)
        || key == OPENINFERENCE
        || key == "ai.prompt.tools"
        || key.starts_with(VERCEL)
}

/// The metadata of an observation.
pub fn written(
    view: &SpanView<'_>,
    found: &Found,
    links: &[Link],
    shared: &Shared,
    own: &Own,
) -> JsonText {
    JsonText::of(&Written {
        own,
        rest: Some(Rest { view, found, links }),
        shared,
    })
}

/// The metadata of a trace: what its root attached, and where it comes from.
pub fn written_of_trace(own: &Own, shared: &Shared) -> JsonText {
    let rest = None;
    JsonText::of(&Written { own, rest, shared })
}

struct Written<'a> {
    own: &'a Own,
    rest: Option<Rest<'a>>,
    shared: &'a Shared,
}

struct Rest<'a> {
    view: &'a SpanView<'a>,
    found: &'a Found,
    links: &'a [Link],
}

/// Keys of our own beside what the application attached; ours win.
const RESERVED: &[&str] = &[
    "attributes",
    "resourceAttributes",
    "scope",
    "events",
    "links",
];

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        let own = self.own.iter();
        for (key, value) in own.filter(|(key, _)| !RESERVED.contains(&key.as_str())) {
            object.serialize_entry(key, value)?;
        }
        if let Some(rest) = &self.rest {
            rest.write(&mut object)?;
        }
        object.serialize_entry("resourceAttributes", &self.shared.resource)?;
        object.serialize_entry("scope", &self.shared.scope)?;
        object.end()
    }
}

impl Rest<'_> {
    fn write<M: SerializeMap>(&self, object: &mut M) -> Result<(), M::Error> {
        if self.attributes().next().is_some() {
            object.serialize_entry("attributes", &AsMap(|| self.attributes()))?;
        }
        let is_shown = |event: &&EventView| !genai::CONTENT_EVENTS.contains(&event.name.as_str());
        let events: Vec<_> = self.view.events.iter().filter(is_shown).collect();
        if !events.is_empty() {
            let shown: Vec<_> = events.into_iter().map(EventShown::from).collect();
            object.serialize_entry("events", &shown)?;
        }
        if !self.links.is_empty() {
            let shown: Vec<_> = self.links.iter().map(LinkShown::from).collect();
            object.serialize_entry("links", &shown)?;
        }
        Ok(())
    }

    fn attributes(&self) -> impl Iterator<Item = (&str, Option<&Value>)> {
        let is_langfuse = self.view.scope.is_langfuse_sdk();
        self.view.attributes.iter().filter(move |(key, _)| {
            let is_field = is_langfuse && langfuse::KNOWN.contains(key);
            !is_field && !is_metadata(key) && !self.found.is_content(key)
        })
    }
}

/// A map that is written from an iterator, without being built.
struct AsMap<F>(F);

impl<F, I, K, V> Serialize for AsMap<F>
where
    F: Fn() -> I,
    I: Iterator<Item = (K, V)>,
    K: Serialize,
    V: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map((self.0)())
    }
}

#[derive(Serialize)]
struct EventShown<'a> {
    name: &'a str,
    time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    attributes: &'a Attributes,
}

impl<'a> From<&'a EventView> for EventShown<'a> {
    fn from(event: &'a EventView) -> Self {
        Self {
            name: &event.name,
            time: event.at,
            attributes: &event.attributes,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkShown {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    attributes: Attributes,
}

impl From<&Link> for LinkShown {
    fn from(link: &Link) -> Self {
        Self {
            trace_id: super::ids::hex(&link.trace_id),
            span_id: super::ids::hex(&link.span_id),
            attributes: Attributes::new(link.attributes.clone()),
        }
    }
}
