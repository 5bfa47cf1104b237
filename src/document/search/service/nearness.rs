//! What vectors find: the second of the two rankings that are put together.

use half::f16;

use super::matrices::Matrices;
use crate::{
    document::search::{
        lexical::Constraints,
        model::{IndexNumber, SearchFilter},
        store::{self, Search, SpaceRow},
        vectors::dot,
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

/// Ranks the chunks by how near they are to the query, of those that the filter and the query's words let through.
pub fn nearest(
    conn: &mut Conn,
    (index, chunks): (IndexNumber, u64),
    query: &QueryVector,
    (filter, constraints): (&SearchFilter, &Constraints),
    (matrices, graph, exact, limit): (&Matrices, Graph, bool, usize),
) -> Result<Near, DbError> {
    if conn.engine() == Engine::Sqlite {
        let ranked = in_memory(conn, index, query, (filter, constraints), (matrices, limit))?;
        return Ok(Near {
            ranked,
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
    // What the words forbid is only known here; there is seldom anything.
    let wanted = if constraints.is_empty() {
        limit
    } else {
        4 * limit
    };
    let mut ranked = store::nearest(conn, &query.space, &query.halves, filter, (wanted, search))?;
    ranked.retain(|(chunk, _)| constraints.allow(*chunk));
    ranked.truncate(limit);
    Ok(Near { ranked, exact })
}

fn in_memory(
    conn: &mut Conn,
    index: IndexNumber,
    query: &QueryVector,
    (filter, constraints): (&SearchFilter, &Constraints),
    (matrices, limit): (&Matrices, usize),
) -> Result<Vec<(u32, f32)>, DbError> {
    let matrix = matrices.get(conn, &query.space)?;
    let vector: Vec<f32> = query.halves.iter().copied().map(f16::to_f32).collect();
    if filter.is_empty() {
        // Nearly every vector's chunk can be found: look first, and ask about what was found.
        let near = matrix.nearest(&vector, 2 * limit, |chunk| constraints.allow(chunk));
        let mut ranked = compared(conn, query, &vector, near.iter().map(|near| near.chunk))?;
        let all = ranked.len();
        let chunks: Vec<u32> = ranked.iter().map(|(chunk, _)| *chunk).collect();
        let visible = store::visible(conn, index, filter, Some(&chunks))?;
        ranked.truncate(2 * limit);
        ranked.retain(|(chunk, _)| visible.contains(chunk));
        if ranked.len() >= limit || all < 2 * limit {
            ranked.truncate(limit);
            return Ok(ranked);
        }
    }
    let visible = store::visible(conn, index, filter, None)?;
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
