//! The types of content that media can have.

use std::str::FromStr;

/// Every type that Langfuse's SDKs know.
const CONTENT_TYPES: &[&str] = &[
    "image/png",
    "image/jpeg",
    "image/jpg",
    "image/webp",
    "image/gif",
    "image/svg+xml",
    "image/tiff",
    "image/bmp",
    "image/avif",
    "image/heic",
    "audio/mpeg",
    "audio/mp3",
    "audio/wav",
    "audio/ogg",
    "audio/oga",
    "audio/aac",
    "audio/mp4",
    "audio/flac",
    "audio/opus",
    "audio/webm",
    "video/mp4",
    "video/webm",
    "video/ogg",
    "video/mpeg",
    "video/quicktime",
    "video/x-msvideo",
    "video/x-matroska",
    "text/plain",
    "text/html",
    "text/css",
    "text/csv",
    "text/markdown",
    "text/x-python",
    "application/javascript",
    "text/x-typescript",
    "application/x-yaml",
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/zip",
    "application/json",
    "application/xml",
    "application/octet-stream",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/rtf",
    "application/x-ndjson",
    "application/vnd.apache.parquet",
    "application/gzip",
    "application/x-tar",
    "application/x-7z-compressed",
];

/// A media type that we take, without parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentType(&'static str);

impl ContentType {
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl FromStr for ContentType {
    type Err = String;
    /// The error lists what we take.
    fn from_str(text: &str) -> Result<Self, String> {
        let media_type = text.split(';').next().unwrap_or_default().trim();
        CONTENT_TYPES
            .iter()
            .find(|known| known.eq_ignore_ascii_case(media_type))
            .map(|known| Self(known))
            .ok_or_else(|| format!("one of {}", CONTENT_TYPES.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_known_whatever_its_case_and_parameters() {
        let parsed: ContentType = "Text/Plain; charset=utf-8".parse().unwrap();
        assert_eq!(parsed.as_str(), "text/plain");
        let unknown = "application/x-sh".parse::<ContentType>().unwrap_err();
        assert!(unknown.contains("image/png"), "{unknown}");
    }
}
