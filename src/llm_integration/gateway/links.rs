//! What a call says about itself beside the request: its prompt, trace, session and user.
//!
//! Each can be given as `metadata.langfuse_<name>` in the body or as header `x-langfuse-<name>`,
//! with `-` for `_`; the body wins, for it belongs to this one call.

use std::{collections::BTreeMap, fmt::Display, str::FromStr};

use serde_json::value::RawValue;

use super::request::Key;
use crate::llm_integration::{CallerHeaders, LlmError, ObservationId, TraceId};

pub(super) const METADATA_PREFIX: &str = "langfuse_";
const HEADER_PREFIX: &str = "x-langfuse-";
const MAX_CHARS: usize = 200;
const MAX_TAGS: usize = 50;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Links {
    pub prompt_name: Option<String>,
    pub prompt_version: Option<i32>,
    pub trace_id: Option<TraceId>,
    pub parent_id: Option<ObservationId>,
    pub trace_name: Option<String>,
    pub session_id: Option<String>,
    pub user_id: Option<String>,
    pub tags: Vec<String>,
    pub environment: Option<String>,
    pub release: Option<String>,
    pub version: Option<String>,
}

/// The two places that links are read from.
struct Sources<'a> {
    headers: &'a CallerHeaders,
    metadata: &'a BTreeMap<Key<'a>, &'a RawValue>,
}

impl Links {
    /// # Errors
    /// [`LlmError::InvalidCall`], naming the key, when a value is too long, holds control
    /// characters, or is not what its key takes.
    pub fn parse(
        headers: &CallerHeaders,
        metadata: &BTreeMap<Key<'_>, &RawValue>,
    ) -> Result<Self, LlmError> {
        let sources = Sources { headers, metadata };
        let (mut trace_id, mut parent_id) = (
            sources.parsed("trace_id")?,
            sources.parsed("parent_observation_id")?,
        );
        if trace_id.is_none()
            && let Some((trace, span)) = headers.get("traceparent").and_then(parse_traceparent)
        {
            trace_id = Some(trace);
            parent_id = parent_id.or(Some(span));
        }
        Ok(Self {
            prompt_name: sources.text("prompt_name")?,
            prompt_version: sources.parsed("prompt_version")?,
            trace_id,
            parent_id,
            trace_name: sources.text("trace_name")?,
            session_id: sources.text("session_id")?,
            user_id: sources.text("user_id")?,
            tags: sources.tags()?,
            environment: sources.text("environment")?,
            release: sources.text("release")?,
            version: sources.text("version")?,
        })
    }
}

impl Sources<'_> {
    fn raw(&self, name: &str) -> Option<&RawValue> {
        self.metadata
            .get(format!("{METADATA_PREFIX}{name}").as_str())
            .copied()
    }

    /// A string as it is; a number or boolean, which lenient clients send, as its text.
    fn text(&self, name: &str) -> Result<Option<String>, LlmError> {
        let given = match self.raw(name).map(RawValue::get) {
            None | Some("null") => {
                let header = format!("{HEADER_PREFIX}{}", name.replace('_', "-"));
                self.headers.get(&header).map(str::to_owned)
            }
            Some(text) if text.starts_with(['{', '[']) => {
                return Err(invalid(name, "a string"));
            }
            Some(text) => Some(serde_json::from_str(text).unwrap_or_else(|_| text.to_owned())),
        };
        given
            .filter(|text| !text.is_empty())
            .map(|text| checked(name, text))
            .transpose()
    }

    fn parsed<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, LlmError> {
        let parse = |text: String| text.trim().parse().map_err(|error| invalid(name, &error));
        self.text(name)?.map(parse).transpose()
    }

    /// A JSON array, or text with commas: OpenAI's `metadata` holds only strings.
    fn tags(&self) -> Result<Vec<String>, LlmError> {
        const NAME: &str = "tags";
        let given: Vec<String> = match self.raw(NAME).map(RawValue::get) {
            Some(array) if array.starts_with('[') => {
                serde_json::from_str(array).map_err(|_| invalid(NAME, "strings"))?
            }
            _ => self
                .text(NAME)?
                .unwrap_or_default()
                .split(',')
                .map(|tag| tag.trim().to_owned())
                .collect(),
        };
        let mut tags = given
            .into_iter()
            .filter(|tag| !tag.is_empty())
            .map(|tag| checked(NAME, tag))
            .collect::<Result<Vec<_>, _>>()?;
        tags.sort_unstable();
        tags.dedup();
        if tags.len() > MAX_TAGS {
            return Err(invalid(NAME, &format_args!("at most {MAX_TAGS} tags")));
        }
        Ok(tags)
    }
}

