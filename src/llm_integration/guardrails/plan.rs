//! The guards that one call is subject to, and how they look at what is whole.

use std::sync::Arc;

use super::{
    Action, Blocked, EventGuard, Finding, Phase, TextGuard,
    compiled::{Compiled, Test},
    external::Asker,
    finding::note,
};
use crate::{
    kernel::ApiKeyId,
    llm_integration::{
        LlmError,
        dialects::chat::{self, Content},
    },
};

/// What decides on the guards of a call.
#[derive(Clone, Copy, Debug, Default)]
pub struct GuardContext<'a> {
    pub key: Option<ApiKeyId>,
    /// The alias or model that the call names.
    pub route: Option<&'a str>,
    pub tags: &'a [String],
}

/// The guards of a call, in the order of their names.
#[derive(Clone, Debug)]
pub struct GuardPlan {
    pub(super) input: Vec<Arc<Compiled>>,
    pub(super) output: Vec<Arc<Compiled>>,
    pub(super) asker: Asker,
}

type Checking<T> = Result<T, Box<Blocked>>;

impl GuardPlan {
    pub fn guards_input(&self) -> bool {
        !self.input.is_empty()
    }

    pub fn guards_output(&self) -> bool {
        !self.output.is_empty()
    }

    /// Whether some of the output may not be let out: then nothing is that repeats it elsewhere.
    pub(super) fn hides_output(&self) -> bool {
        self.output
            .iter()
            .any(|guard| guard.action() != Action::Flag)
    }

    /// Checks what the model will read, which `each_text` goes through; redacts it in place.
    ///
    /// # Errors
    /// [`LlmError::Blocked`].
    pub async fn check_input(
        &self,
        mut each_text: impl FnMut(&mut dyn FnMut(&mut String)),
    ) -> Result<Vec<Finding>, LlmError> {
        if !self.guards_input() {
            return Ok(Vec::new());
        }
        let mut texts = Vec::new();
        each_text(&mut |text| texts.push(std::mem::take(text)));
        let checked = self.check_texts(Phase::Input, &mut texts).await;
        let mut texts = texts.into_iter();
        each_text(&mut |text| *text = texts.next().unwrap_or_default());
        Ok(checked?)
    }

    /// Checks a whole answer; redacts it in place.
    ///
    /// # Errors
    /// [`LlmError::Blocked`].
    pub async fn check_answer(&self, answer: &mut chat::Answer) -> Result<Vec<Finding>, LlmError> {
        let mut findings = Vec::new();
        if !self.guards_output() {
            return Ok(findings);
        }
        for choice in &mut answer.choices {
            if self.hides_output() {
                // They spell the text that is guarded.
                choice.logprobs = None;
                for part in &mut choice.parts {
                    part.extra.remove("citations");
                }
            }
            let mut texts = Vec::new();
            each_text(choice, |text| texts.push(std::mem::take(text)));
            let checked = self.check_texts(Phase::Output, &mut texts).await;
            let mut texts = texts.into_iter();
            each_text(choice, |text| *text = texts.next().unwrap_or_default());
            for finding in checked? {
                note(&mut findings, finding);
            }
            self.check_schema(&choice.text(), &mut findings)?;
        }
        Ok(findings)
    }

    /// Guards a streamed answer; `None` when nothing looks at the output.
    pub fn event_guard(self: &Arc<Self>) -> Option<EventGuard> {
        self.guards_output()
            .then(|| EventGuard::new(Arc::clone(self)))
    }

    /// Guards one text of a streamed answer; what looks at whole texts does not take part.
    pub fn output_guard(&self) -> TextGuard {
        TextGuard::new(Phase::Output, &self.output)
    }

    /// All but the schema, which is for one text only.
    pub(super) async fn check_texts(
        &self,
        phase: Phase,
        texts: &mut [String],
    ) -> Checking<Vec<Finding>> {
        let guards = self.of(phase);
        let mut findings = Vec::new();
        self.check_size(
            phase,
            texts.iter().map(|text| text.chars().count()).sum(),
            &mut findings,
        )?;
        for text in texts.iter_mut() {
            let mut guard = TextGuard::new(phase, guards);
            let passed = guard.pass(text, true);
            *text = match passed {
                Ok(passed) => passed,
                Err(mut blocked) => {
                    blocked.findings.splice(0..0, findings);
                    return Err(blocked);
                }
            };
            for finding in guard.take_findings() {
                note(&mut findings, finding);
            }
        }
        self.ask(phase, texts, &mut findings).await?;
        Ok(findings)
    }

    pub(super) fn check_size(
        &self,
        phase: Phase,
        chars: usize,
        findings: &mut Vec<Finding>,
    ) -> Checking<()> {
        for guard in self.of(phase) {
            if let Test::MaxChars(most) = guard.test
                && chars > most
                && !findings
                    .iter()
                    .any(|known| known.guard == guard.guard.rule.name)
            {
                let reason = format!("it is longer than {most} characters");
                decide(guard.because(phase, 1, reason), findings)?;
            }
        }
        Ok(())
    }

    pub(super) fn check_schema(&self, text: &str, findings: &mut Vec<Finding>) -> Checking<()> {
        for guard in &self.output {
            if let Test::Schema(schema) = &guard.test
                && let Some(complaint) = schema.complaint(text)
            {
                decide(guard.because(Phase::Output, 1, complaint), findings)?;
            }
        }
        Ok(())
    }

    /// Asks the servers that are guards.
    pub(super) async fn ask(
        &self,
        phase: Phase,
        texts: &mut [String],
        findings: &mut Vec<Finding>,
    ) -> Checking<()> {
        for guard in self.of(phase) {
            let Test::External(external) = &guard.test else {
                continue;
            };
            let verdict = self.asker.ask(external, phase, texts).await;
            if verdict.allowed {
                continue;
            }
            let finding = guard.because(phase, 1, verdict.reason.to_owned());
            match verdict.texts {
                Some(replaced) if guard.action() == Action::Redact => {
                    texts.clone_from_slice(&replaced);
                    note(findings, finding);
                }
                None if guard.action() == Action::Redact => {
                    return Err(Box::new(blocked(finding, findings)));
                }
                _ => decide(finding, findings)?,
            }
        }
        Ok(())
    }

    pub(super) fn of(&self, phase: Phase) -> &[Arc<Compiled>] {
        match phase {
            Phase::Input => &self.input,
            Phase::Output => &self.output,
        }
    }
}

/// Notes a finding, or blocks because of it.
fn decide(finding: Finding, findings: &mut Vec<Finding>) -> Checking<()> {
    if finding.action == Action::Block {
        return Err(Box::new(blocked(finding, findings)));
    }
    note(findings, finding);
    Ok(())
}

fn blocked(by: Finding, findings: &mut Vec<Finding>) -> Blocked {
    note(findings, by.clone());
    let findings = std::mem::take(findings);
    Blocked { by, findings }
}

/// Every text of a choice that a client can read or act on.
fn each_text(choice: &mut chat::Choice, mut change: impl FnMut(&mut String)) {
    for part in &mut choice.parts {
        match &mut part.content {
            Content::Text(text) | Content::Refusal(text) => change(text),
            Content::ToolUse(call) => change(&mut call.arguments),
            Content::Thinking(thinking) => change(&mut thinking.text),
            Content::RedactedThinking(_)
            | Content::ToolResult(_)
            | Content::Image(_)
            | Content::Audio { .. }
            | Content::Document(_)
            | Content::Opaque(_) => {}
        }
    }
}
