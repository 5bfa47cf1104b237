//! Guards one text that comes piece by piece.

use std::sync::Arc;

use super::{
    Action, Blocked, Finding, Phase,
    compiled::{Compiled, Test},
    finding::note,
    scan::{HeldTooMuch, Scanner, Window},
};

/// One text under guard. What it lets out does not depend on how the text was cut into pieces.
#[derive(Debug)]
pub struct TextGuard {
    phase: Phase,
    stages: Vec<Stage>,
    findings: Vec<Finding>,
}

#[derive(Debug)]
struct Stage {
    guard: Arc<Compiled>,
    scanner: Arc<Scanner>,
    replacement: String,
    window: Window,
}

impl TextGuard {
    pub(super) fn new(phase: Phase, guards: &[Arc<Compiled>]) -> Self {
        let stages = guards.iter().flat_map(|guard| {
            let scanners = match &guard.test {
                Test::Scan(scanners) => scanners.as_slice(),
                Test::MaxChars(_) | Test::Schema(_) | Test::External(_) => &[],
            };
            scanners.iter().map(|(scanner, replacement)| Stage {
                guard: Arc::clone(guard),
                scanner: Arc::clone(scanner),
                replacement: replacement.clone(),
                window: Window::default(),
            })
        });
        Self {
            phase,
            stages: stages.collect(),
            findings: Vec::new(),
        }
    }

    /// The next piece; returns what can be let out.
    ///
    /// # Errors
    /// When a guard blocks the text.
    pub fn push(&mut self, piece: &str) -> Result<String, Box<Blocked>> {
        self.pass(piece, false)
    }

    /// The text is over; returns the rest.
    ///
    /// # Errors
    /// When a guard blocks the text.
    pub fn finish(&mut self) -> Result<String, Box<Blocked>> {
        self.pass("", true)
    }

    /// What was found so far.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    pub(super) fn pass(&mut self, piece: &str, is_last: bool) -> Result<String, Box<Blocked>> {
        let mut text = piece.to_owned();
        for stage in &mut self.stages {
            let mut released = String::new();
            let settled = stage.window.push(
                &stage.scanner,
                &text,
                &stage.replacement,
                is_last,
                &mut released,
            );
            let finding = match settled {
                Ok(0) => None,
                Ok(matches) => Some(stage.guard.finding(self.phase, matches)),
                Err(error) => Some(stage.guard.because(self.phase, 1, error.to_string())),
            };
            let must_stop = stage.guard.action() == Action::Block || settled == Err(HeldTooMuch);
            if let Some(finding) = finding {
                note(&mut self.findings, finding.clone());
                if must_stop {
                    return Err(Box::new(Blocked {
                        by: finding,
                        findings: self.take_findings(),
                    }));
                }
            }
            if stage.guard.action() != Action::Flag {
                text = released;
            }
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        kernel::{Clock, Timestamp},
        llm_integration::guardrails::{Guard, NewGuard},
    };

    fn guard(action: &str, check: &str) -> Arc<Compiled> {
        let name = blake3::hash(check.as_bytes()).to_hex();
        let json = format!(
            r#"{{"name": "{name}", "phases": "both", "action": "{action}", "check": {check}, "replacement": "<X>"}}"#
        );
        let now = Timestamp::from_unix_micros(0).unwrap();
        let rule: NewGuard = serde_json::from_str(&json).unwrap();
        let id = Clock::manual(now).new_id();
        let guard = Guard {
            id,
            rule,
            created_at: now,
            updated_at: now,
        };
        Arc::new(Compiled::new(guard).unwrap())
    }

    const REGEX: &str = r#"{"kind": "regex", "patterns": ["ab+c?", "\\bcat\\b", "[0-9]{3,5}$", "(?m)^x.*", "é|東京(都)?"]}"#;
    const WORDS: &str =
        r#"{"kind": "deny_list", "words": ["会社", "ガス", "cat", "cats eye", "が"]}"#;
    const WHOLE_WORDS: &str =
        r#"{"kind": "deny_list", "words": ["cat", "a b", "東京"], "whole_words": true}"#;
    const PII: &str =
        r#"{"kind": "pii", "kinds": ["email", "phone", "card", "my_number", "iban"]}"#;

    /// What is let out, and what was found; or what blocks.
    type Outcome = Result<(String, Vec<Finding>), Finding>;

