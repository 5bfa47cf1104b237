//! What a model's name says about what it understands.

/// Names of models that take a budget for thinking and know neither `adaptive` nor `effort`.
const KNOWS_BUDGETS_ONLY: &[&str] = &[
    "claude-3",
    "claude-haiku-4",
    "claude-opus-4-0",
    "claude-opus-4-1",
    "claude-opus-4-2",
    "claude-opus-4-5",
    "claude-sonnet-4-0",
    "claude-sonnet-4-2",
    "claude-sonnet-4-5",
];
/// Names of models whose answers end at 4,096 or 8,192 tokens.
const SHORT_ANSWERS: &[(&str, u64)] = &[
    ("claude-3-5-", 8_192),
    ("claude-3-7-", 16_384),
    ("claude-3-", 4_096),
];

/// Whether thinking must be asked for by a number of tokens. The name can stand behind a prefix, as
/// in `anthropic/claude-sonnet-4-5`.
pub(in super::super) fn knows_budgets_only(model: &str) -> bool {
    let name = claude(model);
    KNOWS_BUDGETS_ONLY
        .iter()
        .any(|known| name.starts_with(known))
}

/// The most that its answers can have, where that is less than others'.
pub(super) fn answer_limit(model: &str) -> Option<u64> {
    let name = claude(model);
    let found = SHORT_ANSWERS
        .iter()
        .find(|(known, _)| name.starts_with(known));
    found.map(|(_, limit)| *limit)
}

fn claude(model: &str) -> &str {
    model.find("claude").map_or(model, |at| &model[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_are_told_apart_by_name() {
        for model in [
            "claude-sonnet-4-20250514",
            "anthropic/claude-opus-4-5",
            "claude-3-7-sonnet-latest",
        ] {
            assert!(knows_budgets_only(model), "{model}");
        }
        for model in ["claude-opus-4-6", "claude-sonnet-5", "claude-fable-5"] {
            assert!(!knows_budgets_only(model), "{model}");
        }
        assert_eq!(answer_limit("claude-3-haiku-20240307"), Some(4_096));
        assert_eq!(answer_limit("claude-opus-4-6"), None);
    }
}
