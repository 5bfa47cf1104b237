//! The guardrails of a call: before it reaches a model, and before its answer reaches the caller.

use std::sync::Arc;

use super::{
    Gateway,
    call::{Call, key_of},
    generation::Generation,
    request::CallRequest,
    tries::{CallBody, redacts},
};
use crate::{
    kernel::Actor,
    llm_integration::{
        CallerHeaders, JsonText, LlmError,
        dialects::chat,
        guardrails::{Finding, GuardContext, GuardPlan},
    },
};

/// In the place of an input that is not let into a model, or an output that is not let out.
const BLOCKED: &str = "[blocked by a guardrail]";

impl Gateway {
    pub(super) async fn guards(
        &self,
        actor: &Actor,
        request: &CallRequest,
    ) -> Result<Arc<GuardPlan>, LlmError> {
        let context = GuardContext {
            key: key_of(actor),
            route: Some(&request.model),
            tags: &request.links.tags,
        };
        self.0.guardrails.plan(actor.project, &context).await
    }

    /// Checks the input. What is redacted is redacted in the trace, too.
    pub(super) async fn guard_input(
        &self,
        guards: &GuardPlan,
        headers: &CallerHeaders,
        body: &mut CallBody,
        call: &mut Call,
    ) -> Result<(), LlmError> {
        if !guards.guards_input() {
            return Ok(());
        }
        match body.guard(guards).await {
            Ok(findings) => {
                if redacts(&findings) {
                    let (asking, bytes) = (body.asking, body.bytes.clone());
                    let limit = self.0.capture_limit;
                    let read = CallRequest::read(asking, bytes, headers, limit)?;
                    call.set_input(read.input);
                }
                call.note_findings(findings);
                Ok(())
            }
            Err(error) => {
                call.set_input(JsonText::string(BLOCKED));
                call.note_findings(findings_of(&error));
                Err(error)
            }
        }
    }
}

/// A whole answer that was looked at.
pub(super) enum Guarded {
    AsItCame,
    Redacted(Box<chat::Answer>),
    Blocked(LlmError),
}

/// Checks a whole answer.
pub(super) async fn check_answer(
    guards: &GuardPlan,
    mut answer: chat::Answer,
    call: &mut Call,
) -> Guarded {
    match guards.check_answer(&mut answer).await {
        Ok(findings) => {
            let redacted = redacts(&findings);
            call.note_findings(findings);
            if redacted {
                Guarded::Redacted(Box::new(answer))
            } else {
                Guarded::AsItCame
            }
        }
        Err(error) => {
            call.note_findings(findings_of(&error));
            Guarded::Blocked(error)
        }
    }
}

/// What a trace keeps of an answer that is not let out: everything but its text.
pub(super) fn blocked(generation: Generation) -> Generation {
    Generation {
        output: Some(JsonText::string(BLOCKED)),
        ..generation
    }
}

fn findings_of(error: &LlmError) -> Vec<Finding> {
    match error {
        LlmError::Blocked(blocked) => blocked.findings.clone(),
        _ => Vec::new(),
    }
}
