//! Tables as text: the delimiter is the one by which the first lines agree on a number of columns.

use csv::ReaderBuilder;

use super::pages::{Pages, within};
use crate::document::extraction::{
    error::{ExtractionError, Limit},
    model::FileMetadata,
};

/// Rows of one block; a longer table goes on in the next one, under its first row again.
const ROWS_MAX: usize = 500;
/// Rows by which the delimiter is guessed.
const SAMPLE_ROWS: usize = 50;
const SAMPLE_BYTES: usize = 64 * 1024;
const DELIMITERS: [u8; 4] = *b",\t;|";

pub fn read(text: &str, mut pages: Pages<'_>) -> Result<FileMetadata, ExtractionError> {
    pages.begin(None)?;
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut header = None;
    for record in reader.records() {
        let record = record.map_err(|why| ExtractionError::damaged("the table", why))?;
        within(Limit::Cells, record.len() as u64, pages.limits().cells)?;
        let row: Vec<String> = record.iter().map(str::to_owned).collect();
        if rows.len() >= ROWS_MAX {
            pages.table(std::mem::take(&mut rows), false)?;
            rows.extend(header.clone());
        }
        if header.is_none() {
            header = Some(row.clone());
        }
        rows.push(row);
    }
    pages.table(rows, false)?;
    pages.finish(FileMetadata::default())
}

/// The delimiter that gives most rows of the sample the same number of cells, and more than one.
fn delimiter(text: &str) -> u8 {
    let end = text.char_indices().map(|(at, _)| at);
    let end = end.take_while(|at| *at <= SAMPLE_BYTES).last().unwrap_or(0);
    let sample = if text.len() <= SAMPLE_BYTES {
        text
    } else {
        &text[..end]
    };
    let agreeing = |delimiter: u8| {
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(sample.as_bytes());
        let records = reader.records().take(SAMPLE_ROWS);
        let widths: Vec<usize> = records
            .filter_map(Result::ok)
            .map(|row| row.len())
            .collect();
        let first = widths.first().copied().unwrap_or(0);
        let same = widths.iter().filter(|width| **width == first).count();
        if first > 1 { (same, first) } else { (0, 0) }
    };
    // The first one of equals: a comma.
    let best = DELIMITERS.into_iter().rev().max_by_key(|it| agreeing(*it));
    best.unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_guessed() {
        assert_eq!(delimiter("a,b\n1,2\n"), b',');
        assert_eq!(delimiter("a;b\n\"1,5\";2\n3,5;4"), b';');
        assert_eq!(delimiter("a\tb, c\n1\t2\n"), b'\t');
        assert_eq!(delimiter("one column\nonly"), b',');
        assert_eq!(delimiter(""), b',');
    }
}
