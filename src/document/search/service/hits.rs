//! What is read of the chunks that were found: their order at last, their texts, and what they have in common.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Instant,
};

use super::{
    SearchIndex,
    search::{Fused, Item, Question},
};
use crate::{
    document::search::{
        SearchError,
        model::{Facet, FacetValue, Found, Hit, SearchRequest, Took, diversify},
        store::{self, Card, HitRow},
    },
    platform::db::Conn,
};

/// Values of a facet that are told, the most frequent ones.
const FACET_VALUES_MAX: usize = 50;

impl SearchIndex {
    /// Has a reranker read the first `depth` of what is found again.
    pub(super) async fn reranked(
        &self,
        question: &Question,
        depth: usize,
    ) -> Result<Option<Found>, SearchError> {
        let first = self.found_chunks(question, move |conn, fused| {
            let depth = depth.min(fused.items.len());
            let chunks: Vec<u32> = fused.items[..depth].iter().map(|item| item.chunk).collect();
            let rows = store::hits(conn, fused.index.number, &chunks)?;
            Ok((fused, rows))
        });
        let Some((mut fused, rows)) = first.await? else {
            return Ok(None);
        };
        let depth = depth.min(fused.items.len());
        let numbers: Vec<u32> = rows.iter().map(|row| row.number).collect();
        let texts = rows.into_iter().map(|row| row.text).collect();
        let query = question.request.words.meaning();
        let judged = self.inference.rerank(None, query, texts).await;
        let judged = judged.map_err(crate::kernel::Failure::from)?;
        let scores: HashMap<u32, f32> = numbers.into_iter().zip(judged.scores).collect();
        for item in &mut fused.items[..depth] {
            if let Some(score) = scores.get(&item.chunk) {
                item.explained.reranked = Some(*score);
                item.score = *score;
            }
        }
        fused.items[..depth].sort_by(|a, b| b.score.total_cmp(&a.score));
        let request = question.request.clone();
        let found = self.db.snapshot(move |conn| read(conn, fused, &request));
        found.await.map(Some)
    }
}

/// Of each document only its best.
fn one_per_document(conn: &mut Conn, fused: &mut Fused) -> Result<(), SearchError> {
    let chunks: Vec<u32> = fused.items.iter().map(|item| item.chunk).collect();
    let cards = store::cards(conn, fused.index.number, &chunks)?;
    let documents: HashMap<u32, _> = cards
        .into_iter()
        .map(|card| (card.chunk, card.document))
        .collect();
    let mut seen = HashSet::new();
    fused.items.retain(|item| {
        let document = documents.get(&item.chunk);
        document.is_some_and(|document| seen.insert(*document))
    });
    Ok(())
}

/// Reads the page of hits that is asked for.
pub fn read(
    conn: &mut Conn,
    mut fused: Fused,
    request: &SearchRequest,
) -> Result<Found, SearchError> {
    let began = Instant::now();
    if request.one_per_document {
        one_per_document(conn, &mut fused)?;
    }
    let (index, total) = (fused.index.number, fused.items.len());
    if let Some(diversity) = request.diversity {
        apart(
            conn,
            &mut fused,
            diversity.get(),
            request.offset + request.limit,
        )?;
    }
    let facets = if request.facets {
        let chunks: Vec<u32> = fused.items.iter().map(|item| item.chunk).collect();
        facets(&store::cards(conn, index, &chunks)?)
    } else {
        Vec::new()
    };
    let page: Vec<Item> = fused
        .items
        .drain(..)
        .skip(request.offset)
        .take(request.limit)
        .collect();
    let chunks: Vec<u32> = page.iter().map(|item| item.chunk).collect();
    let rows = store::hits(conn, index, &chunks)?;
    let parents = if request.expand {
        let ids: Vec<_> = rows.iter().filter_map(|row| row.parent).collect();
        store::parents(conn, index, &ids)?
    } else {
        HashMap::new()
    };
    let mut items: HashMap<u32, Item> = page.into_iter().map(|item| (item.chunk, item)).collect();
    let mut hits = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(item) = items.remove(&row.number) else {
            continue;
        };
        let parent = row.parent.and_then(|id| parents.get(&id).cloned());
        hits.push(Hit {
            parent,
            ..hit(row, item, &fused, request.explain)
        });
    }
    Ok(Found {
        hits,
        total,
        matched: fused.matched,
        facets,
        vectors: fused.vectors,
        took: request.explain.then(|| Took {
            reading: began.elapsed(),
            ..fused.took
        }),
    })
}

