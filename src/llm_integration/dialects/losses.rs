//! What a translation can not carry: refused, or listed as dropped.

use super::{Leniency, Untranslatable};

/// Collects what one encoding drops.
pub(super) struct Losses {
    leniency: Leniency,
    dropped: Vec<String>,
}

impl Losses {
    pub fn new(leniency: Leniency) -> Self {
        Self {
            leniency,
            dropped: Vec::new(),
        }
    }

    /// `field` can not be carried; `why` says so, and what would be right.
    ///
    /// # Errors
    /// Unless the caller is lenient.
    pub fn lose(
        &mut self,
        field: impl Into<String>,
        why: impl Into<String>,
    ) -> Result<(), Untranslatable> {
        let field = field.into();
        match self.leniency {
            Leniency::Refuse => Err(Untranslatable::new(field, why)),
            Leniency::Drop => {
                self.note(field);
                Ok(())
            }
        }
    }

    /// The same, if there is something to lose.
    pub fn lose_if(&mut self, present: bool, field: &str, why: &str) -> Result<(), Untranslatable> {
        if present {
            self.lose(field, why)
        } else {
            Ok(())
        }
    }

    /// `field` only advises: leaving it out changes what the call costs or shows, not what it asks. So
    /// nobody is refused for it, and it is listed.
    pub fn note(&mut self, field: impl Into<String>) {
        let field = field.into();
        if !self.dropped.contains(&field) {
            self.dropped.push(field);
        }
    }

    /// Every field that only the request's own dialect knows.
    pub fn lose_all<'a>(
        &mut self,
        prefix: impl std::fmt::Display,
        names: impl IntoIterator<Item = &'a String>,
        whose: &str,
    ) -> Result<(), Untranslatable> {
        for name in names {
            let why = format!(
                "{whose} has no such field; leave it out, or ask for what can not be carried to be dropped"
            );
            self.lose(format!("{prefix}{name}"), why)?;
        }
        Ok(())
    }

    pub fn into_dropped(self) -> Vec<String> {
        self.dropped
    }
}
