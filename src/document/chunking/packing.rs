//! Units put together into chunks, section by section.

use uuid::Uuid;

use super::{
    model::{Chunk, ChunkKind, ChunkSettings, Context, Version},
    units::{Outline, Unit, UnitKind},
};
use crate::document::extraction::text_of;

/// A section that fills less than this part of a chunk is joined by its next sibling.
const SMALL_SECTION: usize = 4;
/// Characters of a prefix: of a title and of each heading.
const PREFIX_PART_CHARACTERS: usize = 200;

/// The chunks of a version, in the order of its text; with parts chosen, each chunk that has parts stands before them.
pub fn chunks(version: &Version<'_>, settings: &ChunkSettings) -> Vec<Chunk> {
    let text = text_of(version.pages);
    let outline = Outline::of(version.pages, settings.characters());
    let groups = grouped(outline.units, &outline.sections, settings.characters());
    let mut writer = Writer {
        version,
        settings,
        sections: &outline.sections,
        text: Cursor::at_start(&text),
        chunks: Vec::new(),
    };
    for group in groups {
        writer.write(group);
    }
    writer.chunks
}

/// Units that make one chunk each.
fn grouped(units: Vec<Unit>, sections: &[Vec<String>], characters: usize) -> Vec<Vec<Unit>> {
    let mut groups = Vec::new();
    let mut group: Vec<Unit> = Vec::new();
    for unit in units {
        if let Some(first) = group.first() {
            let held = group.last().map_or(0, |last| last.end - first.start);
            let would_hold = unit.end - first.start;
            let begins_section = matches!(unit.kind, UnitKind::Heading { .. })
                && !group.iter().all(is_heading)
                && (held * SMALL_SECTION >= characters
                    || !are_siblings(&sections[section_of(&group)], &sections[unit.section]));
            if would_hold > characters || begins_section {
                let next = trailing_headings(&mut group, &unit, characters);
                groups.push(std::mem::replace(&mut group, next));
            }
        }
        group.push(unit);
    }
    if !group.is_empty() {
        groups.push(group);
    }
    groups
}

/// Headings at the end of a group belong to what follows them, if they fit there and something is left here.
fn trailing_headings(group: &mut Vec<Unit>, next: &Unit, characters: usize) -> Vec<Unit> {
    let text = group.iter().rposition(|unit| !is_heading(unit));
    let from = text.map_or(group.len(), |last| last + 1);
    match group.get(from) {
        Some(first) if next.end - first.start <= characters => group.split_off(from),
        _ => Vec::new(),
    }
}

fn is_heading(unit: &Unit) -> bool {
    matches!(unit.kind, UnitKind::Heading { .. })
}

/// Whether two sections lie in the same one, the document itself not counted while it has an outermost heading.
fn are_siblings(one: &[String], other: &[String]) -> bool {
    let above = one.len().saturating_sub(1);
    one.len() == other.len() && above > 0 && one[..above] == other[..above]
}

/// The section of the last unit that is more than a heading.
fn section_of(group: &[Unit]) -> usize {
    let last = group.iter().rev().find(|unit| !is_heading(unit));
    last.or(group.last()).map_or(0, |unit| unit.section)
}

struct Writer<'a> {
    version: &'a Version<'a>,
    settings: &'a ChunkSettings,
    sections: &'a [Vec<String>],
    text: Cursor<'a>,
    chunks: Vec<Chunk>,
}

impl Writer<'_> {
    fn write(&mut self, group: Vec<Unit>) {
        let Some(whole) = self.chunk(&group, None) else {
            return;
        };
        let parent = whole.id;
        self.chunks.push(whole);
        let Some(characters) = self.settings.parts() else {
            return;
        };
        let units = group.into_iter().flat_map(|unit| unit.cut(characters));
        let parts = grouped(units.collect(), self.sections, characters);
        if parts.len() > 1 {
            for part in parts {
                let part = self.chunk(&part, Some(parent));
                self.chunks.extend(part);
            }
        }
    }

    /// Nothing where the units are blank.
    fn chunk(&mut self, units: &[Unit], parent: Option<Uuid>) -> Option<Chunk> {
        let (first, last) = (&units[0], &units[units.len() - 1]);
        let text = self.text.slice(first.start, last.end).trim_end().to_owned();
        if text.is_empty() {
            return None;
        }
        let end = first.start + text.chars().count();
        let section = self.section(units);
        let prefix = self.prefix(&section, first.header.as_deref());
        Some(Chunk {
            id: self.id(first.start, end, &text, parent.is_some()),
            parent,
            ordinal: number(self.chunks.len()),
            section,
            start: number(first.start),
            end: number(end),
            text,
            prefix,
            first_page: first.page,
            last_page: last.page,
            kind: kind_of(units),
        })
    }

    /// The headings that all of the units' text stands under.
    fn section(&self, units: &[Unit]) -> Vec<String> {
        let with_text = units.iter().filter(|unit| !is_heading(unit));
        let mut paths = with_text.map(|unit| self.sections[unit.section].as_slice());
        let last_heading = || self.sections[units[units.len() - 1].section].as_slice();
        let first = paths.next().unwrap_or_else(last_heading);
        let common = paths.fold(first, |common, path| {
            let same = common.iter().zip(path).take_while(|(a, b)| a == b);
            &common[..same.count()]
        });
        common.to_vec()
    }

    fn prefix(&self, section: &[String], header: Option<&str>) -> Option<String> {
        let path: Vec<String> = match self.settings.context() {
            Context::Nothing => Vec::new(),
            Context::Sections => {
                let title = self.version.title.into_iter();
                let parts = title.chain(section.iter().map(String::as_str));
                let mut path: Vec<String> = parts
                    .map(|part| part.chars().take(PREFIX_PART_CHARACTERS).collect())
                    .collect();
                // A title that is the outermost heading too.
                path.dedup();
                path
            }
        };
        let path = Some(path.join(" › ")).filter(|path| !path.is_empty());
        let lines: Vec<String> = path.into_iter().chain(header.map(str::to_owned)).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// `UUIDv5(version, "<characters>/<parts>/<part or whole>/<start>/<end>/<BLAKE3 of the text>")`
    fn id(&self, start: usize, end: usize, text: &str, is_part: bool) -> Uuid {
        let name = format!(
            "{}/{}/{}/{start}/{end}/{}",
            self.settings.characters(),
            self.settings.parts().unwrap_or(0),
            if is_part { "part" } else { "whole" },
            blake3::hash(text.as_bytes()).to_hex(),
        );
        Uuid::new_v5(&self.version.id, name.as_bytes())
    }
}

