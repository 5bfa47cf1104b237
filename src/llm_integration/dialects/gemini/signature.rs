//! The signature of a call's thinking, carried in the id of the call: clients of every dialect send the
//! id back as it is, and none has a field for the signature.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

/// Between the id and the signature; letters that ids may have in every dialect.
const MARK: &str = "__thought__";
/// Gemini 3 refuses calls without a signature; this stands for one of a call that another model made.
const OF_ANOTHER_MODEL: &str = "skip_thought_signature_validator";

/// The id that a client sees.
pub(super) fn in_id(id: String, signature: Option<&str>) -> String {
    // A signature is base64 with characters that not every dialect allows in an id.
    match signature.map(|text| STANDARD.decode(text)) {
        Some(Ok(bytes)) => format!("{id}{MARK}{}", URL_SAFE_NO_PAD.encode(bytes)),
        _ => id,
    }
}

/// The provider's id and signature of one that a client sent.
pub(super) fn of_id(id: &str) -> (&str, Option<String>) {
    let parts = id.split_once(MARK);
    let decoded = parts.and_then(|(id, text)| Some((id, URL_SAFE_NO_PAD.decode(text).ok()?)));
    match decoded {
        Some((id, bytes)) => (id, Some(STANDARD.encode(bytes))),
        None => (id, None),
    }
}

/// What the first call of a turn carries when it has no signature of its own.
pub(super) fn missing(model: &str) -> Option<&'static str> {
    let name = model.rsplit('/').next().unwrap_or(model);
    let knows_none = ["gemini-1", "gemini-2"]
        .iter()
        .any(|old| name.starts_with(old));
    (name.starts_with("gemini") && !knows_none).then_some(OF_ANOTHER_MODEL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_survives_its_way_through_an_id() {
        let signature = STANDARD.encode([0xfb, 0xff, 0xfe, 1]);
        assert!(signature.contains('+') || signature.contains('/'));
        let id = in_id("call_1".to_owned(), Some(&signature));
        assert!(
            id.chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        );
        assert_eq!(of_id(&id), ("call_1", Some(signature)));
        assert_eq!(in_id("a".to_owned(), None), "a");
        for other in ["call_2", "call__thought__!!", "__thought__"] {
            let expected = if other == "__thought__" { "" } else { other };
            assert_eq!(of_id(other).0, expected);
        }
    }

    #[test]
    fn only_models_that_ask_for_signatures_get_a_substitute() {
        assert!(missing("gemini-3-pro").is_some());
        assert!(missing("models/gemini-4").is_some());
        for model in ["gemini-2.5-pro", "gemma-3", "gemini-1.5-flash"] {
            assert!(missing(model).is_none(), "{model}");
        }
    }
}