fn hit(row: HitRow, item: Item, fused: &Fused, explain: bool) -> Hit {
    let places = fused.marks.places(&row.text);
    let mut explained = item.explained;
    if explain && let Some(lexical) = &mut explained.lexical {
        lexical.terms = fused.marks.counts(&row.text);
    }
    let HitRow {
        number: _,
        chunk,
        parent: _,
        document,
        version,
        title,
        section,
        first_page,
        last_page,
        kind,
        start,
        end,
        text,
    } = row;
    Hit {
        chunk,
        document,
        version,
        title,
        section,
        first_page,
        last_page,
        kind,
        start,
        end,
        text,
        highlights: places
            .into_iter()
            .map(|(from, to)| (start + from, start + to))
            .collect(),
        score: item.score,
        parent: None,
        explained: explain.then_some(explained),
    }
}

/// Moves near copies of what comes before them down, among the first `limit`: by the words they share.
fn apart(
    conn: &mut Conn,
    fused: &mut Fused,
    diversity: f32,
    limit: usize,
) -> Result<(), SearchError> {
    let chunks: Vec<u32> = fused.items.iter().map(|item| item.chunk).collect();
    let rows = store::hits(conn, fused.index.number, &chunks)?;
    let words: HashMap<u32, HashSet<String>> = rows
        .iter()
        .map(|row| (row.number, fused.marks.words(&row.text)))
        .collect();
    fused.items.retain(|item| words.contains_key(&item.chunk));
    let scores: Vec<f32> = fused.items.iter().map(|item| item.score).collect();
    let likeness = |a: usize, b: usize| {
        let (a, b) = (&words[&fused.items[a].chunk], &words[&fused.items[b].chunk]);
        shared(a, b)
    };
    let order = diversify(&scores, diversity, limit, likeness);
    let taken: HashSet<usize> = order.iter().copied().collect();
    let rest = (0..fused.items.len()).filter(|at| !taken.contains(at));
    let order: Vec<usize> = order.iter().copied().chain(rest).collect();
    fused.items = order
        .into_iter()
        .map(|at| fused.items[at].clone())
        .collect();
    Ok(())
}

/// The words that two texts share, of all that they have: 0 to 1.
fn shared(a: &HashSet<String>, b: &HashSet<String>) -> f32 {
    let both = a.intersection(b).count();
    let all = a.len() + b.len() - both;
    #[expect(clippy::cast_precision_loss, reason = "a ratio of small counts")]
    let ratio = both as f32 / all.max(1) as f32;
    ratio
}

/// Documents by what they are, each counted once.
fn facets(cards: &[Card]) -> Vec<Facet> {
    let mut seen = HashSet::new();
    let mut counts: BTreeMap<&'static str, BTreeMap<String, usize>> = BTreeMap::new();
    for card in cards.iter().filter(|card| seen.insert(card.document)) {
        let year = card.year.map(|year| year.to_string());
        let values = [
            ("folder", Some(card.folder.clone())),
            ("kind", Some(card.kind.clone())),
            ("language", card.language.clone()),
            ("year", year),
        ];
        let values = values
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        let tags = card.tags.iter().map(|tag| ("tag", tag.clone()));
        for (name, value) in values.chain(tags) {
            *counts.entry(name).or_default().entry(value).or_default() += 1;
        }
    }
    let facet = |(name, values): (&'static str, BTreeMap<String, usize>)| {
        let mut values: Vec<FacetValue> = values
            .into_iter()
            .map(|(value, documents)| FacetValue { value, documents })
            .collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.documents));
        values.truncate(FACET_VALUES_MAX);
        Facet { name, values }
    };
    counts.into_iter().map(facet).collect()
}