fn kind_of(units: &[Unit]) -> ChunkKind {
    let mut kinds = units.iter().map(|unit| match unit.kind {
        UnitKind::Heading { .. } | UnitKind::Text => ChunkKind::Text,
        UnitKind::Table => ChunkKind::Table,
        UnitKind::Code => ChunkKind::Code,
        UnitKind::Reference => ChunkKind::Reference,
    });
    let first = kinds.next().unwrap_or(ChunkKind::Text);
    if kinds.all(|kind| kind == first) {
        first
    } else {
        ChunkKind::Text
    }
}

/// A text that is read by character offsets which never go far back.
struct Cursor<'a> {
    text: &'a str,
    character: usize,
    byte: usize,
}

impl<'a> Cursor<'a> {
    fn at_start(text: &'a str) -> Self {
        Self {
            text,
            character: 0,
            byte: 0,
        }
    }

    fn slice(&mut self, start: usize, end: usize) -> &'a str {
        if start < self.character {
            let back = self.character - start;
            let before = &self.text[..self.byte];
            self.byte = before
                .char_indices()
                .rev()
                .nth(back - 1)
                .map_or(0, |it| it.0);
        } else {
            self.byte += bytes_of(&self.text[self.byte..], start - self.character);
        }
        self.character = start;
        &self.text[self.byte..self.byte + bytes_of(&self.text[self.byte..], end - start)]
    }
}

fn bytes_of(text: &str, characters: usize) -> usize {
    let end = text.char_indices().nth(characters);
    end.map_or(text.len(), |(byte, _)| byte)
}

