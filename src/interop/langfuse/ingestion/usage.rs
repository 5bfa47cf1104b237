//! `usageDetails` in the shapes that applications give it: Langfuse's classes, or the usage of an
//! answer of OpenAI's, whose totals include their parts.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

type Classes = BTreeMap<String, u64>;

/// Usage of OpenAI's chat completions or responses; nothing else has all of these and only these.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenAi {
    #[serde(alias = "prompt_tokens")]
    input_tokens: u64,
    #[serde(alias = "completion_tokens")]
    output_tokens: u64,
    total_tokens: u64,
    #[serde(default, alias = "prompt_tokens_details")]
    input_tokens_details: Option<BTreeMap<String, Option<u64>>>,
    #[serde(default, alias = "completion_tokens_details")]
    output_tokens_details: Option<BTreeMap<String, Option<u64>>>,
}

/// The classes in a text of JSON; `None` when it is no object of counts.
pub fn usage_details(text: &str) -> Option<Classes> {
    classes(&serde_json::from_str(text).ok()?)
}

/// The classes in an object; `None` when a value is no count.
pub fn classes(given: &Map<String, Value>) -> Option<Classes> {
    if let Ok(usage) = OpenAi::deserialize(given) {
        return Some(usage.classes());
    }
    let counts = given.iter().filter(|(_, count)| !count.is_null());
    counts
        .map(|(class, count)| Some((class.clone(), count.as_u64()?)))
        .collect()
}

impl OpenAi {
    fn classes(self) -> Classes {
        let mut classes = Classes::from([("total".to_owned(), self.total_tokens)]);
        let sides = [
            ("input", self.input_tokens, self.input_tokens_details),
            ("output", self.output_tokens, self.output_tokens_details),
        ];
        for (side, mut rest, parts) in sides {
            for (part, tokens) in parts.unwrap_or_default() {
                if let Some(tokens) = tokens {
                    rest = rest.saturating_sub(tokens);
                    classes.insert(format!("{side}_{part}"), tokens);
                }
            }
            classes.insert(side.to_owned(), rest);
        }
        classes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Vec<(String, u64)>> {
        usage_details(text).map(|classes| classes.into_iter().collect())
    }

    #[test]
    fn openais_usage_is_told_in_classes_that_do_not_overlap() {
        let expected = [
            ("input", 600),
            ("input_cached_tokens", 400),
            ("output", 150),
            ("output_reasoning_tokens", 50),
            ("total", 1_200),
        ];
        let expected = expected.map(|(class, tokens)| (class.to_owned(), tokens));
        let chat = r#"{"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200,
            "prompt_tokens_details": {"cached_tokens": 400, "audio_tokens": null},
            "completion_tokens_details": {"reasoning_tokens": 50}}"#;
        assert_eq!(of(chat).unwrap(), expected);
        let responses = chat
            .replace("prompt", "input")
            .replace("completion", "output");
        assert_eq!(of(&responses).unwrap(), expected);
    }

    #[test]
    fn langfuses_classes_stay_as_they_are_and_other_values_are_none() {
        let own = r#"{"input": 5, "cache_read_input_tokens": 3, "output": null}"#;
        let expected = [("cache_read_input_tokens", 3), ("input", 5)];
        let expected = expected.map(|(class, tokens)| (class.to_owned(), tokens));
        assert_eq!(of(own).unwrap(), expected);
        assert_eq!(of(r#"{"input": -1}"#), None);
        assert_eq!(of("[]"), None);
    }
}
