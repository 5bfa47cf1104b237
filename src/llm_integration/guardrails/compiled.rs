//! A guard with all that is needed to apply it.

use std::sync::Arc;

use super::{
    Action, Check, Finding, Guard, Phase, checks::Schema, external::External, scan::Scanner,
};
use crate::llm_integration::guardrails::scan::PiiKind;

const REDACTED: &str = "[REDACTED]";

/// A guard, ready.
#[derive(Debug)]
pub(super) struct Compiled {
    pub guard: Guard,
    pub test: Test,
}

#[derive(Debug)]
pub(super) enum Test {
    /// Each looks for something of its own, and has its own replacement.
    Scan(Vec<(Arc<Scanner>, String)>),
    MaxChars(usize),
    Schema(Schema),
    External(External),
}

impl Compiled {
    /// # Errors
    /// Says what is wrong with the guard.
    pub fn new(guard: Guard) -> Result<Self, String> {
        guard.rule.check()?;
        let test = Test::new(&guard.rule.check, guard.rule.replacement.as_deref())?;
        Ok(Self { guard, test })
    }

    pub fn action(&self) -> Action {
        self.guard.rule.action
    }

    pub fn finding(&self, phase: Phase, matches: u32) -> Finding {
        self.because(phase, matches, self.guard.rule.check.reason().to_owned())
    }

    pub fn because(&self, phase: Phase, matches: u32, reason: String) -> Finding {
        Finding {
            guard: self.guard.rule.name.clone(),
            phase,
            action: self.action(),
            matches,
            reason,
        }
    }

    /// Whether nothing can be let out before the whole text is there.
    pub fn needs_whole(&self) -> bool {
        let looks_at_whole = matches!(self.test, Test::Schema(_) | Test::External(_));
        looks_at_whole && self.action() != Action::Flag
    }
}

impl Test {
    fn new(check: &Check, replacement: Option<&str>) -> Result<Self, String> {
        let shown = replacement.unwrap_or(REDACTED);
        let one = |scanner| (Arc::new(scanner), shown.to_owned());
        Ok(match check {
            Check::Regex {
                patterns,
                ignore_case,
            } => {
                let scanners = patterns
                    .iter()
                    .map(|pattern| Scanner::expression(pattern, *ignore_case).map(one));
                Self::Scan(scanners.collect::<Result<_, _>>()?)
            }
            Check::DenyList { words, whole_words } => {
                Self::Scan(vec![one(Scanner::words(words, *whole_words)?)])
            }
            Check::Pii { kinds } => {
                let placeholder = |kind: PiiKind| replacement.unwrap_or(kind.placeholder());
                let scanners = kinds.iter().map(|kind| {
                    let scanner = Arc::new(Scanner::pii(*kind));
                    (scanner, placeholder(*kind).to_owned())
                });
                Self::Scan(scanners.collect())
            }
            Check::JsonSchema { schema } => Self::Schema(Schema::new(schema)?),
            Check::Size { max_chars } => Self::MaxChars(*max_chars),
            Check::Http {
                url,
                timeout_ms,
                when_unavailable,
            } => Self::External(External::new(url, *timeout_ms, *when_unavailable)?),
        })
    }
}
