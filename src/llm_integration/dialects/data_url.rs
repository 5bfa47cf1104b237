//! `data:` addresses, as OpenAI's API holds bytes, to and from a type and its base64.

use super::chat::Source;

const SCHEME: &str = "data:";
const BASE64: &str = ";base64,";

/// `None` when it is no base64 data address with a type.
pub(super) fn parse(url: &str) -> Option<Source> {
    let (media_type, data) = url.strip_prefix(SCHEME)?.split_once(BASE64)?;
    // Parameters such as a charset mean nothing for the bytes.
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    (!media_type.is_empty()).then(|| Source::Base64 {
        media_type: media_type.to_owned(),
        data: data.to_owned(),
    })
}

pub(super) fn of(media_type: &str, data: &str) -> String {
    format!("{SCHEME}{media_type}{BASE64}{data}")
}
