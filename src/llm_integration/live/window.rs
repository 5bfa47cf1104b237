//! What changed lately, by position: bounded, and honest about what it does not hold any more.

use std::collections::{BTreeSet, VecDeque};

use super::Position;
use crate::{kernel::ProjectId, llm_integration::TraceId};

/// Changes that are held, of all projects together: a few megabytes.
const MAX_CHANGES: usize = 20_000;

/// Traces that changed.
pub(super) type Changed = Vec<(ProjectId, TraceId)>;

/// What is new to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    Nothing,
    /// These changed; who has seen them is at `upto`.
    Changed {
        traces: Vec<TraceId>,
        upto: Position,
    },
    /// Something may have been missed; what comes after `upto` is known again.
    Missed {
        upto: Position,
    },
}

pub(super) struct Window {
    entries: VecDeque<(Position, Changed)>,
    changes: usize,
    /// Everything that happened after it is here.
    complete_after: Position,
    newest: Position,
}

impl Window {
    /// Knows of nothing that happened up to `start`.
    pub fn new(start: Position) -> Self {
        Self {
            entries: VecDeque::new(),
            changes: 0,
            complete_after: start,
            newest: start,
        }
    }

    pub const fn newest(&self) -> Position {
        self.newest
    }

    /// Positions come in their order.
    pub fn push(&mut self, at: Position, changed: Changed) {
        self.newest = at;
        self.changes += changed.len();
        self.entries.push_back((at, changed));
        while self.changes > MAX_CHANGES {
            let Some((at, changed)) = self.entries.pop_front() else {
                break;
            };
            self.changes -= changed.len();
            self.complete_after = at;
        }
    }

    /// Something that happened until `at` was not heard here: everybody missed it.
    pub fn miss(&mut self, at: Position) {
        *self = Self::new(at.max(self.newest.next()));
    }

    /// What is new in `project` to one who has seen all until `after`, of about `most` traces.
    pub fn news(&self, project: ProjectId, after: Position, most: usize) -> News {
        if after == self.newest {
            return News::Nothing;
        }
        if after < self.complete_after || after > self.newest {
            return News::Missed { upto: self.newest };
        }
        let (mut traces, mut upto) = (BTreeSet::new(), after);
        let first = self.entries.partition_point(|(at, _)| *at <= after);
        for (at, changed) in self.entries.range(first..) {
            let own = changed.iter().filter(|(of, _)| *of == project);
            traces.extend(own.map(|(_, trace)| trace.clone()));
            upto = *at;
            if traces.len() >= most {
                break;
            }
        }
        News::Changed {
            traces: traces.into_iter().collect(),
            upto,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(name: &str) -> ProjectId {
        ProjectId::from_name(name)
    }

    fn trace(id: usize) -> TraceId {
        format!("t{id}").parse().unwrap()
    }

    fn at(text: &str) -> Position {
        text.parse().unwrap()
    }

    #[test]
    fn each_reads_on_from_its_own_position_in_its_own_project() {
        let mut window = Window::new(at("5-0"));
        window.push(
            at("5-1"),
            vec![(project("p"), trace(1)), (project("q"), trace(2))],
        );
        window.push(
            at("5-2"),
            vec![(project("p"), trace(3)), (project("p"), trace(1))],
        );
        let news = |name, after, most| window.news(project(name), at(after), most);
        let changed = |ids: &[usize], upto| News::Changed {
            traces: ids.iter().map(|id| trace(*id)).collect(),
            upto: at(upto),
        };
        assert_eq!(news("p", "5-0", 9), changed(&[1, 3], "5-2"));
        assert_eq!(news("p", "5-0", 1), changed(&[1], "5-1"));
        assert_eq!(news("q", "5-1", 9), changed(&[], "5-2"));
        assert_eq!(news("p", "5-2", 9), News::Nothing);
        for unknown in ["4-9", "5-3", "9-0"] {
            assert_eq!(news("p", unknown, 9), News::Missed { upto: at("5-2") });
        }
    }

    #[test]
    fn what_falls_out_or_was_not_heard_is_missed_by_those_who_did_not_read_it() {
        let mut window = Window::new(at("1-0"));
        let changed: Changed = (0..MAX_CHANGES / 2)
            .map(|id| (project("p"), trace(id)))
            .collect();
        for position in ["1-1", "1-2", "1-3"] {
            window.push(at(position), changed.clone());
        }
        let news = |window: &Window, after| window.news(project("p"), at(after), 1);
        assert_eq!(news(&window, "1-0"), News::Missed { upto: at("1-3") });
        assert!(matches!(news(&window, "1-1"), News::Changed { .. }));
        window.miss(at("1-2"));
        assert_eq!(window.newest(), at("1-4"));
        assert_eq!(news(&window, "1-3"), News::Missed { upto: at("1-4") });
        assert_eq!(news(&window, "1-4"), News::Nothing);
    }
}
