//! A prompt: a name, the numbers of its versions, and the labels that point at them.

use super::{Kind, Label, Labels, PromptName, Selector, Tags, VersionNumber};
use crate::{
    kernel::{Id, ProjectId, Timestamp},
    prompt::PromptError,
};

/// Marker of [`PromptId`].
pub enum PromptMarker {}
pub type PromptId = Id<PromptMarker>;

/// The state that the versions of one name share. Its methods are the rules; the store keeps what
/// they leave behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub id: PromptId,
    pub project: ProjectId,
    pub name: PromptName,
    pub kind: Kind,
    pub tags: Tags,
    pub labels: Labels,
    /// The highest version there is, to which `latest` points.
    pub latest: VersionNumber,
    /// The highest number ever given out: a deleted version's number is not used again.
    pub last_number: VersionNumber,
    pub archived_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Prompt {
    /// A prompt whose first version is being published.
    pub fn new(
        id: PromptId,
        project: ProjectId,
        name: PromptName,
        kind: Kind,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            project,
            name,
            kind,
            tags: Tags::default(),
            labels: Labels::default(),
            latest: VersionNumber::FIRST,
            last_number: VersionNumber::FIRST,
            archived_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Takes the next version's number. `latest` moves with it.
    ///
    /// # Errors
    /// `prompt_archived`, or `prompt_type_mismatch` when `kind` is not the prompt's.
    pub fn publish(&mut self, kind: Kind) -> Result<VersionNumber, PromptError> {
        self.require_active()?;
        if kind != self.kind {
            return Err(PromptError::KindMismatch {
                name: self.name.clone(),
                kind: self.kind,
                given: kind,
            });
        }
        self.last_number = self.last_number.next();
        self.latest = self.last_number;
        Ok(self.latest)
    }

    /// Points `labels` at `version`; returns the versions that gained or lost one.
    ///
    /// # Errors
    /// `prompt_archived`, or `prompt_invalid` when the prompt would have too many labels.
    pub fn move_labels(
        &mut self,
        labels: &[Label],
        version: VersionNumber,
    ) -> Result<Vec<VersionNumber>, PromptError> {
        self.require_active()?;
        self.labels.move_to(labels, version)
    }

    /// Takes `label` away; returns the version that lost it.
    ///
    /// # Errors
    /// `prompt_archived`, or `not_found` when the prompt does not have it.
    pub fn remove_label(&mut self, label: &Label) -> Result<VersionNumber, PromptError> {
        self.require_active()?;
        self.labels
            .remove(label)
            .ok_or_else(|| PromptError::SelectionNotFound {
                name: self.name.clone(),
                selector: Selector::Label(label.clone()),
            })
    }

    /// Forgets `version`; `below` is the highest one that remains.
    pub fn delete(&mut self, version: VersionNumber, below: VersionNumber) {
        self.labels.remove_version(version);
        self.latest = below;
    }

    /// Hides the prompt from lists and makes it read-only. It is still served: archiving must not
    /// break an application that runs.
    pub fn archive(&mut self, now: Timestamp) {
        self.archived_at.get_or_insert(now);
    }

    pub fn restore(&mut self) {
        self.archived_at = None;
    }

    /// # Errors
    /// `prompt_archived`.
    pub fn require_active(&self) -> Result<(), PromptError> {
        if self.archived_at.is_none() {
            return Ok(());
        }
        Err(PromptError::Archived {
            name: self.name.clone(),
        })
    }

    /// The version that `selector` means, if the prompt has such a label; a version by its number
    /// may have been deleted.
    pub fn selected(&self, selector: &Selector) -> Option<VersionNumber> {
        match selector {
            Selector::Version(version) => Some(*version),
            Selector::Label(label) if label.is_latest() => Some(self.latest),
            Selector::Label(label) => self.labels.get(label),
        }
    }

    /// The labels of `version`, alphabetical, `latest` at the end of its version's.
    pub fn labels_of(&self, version: VersionNumber) -> Vec<Label> {
        let latest = (version == self.latest).then(Label::latest);
        self.labels.of(version).cloned().chain(latest).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::Clock;

    fn prompt() -> Prompt {
        let clock = Clock::system();
        let name = PromptName::parse("p").unwrap();
        Prompt::new(
            clock.new_id(),
            clock.new_id(),
            name,
            Kind::Text,
            clock.now(),
        )
    }

    fn names(labels: &[Label]) -> Vec<&str> {
        labels.iter().map(Label::as_str).collect()
    }

    #[test]
    fn latest_goes_with_the_highest_version_and_a_number_is_used_once() {
        let mut prompt = prompt();
        let second = prompt.publish(Kind::Text).unwrap();
        assert_eq!(names(&prompt.labels_of(second)), ["latest"]);
        assert!(prompt.labels_of(VersionNumber::FIRST).is_empty());
        prompt.delete(second, VersionNumber::FIRST);
        assert_eq!(names(&prompt.labels_of(VersionNumber::FIRST)), ["latest"]);
        assert_eq!(prompt.publish(Kind::Text).unwrap().get(), 3);
    }

    #[test]
    fn an_archived_prompt_is_read_only() {
        let mut prompt = prompt();
        let label = Label::production();
        prompt.archive(prompt.created_at);
        assert!(matches!(
            prompt.publish(Kind::Text),
            Err(PromptError::Archived { .. })
        ));
        assert!(
            prompt
                .move_labels(std::slice::from_ref(&label), VersionNumber::FIRST)
                .is_err()
        );
        assert!(prompt.remove_label(&label).is_err());
        prompt.restore();
        assert!(matches!(
            prompt.publish(Kind::Chat),
            Err(PromptError::KindMismatch { .. })
        ));
        assert!(matches!(
            prompt.remove_label(&label),
            Err(PromptError::SelectionNotFound { .. })
        ));
    }

    proptest! {
        #[test]
        fn no_label_outlives_its_version_and_latest_is_on_one(
            steps in prop::collection::vec((0_u8..4, 1_i32..8), 1..40),
        ) {
            let mut prompt = prompt();
            let mut alive = vec![VersionNumber::FIRST];
            for (step, number) in steps {
                let picked = alive[usize::try_from(number).unwrap() % alive.len()];
                match step {
                    0 => alive.push(prompt.publish(Kind::Text).unwrap()),
                    1 if alive.len() > 1 => {
                        alive.retain(|version| *version != picked);
                        prompt.delete(picked, *alive.iter().max().unwrap());
                    }
                    _ => {
                        let label = Label::parse(&format!("l{}", number % 3)).unwrap();
                        prompt.move_labels(&[label], picked).unwrap();
                    }
                }
            }
            for (_, version) in prompt.labels.iter() {
                prop_assert!(alive.contains(&version));
            }
            let latest = |version: &&VersionNumber| prompt.labels_of(**version).iter().any(Label::is_latest);
            prop_assert_eq!(alive.iter().filter(latest).count(), 1);
            prop_assert_eq!(Some(&prompt.latest), alive.iter().max());
        }
    }
}
