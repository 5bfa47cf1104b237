//! One cell while it is read: where it stands and what it shows.

use super::workbook::Shared;
use crate::document::extraction::formats::xml::Element;

/// Columns of a sheet, as Office has them.
const COLUMNS_MAX: usize = 16_384;

#[derive(Debug, Default)]
pub struct Cell {
    /// From 0.
    pub column: Option<usize>,
    kind: Option<String>,
    style: usize,
    pub value: String,
}

impl Cell {
    pub fn open(element: &Element<'_>) -> Self {
        let style = element.attribute("s").and_then(|it| it.parse().ok());
        Self {
            column: element.attribute("r").as_deref().and_then(column),
            kind: element.attribute("t"),
            style: style.unwrap_or(0),
            value: String::new(),
        }
    }

    /// What the cell shows; a reference to a string that is not there shows nothing.
    pub fn shown(self, shared: &Shared) -> String {
        match self.kind.as_deref() {
            Some("s") => {
                let index = self.value.trim().parse::<usize>().ok();
                let string = index.and_then(|index| shared.strings.get(index));
                string.cloned().unwrap_or_default()
            }
            Some("b") if self.value.trim() == "1" => "TRUE".to_owned(),
            Some("b") => "FALSE".to_owned(),
            Some("str" | "inlineStr" | "e" | "d") => self.value,
            _ => shared.formats.show(&self.value, self.style),
        }
    }
}

/// The column of `AB12`.
fn column(reference: &str) -> Option<usize> {
    let mut number = 0_usize;
    for letter in reference.bytes().take_while(u8::is_ascii_alphabetic) {
        number = number * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1;
        if number > COLUMNS_MAX {
            return None;
        }
    }
    number.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_count_columns() {
        assert_eq!(column("A1"), Some(0));
        assert_eq!(column("AB12"), Some(27));
        assert_eq!(column("XFD1"), Some(16_383));
        assert_eq!(column("ZZZZZZZZZZZZZZ1"), None);
        assert_eq!(column("12"), None);
    }
}
