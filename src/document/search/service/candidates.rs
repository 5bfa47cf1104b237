//! What words find: the first of the two rankings that are put together.

use crate::{
    document::search::{
        SearchError,
        analyzer::Analyzer,
        lexical::{Candidate, Constraints, Ranking, rank},
        model::{RankingSettings, RequestError, SearchFilter},
        query::{LexicalQuery, Marks, PREFIX_TERMS_MAX, Words},
        store::{self, IndexRow},
    },
    platform::db::{Conn, DbError},
};

/// Candidates whose texts are looked at for a phrase.
const PHRASE_CHECKS_MAX: usize = 1_000;
/// Of which at once.
const PHRASE_CHECKS_AT_ONCE: usize = 100;

/// What the words of a query found.
pub struct Lexical {
    pub ranked: Vec<Candidate>,
    /// Chunks that have any of the words, filtered or not.
    pub matched: usize,
    pub constraints: Constraints,
    pub marks: Marks,
}

/// Ranks the chunks that have words of the query and that the filter lets through; or, unless `ranks`, finds only out
/// what the words require and forbid.
pub fn lexical(
    conn: &mut Conn,
    index: &IndexRow,
    (words, filter, ranks): (&Words, &SearchFilter, bool),
    settings: &RankingSettings,
) -> Result<Lexical, SearchError> {
    let analyzer = Analyzer::new(index.settings.analyzer);
    let query = LexicalQuery::new(words, &analyzer, settings.pair_weight);
    let mut query = query.map_err(RequestError::from)?;
    if !ranks {
        let lists = store::posting_lists(conn, index.number, &query.grouped_terms())?;
        return Ok(Lexical {
            ranked: Vec::new(),
            matched: 0,
            constraints: Constraints::new(&lists, &query.required, &query.excluded),
            marks: Marks::new(analyzer, &query),
        });
    }
    for prefix in std::mem::take(&mut query.prefixes) {
        let limit = i64::try_from(PREFIX_TERMS_MAX).unwrap_or(i64::MAX);
        query.add_prefix(store::prefix_terms(conn, index.number, &prefix, limit)?);
    }
    let lists = store::posting_lists(conn, index.number, &query.every_term())?;
    let constraints = Constraints::new(&lists, &query.required, &query.excluded);
    let scoring = (index.collection, settings.bm25);
    let mut ranking = rank(&lists, &query.terms, &constraints, scoring);
    let matched = ranking.total();
    let marks = Marks::new(analyzer, &query);
    let wanted = if marks.wants_phrases() {
        PHRASE_CHECKS_MAX
    } else {
        settings.candidates
    };
    let mut ranked = best_visible(conn, index, (&mut ranking, filter), wanted)?;
    if marks.wants_phrases() {
        ranked = with_phrases(conn, index, &ranked, &marks, settings.candidates)?;
    }
    Ok(Lexical {
        ranked,
        matched,
        constraints,
        marks,
    })
}

/// The `limit` best that can be found and that the filter lets through.
fn best_visible(
    conn: &mut Conn,
    index: &IndexRow,
    (ranking, filter): (&mut Ranking, &SearchFilter),
    limit: usize,
) -> Result<Vec<Candidate>, DbError> {
    let first = ranking.best(2 * limit).to_vec();
    let chunks: Vec<u32> = first.iter().map(|candidate| candidate.chunk).collect();
    let visible = store::visible(conn, index.number, filter, Some(&chunks))?;
    let mut found: Vec<Candidate> = first
        .iter()
        .copied()
        .filter(|candidate| visible.contains(&candidate.chunk))
        .collect();
    if found.len() < limit && first.len() < ranking.total() {
        // The filter lets little through: ask what it does let through, and rank that.
        let visible = store::visible(conn, index.number, filter, None)?;
        ranking.retain(|chunk| visible.contains(&chunk));
        found = ranking.best(limit).to_vec();
    }
    found.truncate(limit);
    Ok(found)
}

/// Those of `ranked` in whose texts every phrase stands, until there are `limit`.
fn with_phrases(
    conn: &mut Conn,
    index: &IndexRow,
    ranked: &[Candidate],
    marks: &Marks,
    limit: usize,
) -> Result<Vec<Candidate>, DbError> {
    let mut found = Vec::new();
    for some in ranked.chunks(PHRASE_CHECKS_AT_ONCE) {
        let chunks: Vec<u32> = some.iter().map(|candidate| candidate.chunk).collect();
        for row in store::hits(conn, index.number, &chunks)? {
            if marks.has_phrases(&row.text) {
                found.extend(some.iter().find(|candidate| candidate.chunk == row.number));
            }
        }
        if found.len() >= limit {
            break;
        }
    }
    found.truncate(limit);
    Ok(found)
}
