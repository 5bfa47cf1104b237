//! Vectors of the projects that were searched last, in memory, up to a limit in bytes.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    document::search::{
        model::SpaceNumber,
        store::{self, SpaceRow},
        vectors::Matrix,
    },
    platform::db::{Conn, DbError},
};

/// Shared by all searches of a process. Cheap to clone.
#[derive(Clone)]
pub struct Matrices {
    /// The one that was used last stands last.
    kept: Arc<Mutex<Vec<Kept>>>,
    limit_bytes: usize,
}

#[derive(Clone)]
struct Kept {
    space: SpaceNumber,
    changes: i64,
    matrix: Arc<Matrix>,
}

impl Matrices {
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            kept: Arc::default(),
            limit_bytes,
        }
    }

    /// The vectors as the space row says they are: from memory where nothing changed, else what is new is read.
    pub fn get(&self, conn: &mut Conn, space: &SpaceRow) -> Result<Arc<Matrix>, DbError> {
        let old = self.take(space.number);
        let fresh = match old {
            Some(old) if old.changes == space.changes => old,
            old => Kept {
                space: space.number,
                changes: space.changes,
                matrix: Arc::new(load(conn, space, old.map(|old| old.matrix))?),
            },
        };
        let matrix = Arc::clone(&fresh.matrix);
        self.keep(fresh);
        Ok(matrix)
    }

    fn take(&self, space: SpaceNumber) -> Option<Kept> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|kept| kept.space == space).cloned()
    }

    fn keep(&self, fresh: Kept) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|other| other.space != fresh.space);
        kept.push(fresh);
        let bytes = |kept: &[Kept]| kept.iter().map(|kept| kept.matrix.bytes()).sum::<usize>();
        while bytes(&kept) > self.limit_bytes && !kept.is_empty() {
            kept.remove(0);
        }
    }
}

fn load(conn: &mut Conn, space: &SpaceRow, old: Option<Arc<Matrix>>) -> Result<Matrix, DbError> {
    let there = store::vector_numbers(conn, space.number)?;
    let mut matrix = match old {
        Some(old) => old.only(&there),
        None => Matrix::new(space.dimension),
    };
    let known: HashSet<u32> = matrix.chunks().iter().copied().collect();
    let mut new: Vec<u32> = there.difference(&known).copied().collect();
    new.sort_unstable();
    for (chunk, vector) in store::vectors(conn, space.number, &new)? {
        matrix.push(chunk, &vector);
    }
    Ok(matrix)
}
