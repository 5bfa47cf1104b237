//! What a guard found, without what it found it in.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Action, GuardName, Phase};

/// What one guard found in a call. It never holds the text itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Finding {
    #[schema(value_type = String)]
    pub guard: GuardName,
    pub phase: Phase,
    pub action: Action,
    /// How often it was found.
    pub matches: u32,
    /// For a person: what kind of thing it is.
    pub reason: String,
}

/// A call that a guard does not let pass, and what was found until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    pub by: Finding,
    pub findings: Vec<Finding>,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding {
            guard,
            phase,
            reason,
            ..
        } = &self.by;
        write!(f, "the guardrail `{guard}` blocks the {phase}: {reason}")
    }
}

/// Adds a finding; those of one guard in one phase are one.
pub(super) fn note(findings: &mut Vec<Finding>, finding: Finding) {
    let same = |known: &&mut Finding| known.guard == finding.guard && known.phase == finding.phase;
    match findings.iter_mut().find(same) {
        Some(known) => known.matches = known.matches.saturating_add(finding.matches),
        None => findings.push(finding),
    }
}