    fn passed(guards: &[Arc<Compiled>], pieces: &[&str]) -> Outcome {
        let mut guard = TextGuard::new(Phase::Output, guards);
        let mut out = String::new();
        for piece in pieces {
            out += &guard.push(piece).map_err(|blocked| blocked.by)?;
        }
        out += &guard.finish().map_err(|blocked| blocked.by)?;
        let mut findings = guard.take_findings();
        // Guards find when their windows let them: only the sums are the same.
        findings.sort_by(|one, other| one.guard.cmp(&other.guard));
        Ok((out, findings))
    }

    fn cut<'a>(text: &'a str, sizes: &[usize]) -> Vec<&'a str> {
        let mut pieces = Vec::new();
        let mut rest = text;
        for size in sizes {
            let at = rest.floor_char_boundary((*size).min(rest.len()));
            let (piece, after) = rest.split_at(at);
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        pieces
    }

    /// Texts in which there is much to find, and much that nearly is.
    fn text() -> impl Strategy<Value = String> {
        let word = prop::sample::select(vec![
            "a",
            "b",
            "c",
            "ab",
            "abbb",
            "cat",
            "cats",
            " eye",
            " ",
            "\n",
            "x",
            "é",
            "東",
            "京",
            "都",
            "会",
            "社",
            "㍿",
            "ｶ",
            "ﾞ",
            "ス",
            "ガ",
            "か",
            "\u{3099}",
            "\u{200b}",
            "１",
            "2",
            "345",
            "090-1234-5678",
            "4111 1111 ",
            "1111 1111",
            "123456789018",
            "@",
            "example.co.jp",
            "a.b",
            "DE89 3704 0044 0532 0130 00",
            "-",
            "ー",
            "+81 ",
            "０９０",
            "(03)",
            "。",
            "ＣＡＴ",
            "C\u{301}",
        ]);
        prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        #[test]
        fn what_is_let_out_does_not_depend_on_how_the_text_is_cut(
            text in text(),
            sizes in prop::collection::vec(0_usize..12, 0..60),
        ) {
            let all = ["redact", "flag", "block"].map(|action| {
                [REGEX, WORDS, WHOLE_WORDS, PII].map(|check| guard(action, check))
            });
            for guards in all.iter().flat_map(|guards| guards.chunks(1).chain([guards.as_slice()])) {
                let (whole, pieces) = (passed(guards, &[&text]), passed(guards, &cut(&text, &sizes)));
                match (whole, pieces) {
                    // A stream is blocked by the guard that comes to a match first.
                    (Err(_), Err(_)) => {}
                    (whole, pieces) => prop_assert_eq!(whole, pieces),
                }
            }
        }

        #[test]
        fn redaction_replaces_what_the_expression_library_finds(
            text in text(),
            sizes in prop::collection::vec(0_usize..12, 0..60),
        ) {
            for expression in ["ab+c?", r"\bcat\b", "[0-9]{3,5}$", "(?m)^x.*", "é|東京(都)?", r"[^ ]+ eye"] {
                let check = serde_json::json!({ "kind": "regex", "patterns": [expression] });
                let guards = [guard("redact", &check.to_string())];
                let expected = regex::Regex::new(expression).unwrap().replace_all(&text, "<X>");
                let (out, _) = passed(&guards, &cut(&text, &sizes)).unwrap();
                prop_assert_eq!(out, expected);
            }
        }
    }

    #[test]
    fn a_secret_cut_in_two_never_leaves_and_harmless_text_is_not_held_back() {
        let guards = [guard(
            "redact",
            r#"{"kind": "regex", "patterns": ["sk-[a-z0-9]{8}"]}"#,
        )];
        let mut guard = TextGuard::new(Phase::Output, &guards);
        assert_eq!(guard.push("Hello, World! ").unwrap(), "Hello, World! ");
        assert_eq!(guard.push("sk-abc").unwrap(), "");
        assert_eq!(guard.push("12345 is").unwrap(), "<X> ");
        assert_eq!(guard.finish().unwrap(), "is");
        assert_eq!(guard.take_findings()[0].matches, 1);
    }

    #[test]
    fn words_are_found_in_any_width_and_case_and_not_within_longer_ones_if_asked() {
        let redact = |check, text| passed(&[guard("redact", check)], &[text]).unwrap().0;
        assert_eq!(redact(WORDS, "㍿のＣＡＴとｶﾞｽ"), "<X>の<X>と<X>");
        assert_eq!(
            redact(WHOLE_WORDS, "concat cat, the cat東京"),
            "concat <X>, the <X><X>"
        );
    }

    #[test]
    fn an_expression_that_matches_nothing_or_is_too_large_is_refused() {
        for wrong in ["a*", "", "(", "(?:(?:[\\\\w]{1000}){1000})"] {
            assert!(Scanner::expression(wrong, false).is_err(), "{wrong}");
        }
    }
}