fn checked(name: &str, text: String) -> Result<String, LlmError> {
    if text.chars().count() > MAX_CHARS || text.chars().any(char::is_control) {
        return Err(invalid(
            name,
            &format_args!("up to {MAX_CHARS} characters, none of them control characters"),
        ));
    }
    Ok(text)
}

fn invalid(name: &str, takes: &(impl Display + ?Sized)) -> LlmError {
    let header = name.replace('_', "-");
    LlmError::InvalidCall {
        what: format!(
            "`metadata.{METADATA_PREFIX}{name}` (or the header `{HEADER_PREFIX}{header}`) takes: {takes}"
        ),
    }
}

/// W3C Trace Context; one that is malformed counts as none, as the standard has it.
fn parse_traceparent(header: &str) -> Option<(TraceId, ObservationId)> {
    let mut parts = header.trim().split('-');
    let version = parts
        .next()
        .filter(|version| version.len() == 2 && *version != "ff")?;
    u8::from_str_radix(version, 16).ok()?;
    let ids = (
        TraceId::w3c(parts.next()?)?,
        ObservationId::w3c(parts.next()?)?,
    );
    parts.next().filter(|flags| flags.len() == 2)?;
    Some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    fn parse(headers: &[(&str, &str)], metadata: &str) -> Result<Links, LlmError> {
        let metadata: BTreeMap<Key<'_>, &RawValue> = serde_json::from_str(metadata).unwrap();
        Links::parse(&CallerHeaders::of(headers.iter().copied()), &metadata)
    }

    #[test]
    fn the_body_wins_over_headers_and_both_are_read() {
        let links = parse(
            &[
                ("x-langfuse-prompt-name", "from header"),
                ("x-langfuse-prompt-version", "3"),
            ],
            r#"{"langfuse_prompt_name": "fröhlich", "langfuse_tags": "b, a,b", "other": {}}"#,
        )
        .unwrap();
        assert_eq!(links.prompt_name.as_deref(), Some("fröhlich"));
        assert_eq!(links.prompt_version, Some(3));
        assert_eq!(links.tags, ["a", "b"]);
    }

    #[test]
    fn numbers_and_arrays_of_lenient_clients_are_understood() {
        let links = parse(
            &[],
            r#"{"langfuse_prompt_version": 7, "langfuse_tags": ["x,y"], "langfuse_user_id": null}"#,
        )
        .unwrap();
        assert_eq!((links.prompt_version, links.user_id), (Some(7), None));
        assert_eq!(links.tags, ["x,y"]);
    }

    #[test]
    fn a_traceparent_gives_trace_and_parent_unless_the_call_names_its_trace() {
        let traceparent = format!("00-{TRACE}-b7ad6b7169203331-01");
        let links = parse(&[("traceparent", &traceparent)], "{}").unwrap();
        assert_eq!(links.trace_id.unwrap().as_str(), TRACE);
        assert_eq!(links.parent_id.unwrap().as_str(), "b7ad6b7169203331");
        let named = format!(r#"{{"langfuse_trace_id": "{}"}}"#, "1".repeat(32));
        let links = parse(&[("traceparent", &traceparent)], &named).unwrap();
        assert_eq!(
            (links.trace_id.unwrap().as_str(), links.parent_id),
            ("1".repeat(32).as_str(), None)
        );
        assert_eq!(
            parse(&[("traceparent", "junk")], "{}").unwrap(),
            Links::default()
        );
    }

    #[test]
    fn what_a_key_does_not_take_is_refused_by_its_name() {
        for (metadata, key) in [
            (r#"{"langfuse_trace_id": "a\u0000"}"#, "langfuse_trace_id"),
            (
                r#"{"langfuse_prompt_version": "latest"}"#,
                "langfuse_prompt_version",
            ),
            (r#"{"langfuse_user_id": "a\u0000b"}"#, "langfuse_user_id"),
            (r#"{"langfuse_session_id": {}}"#, "langfuse_session_id"),
            (r#"{"langfuse_tags": [1]}"#, "langfuse_tags"),
        ] {
            let error = parse(&[], metadata).unwrap_err().to_string();
            assert!(error.contains(key), "{error}");
        }
    }
}