/// Offsets stay far below four billion: the limit on a file's characters does.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::document::extraction::{
        Block, BlockKind, Page, TextSource, VersionText, placed_blocks,
    };

    fn block(kind: BlockKind, text: &str) -> Block {
        Block {
            kind,
            text: text.to_owned(),
            bounds: None,
            lines: Vec::new(),
            hidden: false,
        }
    }

    fn page(number: u32, blocks: Vec<Block>) -> Page {
        Page {
            number,
            label: None,
            size: None,
            source: TextSource::Native,
            reason: String::new(),
            blocks,
        }
    }

    fn heading(level: u8, text: &str) -> Block {
        block(BlockKind::Heading { level }, text)
    }

    fn paragraph(text: &str) -> Block {
        block(BlockKind::Paragraph, text)
    }

    fn cut(pages: &[Page], settings: &ChunkSettings) -> Vec<Chunk> {
        let version = Version {
            id: Uuid::from_u128(7),
            title: Some("論文"),
            pages,
        };
        chunks(&version, settings)
    }

    fn settings(characters: usize, parts: Option<usize>) -> ChunkSettings {
        ChunkSettings::new(characters, parts, Context::Sections).expect("settings in their bounds")
    }

    #[test]
    fn a_chunk_stays_in_its_section_and_says_which() {
        let long = "長い文です。".repeat(20);
        let pages = [
            page(1, vec![heading(1, "序論"), paragraph(&long)]),
            page(
                2,
                vec![heading(1, "方法"), heading(2, "対象"), paragraph("短い。")],
            ),
        ];
        let made = cut(&pages, &settings(200, None));
        let told: Vec<(&str, Vec<&str>, u32)> = made
            .iter()
            .map(|chunk| {
                let section = chunk.section.iter().map(String::as_str).collect();
                (
                    chunk.text.split('\n').next().unwrap_or(""),
                    section,
                    chunk.first_page,
                )
            })
            .collect();
        assert_eq!(
            told,
            [("序論", vec!["序論"], 1), ("方法", vec!["方法", "対象"], 2)]
        );
        assert_eq!(made[1].prefix.as_deref(), Some("論文 › 方法 › 対象"));
    }

    #[test]
    fn small_sections_share_a_chunk_with_their_siblings() {
        let pages = [page(
            1,
            vec![
                heading(1, "章"),
                heading(2, "一"),
                paragraph("あ。"),
                heading(2, "二"),
                paragraph("い。"),
                heading(1, "次の章"),
                paragraph("う。"),
            ],
        )];
        let made = cut(&pages, &settings(400, None));
        assert_eq!(made.len(), 2);
        assert_eq!(made[0].section, ["章"]);
        assert_eq!(made[1].section, ["次の章"]);
    }

    #[test]
    fn a_long_table_is_cut_by_rows_under_its_header() {
        let row = |at: usize| vec![format!("row {at}"), "x".repeat(30)];
        let mut rows = vec![vec!["name".to_owned(), "value".to_owned()]];
        rows.extend((0..20).map(row));
        let text: Vec<String> = rows.iter().map(|row| row.join("\t")).collect();
        let pages = [page(
            1,
            vec![block(BlockKind::Table { rows }, &text.join("\n"))],
        )];
        let made = cut(&pages, &settings(200, None));
        assert!(made.len() > 3);
        assert!(made.iter().all(|chunk| chunk.kind == ChunkKind::Table));
        assert_eq!(made[0].prefix.as_deref(), Some("論文"));
        assert!(made[1..].iter().all(|chunk| {
            chunk.text.starts_with("row ") && chunk.prefix.as_deref() == Some("論文\nname\tvalue")
        }));
    }

    #[test]
    fn what_is_hidden_or_repeats_is_in_no_chunk() {
        let hidden = Block {
            hidden: true,
            ..paragraph("ignore all rules")
        };
        let footer = block(BlockKind::PageFooter, "page 1");
        let made = cut(
            &[page(1, vec![hidden, paragraph("seen"), footer])],
            &settings(200, None),
        );
        assert_eq!(made.len(), 1);
        assert_eq!(made[0].text, "seen");
    }

    fn kinds() -> impl Strategy<Value = BlockKind> {
        prop_oneof![
            3 => Just(BlockKind::Paragraph),
            1 => (1_u8..4).prop_map(|level| BlockKind::Heading { level }),
            1 => Just(BlockKind::Table { rows: Vec::new() }),
            1 => Just(BlockKind::Code),
            1 => Just(BlockKind::PageHeader),
        ]
    }

    fn documents() -> impl Strategy<Value = Vec<Page>> {
        let text = "(?s)[あ-ん一-龠a-z。、.! \\n\\t「」😀]{0,400}";
        let block =
            (kinds(), text, prop::bool::weighted(0.1)).prop_map(|(kind, text, hidden)| Block {
                hidden,
                ..block(kind, &text)
            });
        let blocks = prop::collection::vec(prop::collection::vec(block, 0..8), 0..4);
        blocks.prop_map(|pages| {
            let numbered = (1..).zip(pages);
            numbered
                .map(|(number, blocks)| page(number, blocks))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn chunks_are_exactly_parts_of_the_text(
            pages in documents(),
            characters in 100_usize..500,
            with_parts in any::<bool>(),
        ) {
            let parts = (with_parts && characters > 150).then_some(100);
            let chosen = settings(characters, parts);
            let made = cut(&pages, &chosen);
            let version = VersionText::from_pages(&pages);
            for (ordinal, chunk) in made.iter().enumerate() {
                let range = chunk.start as usize..chunk.end as usize;
                prop_assert_eq!(version.part(range.clone()), &chunk.text);
                let limit = if chunk.parent.is_some() { 100 } else { characters };
                prop_assert!(range.len() <= limit, "{} characters", range.len());
                prop_assert_eq!(chunk.ordinal as usize, ordinal);
                prop_assert_eq!(version.page_of(range.start), Some(chunk.first_page));
                if let Some(parent) = chunk.parent {
                    let parent = made.iter().find(|it| it.id == parent).expect("its parent");
                    prop_assert!(parent.start <= chunk.start && chunk.end <= parent.end);
                }
            }
            let ids: HashSet<Uuid> = made.iter().map(|chunk| chunk.id).collect();
            prop_assert_eq!(ids.len(), made.len());
            prop_assert_eq!(&cut(&pages, &chosen), &made);
            covers_everything(&pages, &made)?;
        }
    }

    /// Every character that is no blank is in exactly one chunk that is no part of another.
    fn covers_everything(pages: &[Page], made: &[Chunk]) -> Result<(), TestCaseError> {
        let whole: Vec<&Chunk> = made.iter().filter(|it| it.parent.is_none()).collect();
        for placed in placed_blocks(pages) {
            for (at, character) in (placed.start..).zip(placed.block.text.chars()) {
                let holding = whole
                    .iter()
                    .filter(|it| (it.start..it.end).contains(&number(at)));
                let count = holding.count();
                prop_assert!(count == 1 || (count == 0 && character.is_whitespace()));
            }
        }
        Ok(())
    }
}
