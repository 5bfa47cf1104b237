//! What a row keeps beside its columns, so that later reports can be merged with it.
//!
//! Most rows come from one report: everything in them was said at one instant. Fields said at others
//! have their own. A column that must hold something holds its default when nothing was said; a
//! default that was said has an entry of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    ObjectRef, Register,
    metadata::{NodeInstants, instant},
};
use crate::kernel::Timestamp;

/// The `state` column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::llm_integration::traces) struct Instants {
    /// When what has no entry in `said` was said, in microseconds.
    #[serde(default)]
    pub at: i64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub said: BTreeMap<String, i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<NodeInstants>,
    /// Where inputs and outputs lie that are too large for a row.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub objects: BTreeMap<String, ObjectRef>,
    /// Nobody said when it began; what stands there is when it was first heard of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub start_unsaid: bool,
    /// The cost was reported, not computed from prices.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cost_reported: bool,
}

/// Gathers the instants of a state's fields.
#[derive(Default)]
pub(super) struct Gathered {
    said: Vec<(&'static str, i64)>,
    defaults: Vec<&'static str>,
}

impl Gathered {
    pub fn field<T: Ord>(&mut self, name: &'static str, register: &Register<T>) {
        self.instant(name, register.at());
    }

    pub fn instant(&mut self, name: &'static str, at: Option<Timestamp>) {
        self.said.extend(at.map(|at| (name, at.unix_micros())));
    }

    /// A field whose column must hold something.
    pub fn with_default<T: Ord>(
        &mut self,
        name: &'static str,
        register: &Register<T>,
        default: &T,
    ) {
        self.field(name, register);
        if register.get() == Some(default) {
            self.defaults.push(name);
        }
    }

    /// The instant that most fields share, and entries for the others.
    pub fn finish(self) -> Instants {
        let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
        for (_, at) in &self.said {
            *counts.entry(*at).or_default() += 1;
        }
        let common = counts.iter().max_by_key(|(at, count)| (**count, **at));
        let at = common.map_or(0, |(at, _)| *at);
        let own = |(name, said): &(&'static str, i64)| {
            (*said != at || self.defaults.contains(name)).then(|| ((*name).to_owned(), *said))
        };
        Instants {
            at,
            said: self.said.iter().filter_map(own).collect(),
            ..Instants::default()
        }
    }
}

impl Instants {
    /// When the value of a column was said.
    pub fn of(&self, name: &str) -> Timestamp {
        instant(self.said.get(name).copied().unwrap_or(self.at))
    }

    pub fn register<T: Ord>(&self, name: &str, value: Option<T>) -> Register<T> {
        Register::new(self.of(name), value)
    }

    /// A column that holds `default` when nothing was said.
    pub fn with_default<T: Ord>(&self, name: &str, value: T, default: &T) -> Register<T> {
        let unsaid = value == *default && !self.said.contains_key(name);
        Register::new(self.of(name), (!unsaid).then_some(value))
    }
}
