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
        let whole = self.chunk(&group, None);
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
                self.chunks.push(part);
            }
        }
    }

    fn chunk(&mut self, units: &[Unit], parent: Option<Uuid>) -> Chunk {
        let (first, last) = (&units[0], &units[units.len() - 1]);
        let text = self.text.slice(first.start, last.end).trim_end().to_owned();
        let end = first.start + text.chars().count();
        let section = self.section(units);
        let prefix = self.prefix(&section, first.header.as_deref());
        Chunk {
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
        }
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
