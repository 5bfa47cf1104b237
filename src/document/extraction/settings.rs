//! The `[documents.engines]` and `[documents.extraction]` sections: what reads files, and how much it may use.

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::formats::FormatLimits;
use crate::platform::config::ConfigError;

/// Largest resolution at which a page is drawn for OCR.
const MAX_DPI: u32 = 600;
const SMALLEST_MEMORY_MIB: u64 = 64;

/// Programs and libraries of others that read what we do not read ourselves.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EngineSettings {
    pub reader: PathBuf,
    pub pdfium: PathBuf,
    pub pdftotext: PathBuf,
    pub tesseract: PathBuf,
    pub tessdata: PathBuf,
    pub poppler_data: PathBuf,
    pub fonts: Vec<PathBuf>,
}

/// Limits of one document.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExtractionSettings {
    pub pages: u32,
    pub seconds_per_document: u64,
    pub seconds_per_page: u64,
    pub memory_mib: u64,
    pub output_bytes: u64,
    pub page_bytes: u64,
    pub pixels: u64,
    pub children: usize,
    pub ocr_dpi: u32,
    pub ocr_languages: Vec<String>,
    pub formats: FormatLimits,
}

impl ExtractionSettings {
    /// # Errors
    /// Names the first key whose value makes no sense.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let positive = [
            ("pages", u64::from(self.pages)),
            ("seconds_per_document", self.seconds_per_document),
            ("seconds_per_page", self.seconds_per_page),
            ("output_bytes", self.output_bytes),
            ("page_bytes", self.page_bytes),
            ("pixels", self.pixels),
            ("formats.text_bytes", self.formats.text_bytes),
            ("formats.part_bytes", self.formats.part_bytes),
            ("formats.inflated_bytes", self.formats.inflated_bytes),
            ("formats.inflation_ratio", self.formats.inflation_ratio),
            ("formats.archive_entries", self.formats.archive_entries),
            ("formats.depth", self.formats.depth),
            ("formats.blocks", self.formats.blocks),
            ("formats.cells", self.formats.cells),
            ("formats.characters", self.formats.characters),
        ];
        let rejected = |text: String| Err(ConfigError::Rejected(text));
        if let Some((key, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return rejected(format!(
                "`documents.extraction.{key}` must be greater than 0"
            ));
        }
        if self.memory_mib < SMALLEST_MEMORY_MIB {
            return rejected(format!(
                "`documents.extraction.memory_mib` must be {SMALLEST_MEMORY_MIB} or more"
            ));
        }
        if !(72..=MAX_DPI).contains(&self.ocr_dpi) {
            return rejected(format!(
                "`documents.extraction.ocr_dpi` must be between 72 and {MAX_DPI}"
            ));
        }
        let word = |language: &String| {
            !language.is_empty()
                && language
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if self.ocr_languages.is_empty() || !self.ocr_languages.iter().all(word) {
            return rejected(
                "`documents.extraction.ocr_languages` must name models of tesseract, e.g. [\"jpn\", \"eng\"]"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// For files that hold their text as such.
    pub fn format_limits(&self) -> FormatLimits {
        FormatLimits {
            pages: self.pages.into(),
            ..self.formats.clone()
        }
    }

    pub const fn document_time(&self) -> Duration {
        Duration::from_secs(self.seconds_per_document)
    }

    pub const fn page_time(&self) -> Duration {
        Duration::from_secs(self.seconds_per_page)
    }

    pub const fn memory_bytes(&self) -> u64 {
        self.memory_mib * 1024 * 1024
    }
}
