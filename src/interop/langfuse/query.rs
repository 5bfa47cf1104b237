//! Query strings as Langfuse's SDKs write them: a list is a key that comes again.

use std::{fmt::Display, str::FromStr};

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};
use url::form_urlencoded;

use crate::kernel::{ErrorCode, Failure, Timestamp};

pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// # Errors
    /// `invalid_request` for a NUL, which no stored text can hold.
    pub fn of(request: &HttpRequest) -> Result<Self, Failure> {
        let pairs = form_urlencoded::parse(request.query_string().as_bytes());
        let pairs: Vec<_> = pairs
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        match pairs.iter().find(|(_, value)| value.contains('\0')) {
            Some((name, _)) => Err(invalid(name, "text without NUL characters")),
            None => Ok(Self(pairs)),
        }
    }

    /// The value as it stands, also an empty one.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value, unless it is empty.
    pub fn text(&self, name: &str) -> Option<String> {
        self.raw(name)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    }

    pub fn all(&self, name: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// # Errors
    /// `invalid_request`, naming the parameter and what it takes.
    pub fn parsed<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, Failure> {
        self.text(name)
            .map(|text| text.parse().map_err(|error| invalid(name, error)))
            .transpose()
    }

    /// # Errors
    /// `invalid_request` when it is not an ISO 8601 time with a zone.
    pub fn time(&self, name: &str) -> Result<Option<Timestamp>, Failure> {
        Ok(self.parsed::<DateTime<Utc>>(name)?.map(Timestamp::from))
    }

    /// The names in a list with commas.
    pub fn list(&self, name: &str) -> Option<Vec<String>> {
        let text = self.text(name)?;
        Some(
            text.split(',')
                .map(|item| item.trim().to_owned())
                .filter(|item| !item.is_empty())
                .collect(),
        )
    }
}

pub(super) fn invalid(name: &str, takes: impl Display) -> Failure {
    Failure::new(
        ErrorCode::InvalidRequest,
        format!("`{name}` is not valid: {takes}"),
    )
}
