//! What there is to read with on this machine, and how to get what is missing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::document::extraction::{EngineSettings, ExtractionSettings};

/// Parts of the file names of fonts with Japanese letters.
const JAPANESE_FONTS: &[&str] = &[
    "ipa",
    "noto",
    "takao",
    "vl-gothic",
    "vlgothic",
    "migmix",
    "mplus",
    "sazanami",
    "kochi",
    "ume",
    "hanazono",
    "sourcehan",
];
/// `noto` alone also names fonts of other languages.
const NOTO_JAPANESE: &[&str] = &["cjk", "jp"];
const FOLDERS_DEEP: u8 = 4;

/// What is found, or else how to get it.
pub type EngineState = Result<String, String>;

#[derive(Clone, Debug)]
pub struct Engines {
    pub pdfium: EngineState,
    pub poppler: EngineState,
    pub ocr_languages: EngineState,
    /// Files often embed no Japanese font; drawn without one, OCR reads nothing of them.
    pub japanese_font: EngineState,
}

impl Engines {
    /// Each with the name by which readiness tells of it.
    pub fn into_named(self) -> [(&'static str, EngineState); 4] {
        [
            ("pdfium", self.pdfium),
            ("poppler", self.poppler),
            ("ocr", self.ocr_languages),
            ("japanese_font", self.japanese_font),
        ]
    }
}

pub(super) fn engines(engines: &EngineSettings, limits: &ExtractionSettings) -> Engines {
    Engines {
        pdfium: present(&engines.pdfium, "documents.engines.pdfium"),
        poppler: present(&engines.pdftotext, "documents.engines.pdftotext"),
        ocr_languages: present(&engines.tesseract, "documents.engines.tesseract")
            .and_then(|_| languages(&engines.tessdata, &limits.ocr_languages)),
        japanese_font: engines
            .fonts
            .iter()
            .find_map(|folder| japanese_font(folder, FOLDERS_DEEP))
            .map(|font| font.display().to_string())
            .ok_or_else(|| "no Japanese font is found in `documents.engines.fonts`: install fonts-ipaexfont-gothic".to_owned()),
    }
}

fn present(file: &Path, setting: &str) -> EngineState {
    if file.is_file() {
        Ok(file.display().to_string())
    } else {
        Err(format!(
            "`{setting}` names {}, which is no file: run scripts/engines",
            file.display()
        ))
    }
}

fn languages(tessdata: &Path, wanted: &[String]) -> EngineState {
    let missing = wanted
        .iter()
        .find(|language| !tessdata.join(format!("{language}.traineddata")).is_file());
    match missing {
        Some(language) => Err(format!(
            "{} has no {language}.traineddata: install tesseract-ocr-{}",
            tessdata.display(),
            language.replace('_', "-")
        )),
        None => Ok(wanted.join("+")),
    }
}

fn japanese_font(folder: &Path, deep: u8) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?;
    let mut folders = Vec::new();
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        if path.is_dir() {
            folders.push(path);
            continue;
        }
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().to_lowercase());
        if name.is_some_and(|name| is_japanese(&name)) {
            return Some(path);
        }
    }
    if deep == 0 {
        return None;
    }
    folders
        .iter()
        .find_map(|folder| japanese_font(folder, deep - 1))
}

fn is_japanese(file: &str) -> bool {
    let font = [".ttf", ".otf", ".ttc"]
        .iter()
        .any(|extension| file.ends_with(extension));
    let named = JAPANESE_FONTS.iter().any(|part| file.starts_with(part));
    let noto = !file.starts_with("noto") || NOTO_JAPANESE.iter().any(|part| file.contains(part));
    font && named && noto
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_are_known_by_their_names() {
        assert!(is_japanese("ipaexg.ttf") && is_japanese("notosanscjk-regular.ttc"));
        assert!(!is_japanese("notosans-regular.ttf") && !is_japanese("dejavusans.ttf"));
        assert!(!is_japanese("ipa.txt"));
    }
}
