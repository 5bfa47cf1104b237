//! One change inside its transaction: who, when, and what several use cases do with it.

use crate::{
    kernel::{Actor, Clock, Permission},
    platform::{db::Conn, outbox},
    prompt::{
        PromptChange, PromptChanged, PromptError,
        model::{Label, Prompt, PromptName, Selector},
        store,
    },
};

/// What every change knows: who makes it, and when.
pub struct Change {
    pub clock: Clock,
    pub actor: Actor,
}

impl Change {
    /// The prompt that this change is about.
    pub fn open(&self, conn: &mut Conn, name: &PromptName) -> Result<Prompt, PromptError> {
        let found = store::open(conn, self.actor.project, name, self.clock.now())?;
        found.ok_or_else(|| PromptError::NotFound { name: name.clone() })
    }

    pub fn announce(
        &self,
        conn: &mut Conn,
        prompt: &Prompt,
        change: PromptChange,
    ) -> Result<(), PromptError> {
        let event = PromptChanged {
            project: prompt.project,
            prompt: prompt.id,
            name: prompt.name.clone(),
            by: self.actor.signature(),
            change,
        };
        outbox::append(conn, &self.clock, &event)?;
        Ok(())
    }

    /// Protected labels are for those who may protect.
    pub fn require_unprotected(
        &self,
        conn: &mut Conn,
        labels: &[Label],
    ) -> Result<(), PromptError> {
        if self.actor.permissions.contains(Permission::PromptsProtect) {
            return Ok(());
        }
        match store::protected_among(conn, self.actor.project, labels)? {
            Some(label) => Err(PromptError::LabelProtected { label }),
            None => Ok(()),
        }
    }
}

/// No other prompt may refer to what is about to go.
pub fn require_unreferenced(
    conn: &mut Conn,
    prompt: &Prompt,
    goes: impl Fn(&Selector) -> bool,
) -> Result<(), PromptError> {
    let referrers = store::referrers(conn, prompt)?.into_iter();
    let by: Vec<_> = referrers
        .filter(|referrer| goes(&referrer.target))
        .map(|referrer| (referrer.name, referrer.version))
        .collect();
    if by.is_empty() {
        return Ok(());
    }
    Err(PromptError::Referenced {
        name: prompt.name.clone(),
        by,
    })
}
