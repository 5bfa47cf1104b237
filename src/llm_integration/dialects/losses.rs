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
                if !self.dropped.contains(&field) {
                    self.dropped.push(field);
                }
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

    pub fn into_dropped(self) -> Vec<String> {
        self.dropped
    }
}
