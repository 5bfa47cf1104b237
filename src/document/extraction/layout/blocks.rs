//! Blocks: what runs over pages is set apart, tables and figures are found, the rest is read column by column.

use super::{
    Edges, Piece, Typography,
    classify::{self, Surroundings},
    columns::reading_order,
    figures::{Figure, figures},
    is_cjk,
    lines::{area_of, lines},
    marks,
    paragraphs::{Paragraph, split},
    running::Running,
    script::joins_without_space,
    tables::{self, Table},
};
use crate::document::extraction::{Block, BlockKind, Line, PageSize, Rect, pdf::Drawing};

/// What was read of a page.
#[derive(Debug)]
pub struct PageContent {
    pub pieces: Vec<Piece>,
    pub drawing: Drawing,
    pub size: PageSize,
}

impl PageContent {
    pub fn empty(size: PageSize) -> Self {
        Self {
            pieces: Vec::new(),
            drawing: Drawing::default(),
            size,
        }
    }

    pub fn edges(&self) -> Edges {
        Edges::of(&self.pieces, self.size)
    }
}

/// What its neighbours tell of a page.
pub struct PageContext<'a> {
    pub typography: &'a Typography,
    pub size: PageSize,
    /// The first and last lines of pages near by.
    pub neighbours: Vec<&'a Edges>,
    /// The page before ends within the list of references.
    pub references: bool,
}

/// What is found on a page as a whole.
enum Region {
    Table(Table),
    Figure(Figure),
}

/// What is read in its turn.
enum Item {
    Paragraph(Paragraph),
    Block(Block),
}

/// The blocks of a page in reading order, and whether it ends within the list of references. Running heads come first, running
/// feet after the text, and what nobody can see comes last.
pub fn page_blocks(content: &PageContent, around: &PageContext<'_>) -> (Vec<Block>, bool) {
    let (seen, hidden): (Vec<&Piece>, Vec<&Piece>) = content
        .pieces
        .iter()
        .partition(|piece| piece.concealment.is_none());
    let running = Edges::of(&content.pieces, around.size).running(&around.neighbours);
    let of_edge = |is: &dyn Fn(&Running, &Rect) -> bool, kind: BlockKind| {
        let own: Vec<&Piece> = seen
            .iter()
            .copied()
            .filter(|piece| is(&running, &piece.bounds))
            .collect();
        plain(&own, around, &kind, false)
    };
    let mut blocks = of_edge(&Running::is_header, BlockKind::PageHeader);
    let feet = of_edge(&Running::is_footer, BlockKind::PageFooter);
    let text: Vec<&Piece> = seen
        .into_iter()
        .filter(|piece| !running.is_header(&piece.bounds) && !running.is_footer(&piece.bounds))
        .collect();
    let references = add_text(&text, content, around, &mut blocks);
    blocks.extend(feet);
    blocks.extend(plain(&hidden, around, &BlockKind::Paragraph, true));
    (blocks, references)
}

/// Pieces of one kind, in paragraphs.
fn plain(
    pieces: &[&Piece],
    around: &PageContext<'_>,
    kind: &BlockKind,
    hidden: bool,
) -> Vec<Block> {
    let mut blocks = Vec::new();
    for item in items(pieces, Vec::new(), around.typography.body) {
        if let Item::Paragraph(paragraph) = item {
            blocks.push(block(&paragraph, kind.clone(), hidden));
        }
    }
    blocks.retain(|block| !block.text.is_empty());
    blocks
}

fn add_text(
    pieces: &[&Piece],
    content: &PageContent,
    around: &PageContext<'_>,
    blocks: &mut Vec<Block>,
) -> bool {
    let regions = regions(pieces, &content.drawing, around.size);
    let mut free = vec![true; pieces.len()];
    for member in regions.iter().flat_map(Region::members) {
        free[*member] = false;
    }
    let text: Vec<&Piece> = pieces
        .iter()
        .zip(&free)
        .filter(|(_, free)| **free)
        .map(|(piece, _)| *piece)
        .collect();
    let areas: Vec<Rect> = regions.iter().map(Region::bounds).collect();
    let told = regions
        .into_iter()
        .map(|region| region.block(pieces))
        .collect();
    let items = items(&text, told, around.typography.body);
    classified(items, &areas, around, blocks)
}

/// Tables first: what they are made of is part of no figure.
fn regions(pieces: &[&Piece], drawing: &Drawing, size: PageSize) -> Vec<Region> {
    let tables = tables::ruled(pieces, drawing);
    let mut regions: Vec<Region> = Vec::new();
    for figure in figures(pieces, drawing, size) {
        let (x, y) = figure.bounds.middle();
        let apart = tables.iter().all(|table| {
            !table.bounds.contains(x, y)
                && figure
                    .members
                    .iter()
                    .all(|member| !table.members.contains(member))
        });
        if apart {
            regions.push(Region::Figure(figure));
        }
    }
    regions.extend(tables.into_iter().map(Region::Table));
    regions
}

/// Everything in the order in which it is read: paragraphs, and blocks that are told as a whole.
fn items(pieces: &[&Piece], told: Vec<Block>, body: f32) -> Vec<Item> {
    let vertical: usize = pieces
        .iter()
        .filter(|piece| piece.vertical)
        .map(|piece| piece.chars())
        .sum();
    let all: usize = pieces.iter().map(|piece| piece.chars()).sum();
    // A page is read one way; a few lines of the other are read within it.
    let downwards = vertical * 2 > all;
    let turn = |bounds: Rect| {
        if downwards {
            super::lines::turned(bounds)
        } else {
            bounds
        }
    };
    let mut areas: Vec<Rect> = pieces.iter().map(|piece| turn(piece.bounds)).collect();
    areas.extend(told.iter().filter_map(|block| block.bounds).map(turn));
    let mut told: Vec<Option<Block>> = told.into_iter().map(Some).collect();
    let mut items = Vec::new();
    for group in reading_order(&areas, body) {
        let mut open: Vec<&Piece> = Vec::new();
        for index in group {
            if let Some(piece) = pieces.get(index) {
                open.push(piece);
            } else if let Some(block) = told.get_mut(index - pieces.len()).and_then(Option::take) {
                add_column(&std::mem::take(&mut open), body, &mut items);
                items.push(Item::Block(block));
            }
        }
        add_column(&open, body, &mut items);
    }
    items
}

