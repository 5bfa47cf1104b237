//! A field's value and when it was said: the newer one wins, the greater one at the same instant.

use crate::kernel::Timestamp;

/// One field of a trace or observation; empty until somebody says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::llm_integration::traces) struct Register<T>(Option<(Timestamp, T)>);

impl<T> Default for Register<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Ord> Register<T> {
    pub fn new(at: Timestamp, value: Option<T>) -> Self {
        Self(value.map(|value| (at, value)))
    }

    pub fn join(&mut self, other: Self) {
        // `None` is less than any value, and values compare by their instant first.
        if other.0 > self.0 {
            self.0 = other.0;
        }
    }

    pub fn get(&self) -> Option<&T> {
        self.0.as_ref().map(|(_, value)| value)
    }

    pub fn at(&self) -> Option<Timestamp> {
        self.0.as_ref().map(|(at, _)| *at)
    }
}
