//! What vectors find: the second of the two rankings that are put together.

use half::f16;

use super::matrices::Matrices;
use crate::{
    document::search::{
        lexical::Constraints,
        model::{IndexNumber, SearchFilter},
        store::{self, Search, SpaceRow},
        vectors::{Matrix, dot},
    },
    platform::db::{Conn, DbError, Engine},
};

/// A query as its space's model sees it.
#[derive(Clone, Debug)]
pub struct QueryVector {
    pub space: SpaceRow,
    pub halves: Vec<f16>,
}

/// How PostgreSQL is to look for what is near.
#[derive(Clone, Copy, Debug)]
pub struct Graph {
    /// Chunks of an index from which on its graph is walked.
    pub from_chunks: u64,
    pub ef_search: u32,
}

/// The nearest chunks with their similarity, nearest first, and whether every vector was compared.
pub struct Near {
    pub ranked: Vec<(u32, f32)>,
    pub exact: bool,
}

/// What is looked for: so many of an index's chunks, as far as filter and words allow.
#[derive(Clone, Copy)]
struct Sought<'a> {
    index: IndexNumber,
    query: &'a QueryVector,
    filter: &'a SearchFilter,
    constraints: &'a Constraints,
    limit: usize,
}

/// Ranks the chunks by how near they are to the query, of those that the filter and the query's words let through.
pub fn nearest(
    conn: &mut Conn,
    (index, chunks): (IndexNumber, u64),
    query: &QueryVector,
    (filter, constraints): (&SearchFilter, &Constraints),
    (matrices, graph, exact, limit): (&Matrices, Graph, bool, usize),
) -> Result<Near, DbError> {
    let sought = Sought {
        index,
        query,
        filter,
        constraints,
        limit,
    };
    if conn.engine() == Engine::Sqlite {
        let matrix = matrices.get(conn, &query.space)?;
        return Ok(Near {
            ranked: in_memory(conn, sought, &matrix)?,
            exact: true,
        });
    }
    let exact = exact || chunks < graph.from_chunks;
    let search = if exact {
        Search::Exact
    } else {
        Search::Graph {
            ef_search: graph.ef_search.into(),
        }
    };
    Ok(Near {
        ranked: in_postgres(conn, sought, search)?,
        exact,
    })
}

/// Nearly every vector's chunk can be found: so these many are looked for first, and only then is asked about them.
const fn with_reserve(limit: usize) -> usize {
    limit + limit / 4
}

/// The first of `ranked` that can be found; `None` where that says too little of those that were not looked at.
fn visible_first(
    conn: &mut Conn,
    sought: Sought<'_>,
    mut ranked: Vec<(u32, f32)>,
) -> Result<Option<Vec<(u32, f32)>>, DbError> {
    let wanted = with_reserve(sought.limit);
    let are_all = ranked.len() < wanted;
    ranked.truncate(wanted);
    let chunks: Vec<u32> = ranked.iter().map(|(chunk, _)| *chunk).collect();
    let visible = store::visible(conn, sought.index, sought.filter, Some(&chunks))?;
    ranked.retain(|(chunk, _)| visible.contains(chunk));
    if ranked.len() < sought.limit && !are_all {
        return Ok(None);
    }
    ranked.truncate(sought.limit);
    Ok(Some(ranked))
}

fn in_postgres(
    conn: &mut Conn,
    sought: Sought<'_>,
    search: Search,
) -> Result<Vec<(u32, f32)>, DbError> {
    let Sought {
        query,
        filter,
        constraints,
        limit,
        ..
    } = sought;
    if filter.is_empty() && constraints.is_empty() {
        let wanted = with_reserve(limit);
        let ranked = store::nearest_of_all(conn, &query.space, &query.halves, (wanted, search))?;
        if let Some(found) = visible_first(conn, sought, ranked)? {
            return Ok(found);
        }
    }
    // What the words forbid is only known here; there is seldom anything.
    let wanted = if constraints.is_empty() {
        limit
    } else {
        4 * limit
    };
    let mut ranked = store::nearest(conn, &query.space, &query.halves, filter, (wanted, search))?;
    ranked.retain(|(chunk, _)| constraints.allow(*chunk));
    ranked.truncate(limit);
    Ok(ranked)
}

fn in_memory(
    conn: &mut Conn,
    sought: Sought<'_>,
    matrix: &Matrix,
) -> Result<Vec<(u32, f32)>, DbError> {
    let Sought {
        query,
        constraints,
        limit,
        ..
    } = sought;
    let vector: Vec<f32> = query.halves.iter().copied().map(f16::to_f32).collect();
    if sought.filter.is_empty() {
        let allow = |chunk| constraints.allow(chunk);
        let near = matrix.nearest(&vector, with_reserve(limit), allow);
        let ranked = compared(conn, query, &vector, near.iter().map(|near| near.chunk))?;
        if let Some(found) = visible_first(conn, sought, ranked)? {
            return Ok(found);
        }
    }
    let visible = store::visible(conn, sought.index, sought.filter, None)?;
    let allow = |chunk: u32| visible.contains(&chunk) && constraints.allow(chunk);
    let near = matrix.nearest(&vector, limit, allow);
    let mut ranked = compared(conn, query, &vector, near.iter().map(|near| near.chunk))?;
    ranked.truncate(limit);
    Ok(ranked)
}

/// Compares these chunks' vectors in full, nearest first.
fn compared(
    conn: &mut Conn,
    query: &QueryVector,
    vector: &[f32],
    chunks: impl Iterator<Item = u32>,
) -> Result<Vec<(u32, f32)>, DbError> {
    let chunks: Vec<u32> = chunks.collect();
    let vectors = store::vectors(conn, query.space.number, &chunks)?;
    let mut ranked: Vec<(u32, f32)> = vectors
        .iter()
        .map(|(chunk, other)| (*chunk, dot(vector, other)))
        .collect();
    ranked.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    Ok(ranked)
}
