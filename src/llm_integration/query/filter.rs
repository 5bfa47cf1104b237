//! Conditions on columns.

use super::Column;
use crate::kernel::Timestamp;

/// Conditions that must all hold.
#[derive(Clone, Debug)]
pub struct Filter<C> {
    conditions: Vec<Condition<C>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Condition<C> {
    pub column: C,
    pub test: Test,
}

/// What must be true of a column's value. A value that is absent passes only tests that deny.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Text(TextTest, String),
    Number(Compare, f64),
    /// One of these.
    NumberIn(Vec<f64>),
    Time(Compare, Timestamp),
    /// One of these.
    AnyOf(Vec<String>),
    NoneOf(Vec<String>),
    Array(ArrayTest, Vec<String>),
    /// On what an object has under a key.
    Key(String, KeyTest),
    Is(bool),
    Null(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextTest {
    Equals,
    Contains,
    ContainsNot,
    StartsWith,
    EndsWith,
    /// Contains, upper and lower case being the same for ASCII letters.
    Matches,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    Equal,
    NotEqual,
    Greater,
    Less,
    AtLeast,
    AtMost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrayTest {
    Any,
    No,
    All,
}

#[derive(Clone, Debug, PartialEq)]
pub enum KeyTest {
    Text(TextTest, String),
    Number(Compare, f64),
    AnyOf(Vec<String>),
    NoneOf(Vec<String>),
    Is(bool),
    IsNot(bool),
    Set(bool),
}

impl<C> Default for Filter<C> {
    fn default() -> Self {
        Self {
            conditions: Vec::new(),
        }
    }
}

impl<C: Column> Filter<C> {
    #[must_use]
    pub fn with(mut self, column: C, test: Test) -> Self {
        self.conditions.push(Condition { column, test });
        self
    }

    /// Adds a condition when there is a value for it.
    #[must_use]
    pub fn with_some<T>(self, column: C, value: Option<T>, test: impl Fn(T) -> Test) -> Self {
        match value {
            Some(value) => self.with(column, test(value)),
            None => self,
        }
    }

    /// Equal to the text, where there is one.
    #[must_use]
    pub fn with_text(self, column: C, value: Option<String>) -> Self {
        self.with_some(column, value, |text| Test::Text(TextTest::Equals, text))
    }

    /// One of the texts, where there are any.
    #[must_use]
    pub fn with_any(self, column: C, values: Vec<String>) -> Self {
        let values = Some(values).filter(|values| !values.is_empty());
        self.with_some(column, values, Test::AnyOf)
    }

    /// At or after `from`, before `to`.
    #[must_use]
    pub fn within(self, column: C, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        self.with_some(column, from, |time| Test::Time(Compare::AtLeast, time))
            .with_some(column, to, |time| Test::Time(Compare::Less, time))
    }

    pub(super) fn push(&mut self, condition: Condition<C>) {
        self.conditions.push(condition);
    }

    pub fn conditions(&self) -> &[Condition<C>] {
        &self.conditions
    }
}
