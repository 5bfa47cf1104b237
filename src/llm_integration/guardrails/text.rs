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