/// Lines of one column: tables without rules, and the paragraphs between them.
fn add_column(pieces: &[&Piece], body: f32, items: &mut Vec<Item>) {
    let lines = lines(pieces);
    let (mut begin, mut at) = (0, 0);
    while at < lines.len() {
        if let Some((rows, table)) = tables::aligned(&lines[at..]) {
            items.extend(
                split(lines[begin..at].to_vec(), body)
                    .into_iter()
                    .map(Item::Paragraph),
            );
            items.push(Item::Block(table.block()));
            at += rows;
            begin = at;
        } else {
            at += 1;
        }
    }
    items.extend(
        split(lines[begin..].to_vec(), body)
            .into_iter()
            .map(Item::Paragraph),
    );
}

fn classified(
    items: Vec<Item>,
    regions: &[Rect],
    around: &PageContext<'_>,
    blocks: &mut Vec<Block>,
) -> bool {
    let body = around.typography.body;
    let large = |item: &Item| match item {
        Item::Paragraph(paragraph) => paragraph.lines.iter().any(|line| line.size > 0.97 * body),
        Item::Block(_) => false,
    };
    let mut references = around.references;
    let mut after_note = false;
    // Of each item: whether nothing of the body's size comes after it in its column.
    let mut last: Vec<bool> = vec![true; items.len()];
    for index in (0..items.len().saturating_sub(1)).rev() {
        let below = same_column(&items[index], &items[index + 1]);
        last[index] = !below || last[index + 1] && !large(&items[index + 1]);
    }
    for (item, last) in items.into_iter().zip(last) {
        let paragraph = match item {
            Item::Block(block) => {
                blocks.push(block);
                continue;
            }
            Item::Paragraph(paragraph) => paragraph,
        };
        let place = Surroundings {
            typography: around.typography,
            size: around.size,
            regions,
            last,
            references,
            after_note,
        };
        let kind = classify::kind(&paragraph, &place);
        after_note = kind == BlockKind::Footnote;
        let block = block(&paragraph, kind, false);
        if let BlockKind::Heading { .. } = block.kind {
            references = marks::is_references(&block.text);
        }
        if !block.text.is_empty() {
            blocks.push(block);
        }
    }
    references
}

fn same_column(one: &Item, next: &Item) -> bool {
    let bounds = |item: &Item| match item {
        Item::Paragraph(paragraph) => paragraph.bounds(),
        Item::Block(block) => block.bounds,
    };
    match (bounds(one), bounds(next)) {
        (Some(one), Some(next)) => {
            next.top >= one.top && next.left < one.right && one.left < next.right
        }
        _ => false,
    }
}

impl Region {
    fn members(&self) -> &[usize] {
        match self {
            Self::Table(table) => &table.members,
            Self::Figure(figure) => &figure.members,
        }
    }

    fn bounds(&self) -> Rect {
        match self {
            Self::Table(table) => table.bounds,
            Self::Figure(figure) => figure.bounds,
        }
    }

    fn block(self, pieces: &[&Piece]) -> Block {
        match self {
            Self::Table(table) => table.block(),
            Self::Figure(figure) => {
                let mut own: Vec<&Piece> =
                    figure.members.iter().map(|index| pieces[*index]).collect();
                own.sort_by(|one, other| area_of(one).top.total_cmp(&area_of(other).top));
                let column = figure.bounds;
                let mut block = block(
                    &Paragraph {
                        lines: lines(&own),
                        column,
                    },
                    BlockKind::Figure,
                    false,
                );
                block.bounds = Some(figure.bounds);
                block
            }
        }
    }
}

/// A paragraph as a block: its lines joined, and where each of them stands.
fn block(paragraph: &Paragraph, kind: BlockKind, hidden: bool) -> Block {
    let mut text = String::new();
    let mut places = Vec::new();
    let mut chars = 0;
    let mut divided = false;
    let broken = matches!(kind, BlockKind::Code | BlockKind::Figure);
    for line in &paragraph.lines {
        let own = line.text.trim();
        let own = if marks::is_leader(own) {
            marks::without_leader(own)
        } else {
            own.to_owned()
        };
        let (Some(first), ends) = (own.chars().next(), text.chars().next_back()) else {
            continue;
        };
        let joined = ends.is_none_or(|last| {
            divided || !broken && joins_without_space(last, first) && is_tight(last, first)
        });
        if !joined {
            text.push(if broken { '\n' } else { ' ' });
            chars += 1;
        }
        let start = chars;
        text.push_str(&own);
        chars += u32::try_from(own.chars().count()).unwrap_or(0);
        places.push(Line {
            start,
            end: chars,
            bounds: line.bounds,
        });
        divided = line.divided;
    }
    let bounds = places
        .iter()
        .map(|line| line.bounds)
        .reduce(|all, next| all.union(&next));
    Block {
        kind,
        text,
        bounds,
        lines: places,
        hidden,
    }
}

/// A full stop before a Japanese letter ends a sentence in Latin letters.
fn is_tight(last: char, first: char) -> bool {
    is_cjk(last) || is_cjk(first) && last.is_alphanumeric()
}
