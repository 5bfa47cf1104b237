//! Guards a streamed answer, event by event.

use std::{collections::BTreeMap, sync::Arc};

use super::{Blocked, Finding, GuardPlan, Phase, TextGuard, compiled::Test, finding::note};
use crate::llm_integration::{
    LlmError,
    dialects::chat::{Delta, Event},
};

/// Text that is kept for guards that look at the whole, in bytes.
const MAX_WHOLE: usize = 8 * 1024 * 1024;

/// A streamed answer under guard. Give it every event, send what it returns, and call
/// [`EventGuard::finish`] at the end.
#[derive(Debug)]
pub struct EventGuard {
    plan: Arc<GuardPlan>,
    parts: BTreeMap<(usize, usize), Guarded>,
    findings: Vec<Finding>,
    chars: usize,
    /// Each choice's text, where a guard looks at the whole.
    whole: Option<BTreeMap<usize, String>>,
    whole_bytes: usize,
    /// The events that wait for what such a guard says; `None` when none has to wait.
    waiting: Option<Vec<Event>>,
}

/// A part whose text is guarded.
#[derive(Debug)]
struct Guarded {
    text: TextGuard,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Refusal,
    Arguments,
    Thinking,
}

type Checking<T> = Result<T, Box<Blocked>>;

impl EventGuard {
    pub(super) fn new(plan: Arc<GuardPlan>) -> Self {
        let looks_at_whole = plan
            .output
            .iter()
            .any(|guard| matches!(guard.test, Test::Schema(_) | Test::External(_)));
        let waits = plan.output.iter().any(|guard| guard.needs_whole());
        Self {
            plan,
            parts: BTreeMap::new(),
            findings: Vec::new(),
            chars: 0,
            whole: looks_at_whole.then(BTreeMap::new),
            whole_bytes: 0,
            waiting: waits.then(Vec::new),
        }
    }

    /// What was found so far; also after an error.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The next event; returns those that can be sent.
    ///
    /// # Errors
    /// [`LlmError::Blocked`]: the stream must end here, with an error.
    pub fn take(&mut self, event: Event) -> Result<Vec<Event>, LlmError> {
        let mut out = Vec::new();
        let passed = self.pass(event, &mut out);
        self.remember(passed)?;
        Ok(self.send(out))
    }

    /// The stream is over; returns the rest.
    ///
    /// # Errors
    /// [`LlmError::Blocked`].
    pub async fn finish(&mut self) -> Result<Vec<Event>, LlmError> {
        let mut out = Vec::new();
        let open: Vec<_> = self.parts.keys().copied().collect();
        for part in open {
            let flushed = self.flush(part, &mut out);
            self.remember(flushed)?;
        }
        out = self.send(out);
        let judged = self.judge().await;
        let replaced = self.remember(judged)?;
        let mut all = self.waiting.take().unwrap_or_default();
        all.append(&mut out);
        for (choice, text) in replaced {
            replace_text(&mut all, choice, &text);
        }
        Ok(all)
    }

    fn pass(&mut self, event: Event, out: &mut Vec<Event>) -> Checking<()> {
        match event {
            Event::Delta {
                choice,
                part,
                delta,
            } => self.delta(choice, part, delta, out),
            Event::PartEnd { choice, part } => {
                self.flush((choice, part), out)?;
                out.push(event);
                Ok(())
            }
            Event::Stop { choice, .. } => {
                let of_choice = self.parts.range((choice, 0)..=(choice, usize::MAX));
                let open: Vec<_> = of_choice.map(|(part, _)| *part).collect();
                for part in open {
                    self.flush(part, out)?;
                }
                out.push(event);
                Ok(())
            }
            // They spell the text that is guarded.
            Event::Logprobs { .. } if self.plan.hides_output() => Ok(()),
            other => {
                out.push(other);
                Ok(())
            }
        }
    }

