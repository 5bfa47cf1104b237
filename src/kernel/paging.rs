//! Pages of a list: a limit that is always in range, and a cursor that says where to go on.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{ErrorCode, Failure};

/// The most items that one page of any list can hold.
pub const MAX_PAGE_ITEMS: u32 = 100;
const DEFAULT_PAGE_ITEMS: u32 = 50;

/// How many items a caller wants: 1 to [`MAX_PAGE_ITEMS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimit(u32);

impl PageLimit {
    /// # Errors
    /// `invalid_request` when outside 1 to [`MAX_PAGE_ITEMS`].
    pub fn parse(limit: Option<u32>) -> Result<Self, Failure> {
        Self::parse_up_to(limit, MAX_PAGE_ITEMS)
    }

    /// For a list of a foreign API, whose clients may ask for up to `max`.
    ///
    /// # Errors
    /// `invalid_request` when outside 1 to `max`.
    pub fn parse_up_to(limit: Option<u32>, max: u32) -> Result<Self, Failure> {
        match limit.unwrap_or(DEFAULT_PAGE_ITEMS) {
            limit if (1..=max).contains(&limit) => Ok(Self(limit)),
            other => Err(Failure::new(
                ErrorCode::InvalidRequest,
                format!("`limit` is {other}; it must be between 1 and {max}"),
            )),
        }
    }

    pub const fn get(self) -> u32 {
        self.0
    }

    /// One more than the page, to learn whether another page follows.
    pub const fn with_lookahead(self) -> i64 {
        self.0 as i64 + 1
    }
}

/// Where the next page starts: a position of the list, opaque to callers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl From<String> for Cursor {
    /// What a caller sent; [`Cursor::position`] says whether it is one of ours.
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Cursor {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `position` is the sort key of the last item of a page.
    ///
    /// # Panics
    /// When `position` has no JSON form, which no sort key of ours lacks.
    pub fn after(position: &impl Serialize) -> Self {
        let json = serde_json::to_vec(position).expect("a sort key has a JSON form");
        Self(URL_SAFE_NO_PAD.encode(json))
    }

    /// # Errors
    /// `invalid_request` when the text is not a cursor that this list gave out.
    pub fn position<P: DeserializeOwned>(&self) -> Result<P, Failure> {
        URL_SAFE_NO_PAD
            .decode(&self.0)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or_else(|| {
                Failure::new(
                    ErrorCode::InvalidRequest,
                    "`cursor` is not one that this list gave out",
                )
            })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One page, and where the next begins (`None` on the last).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Builds a page from rows fetched with [`PageLimit::with_lookahead`].
    pub fn from_lookahead<P: Serialize>(
        mut items: Vec<T>,
        limit: PageLimit,
        position: impl Fn(&T) -> P,
    ) -> Self {
        let full = items.len() > limit.get() as usize;
        items.truncate(limit.get() as usize);
        let next = items
            .last()
            .filter(|_| full)
            .map(|last| Cursor::after(&position(last)));
        Self { items, next }
    }

    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            next: self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_position_and_junk_is_refused() {
        let limit = PageLimit::parse(Some(2)).unwrap();
        let page = Page::from_lookahead(vec![1, 2, 3], limit, |item| *item);
        assert_eq!(page.items, [1, 2]);
        assert_eq!(page.next.unwrap().position::<i32>().unwrap(), 2);
        assert!(Cursor("junk!".into()).position::<i32>().is_err());
        assert!(PageLimit::parse(Some(0)).is_err());
        assert!(PageLimit::parse(Some(101)).is_err());
    }
}
