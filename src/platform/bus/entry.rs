//! Ids of stream entries, in a form that the database can compare.

use std::{fmt, str::FromStr};

/// `<milliseconds>-<number>`, as Redis gives out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EntryId {
    millis: u64,
    number: u64,
}

impl EntryId {
    /// The least id after this one.
    pub fn next(self) -> Self {
        match self.number.checked_add(1) {
            Some(number) => Self { number, ..self },
            None => Self {
                millis: self.millis.saturating_add(1),
                number: 0,
            },
        }
    }

    /// Fixed width, so that text sorts as the ids do.
    pub fn to_sortable(self) -> String {
        format!("{:020}-{:020}", self.millis, self.number)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.number)
    }
}

impl FromStr for EntryId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a stream entry's id");
        let (millis, number) = text.split_once('-').ok_or_else(wrong)?;
        let parse = |part: &str| part.parse().map_err(|_| wrong());
        Ok(Self {
            millis: parse(millis)?,
            number: parse(number)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sortable_ids_sort_as_numbers_and_read_back() {
        let ids = ["9-9", "9-10", "10-0", "1700000000000-0"];
        let ids: Vec<EntryId> = ids.iter().map(|id| id.parse().unwrap()).collect();
        let sortable: Vec<String> = ids.iter().map(|id| id.to_sortable()).collect();
        assert!(ids.is_sorted() && sortable.is_sorted());
        assert_eq!(sortable[3].parse::<EntryId>().unwrap(), ids[3]);
        assert_eq!(ids[0].next(), ids[1]);
        assert!("x".parse::<EntryId>().is_err());
    }
}