    fn delta(
        &mut self,
        choice: usize,
        part: usize,
        delta: Delta,
        out: &mut Vec<Event>,
    ) -> Checking<()> {
        let (kind, piece) = match delta {
            Delta::Text(piece) => (Kind::Text, piece),
            Delta::Refusal(piece) => (Kind::Refusal, piece),
            Delta::Arguments(piece) => (Kind::Arguments, piece),
            Delta::Thinking(piece) => (Kind::Thinking, piece),
            // A citation repeats text that may not have been let out.
            Delta::Citation(_) if self.plan.hides_output() => return Ok(()),
            Delta::Signature(_) | Delta::Citation(_) => {
                self.flush((choice, part), out)?;
                out.push(Event::Delta {
                    choice,
                    part,
                    delta,
                });
                return Ok(());
            }
        };
        self.chars += piece.chars().count();
        self.plan
            .check_size(Phase::Output, self.chars, &mut self.findings)?;
        let guarded = self.parts.entry((choice, part)).or_insert_with(|| Guarded {
            text: self.plan.output_guard(),
            kind,
        });
        let released = guarded.text.push(&piece)?;
        self.release(choice, part, kind, released, out)
    }

    /// The part's text is over.
    fn flush(&mut self, (choice, part): (usize, usize), out: &mut Vec<Event>) -> Checking<()> {
        let Some(mut guarded) = self.parts.remove(&(choice, part)) else {
            return Ok(());
        };
        let rest = guarded.text.finish()?;
        for finding in guarded.text.take_findings() {
            note(&mut self.findings, finding);
        }
        self.release(choice, part, guarded.kind, rest, out)
    }

    fn release(
        &mut self,
        choice: usize,
        part: usize,
        kind: Kind,
        text: String,
        out: &mut Vec<Event>,
    ) -> Checking<()> {
        if text.is_empty() {
            return Ok(());
        }
        if kind == Kind::Text
            && let Some(whole) = &mut self.whole
        {
            self.whole_bytes += text.len();
            if self.whole_bytes > MAX_WHOLE {
                let guards = self.plan.output.iter();
                let mut waiting = guards.filter(|guard| guard.needs_whole());
                if let Some(guard) = waiting.next() {
                    let reason =
                        format!("it is longer than the {MAX_WHOLE} bytes that can be checked");
                    let by = guard.because(Phase::Output, 1, reason);
                    let findings = self.findings.clone();
                    return Err(Box::new(Blocked { by, findings }));
                }
            } else {
                whole.entry(choice).or_default().push_str(&text);
            }
        }
        let delta = match kind {
            Kind::Text => Delta::Text(text),
            Kind::Refusal => Delta::Refusal(text),
            Kind::Arguments => Delta::Arguments(text),
            Kind::Thinking => Delta::Thinking(text),
        };
        out.push(Event::Delta {
            choice,
            part,
            delta,
        });
        Ok(())
    }

    /// Lets the guards that look at the whole look at it; returns what they replace.
    async fn judge(&mut self) -> Checking<BTreeMap<usize, String>> {
        let mut replaced = BTreeMap::new();
        for (choice, text) in self.whole.take().unwrap_or_default() {
            self.plan.check_schema(&text, &mut self.findings)?;
            let mut texts = [text.clone()];
            self.plan
                .ask(Phase::Output, &mut texts, &mut self.findings)
                .await?;
            let [judged] = texts;
            if judged != text {
                replaced.insert(choice, judged);
            }
        }
        Ok(replaced)
    }

    fn send(&mut self, events: Vec<Event>) -> Vec<Event> {
        match &mut self.waiting {
            Some(waiting) => {
                waiting.extend(events);
                Vec::new()
            }
            None => events,
        }
    }

    /// Keeps what was found until a guard blocked.
    fn remember<T>(&mut self, checked: Checking<T>) -> Result<T, LlmError> {
        checked.map_err(|blocked| {
            for finding in &blocked.findings {
                let known = self.findings.iter().any(|known| known == finding);
                if !known {
                    note(&mut self.findings, finding.clone());
                }
            }
            LlmError::Blocked(blocked)
        })
    }
}

/// Puts another text in the place of all of a choice's.
fn replace_text(events: &mut Vec<Event>, of: usize, text: &str) {
    let mut rest = Some(text.to_owned());
    events.retain_mut(|event| match event {
        Event::Delta {
            choice,
            delta: Delta::Text(piece),
            ..
        } if *choice == of => match rest.take() {
            Some(text) => {
                *piece = text;
                true
            }
            None => false,
        },
        _ => true,
    });
}
