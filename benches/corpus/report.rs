//! The table.

use std::{collections::BTreeMap, fmt, path::Path, time::Duration};

use kaname::document::extraction::TextSource;

/// What was found out about one document.
#[derive(Debug, Default)]
pub struct Found {
    pub failure: Option<String>,
    pub pages: usize,
    pub chars: usize,
    pub hidden_chars: usize,
    pub silently_empty: usize,
    pub sources: Sources,
    pub time: Duration,
    pub processor_seconds: f64,
    /// How much of the text edition of its package is there, and how much of what is there is in the edition.
    pub agreement: Option<(f64, f64)>,
    /// Of each page that was read by OCR: errors, characters, time.
    pub ocr: Vec<(usize, usize, Duration)>,
}

/// How many pages were read by whom.
#[derive(Debug, Default)]
pub struct Sources(BTreeMap<&'static str, usize>);

impl Sources {
    pub fn entry(
        &mut self,
        source: TextSource,
    ) -> std::collections::btree_map::Entry<'_, &'static str, usize> {
        self.0.entry(source.as_str())
    }
}

#[derive(Debug, Default)]
pub struct Report {
    rows: BTreeMap<(String, String), Row>,
    failures: Vec<String>,
}

/// Documents of one group in one language.
#[derive(Debug, Default)]
struct Row {
    documents: usize,
    pages: usize,
    chars: usize,
    hidden_chars: usize,
    silently_empty: usize,
    sources: BTreeMap<&'static str, usize>,
    seconds: f64,
    processor_seconds: f64,
    agreements: Vec<(f64, f64)>,
    ocr: Vec<(usize, usize, Duration)>,
}

impl Row {
    /// The character error of the page in the middle, in percent: one page of tables or of dots outweighs many.
    #[expect(clippy::cast_precision_loss, reason = "counts of a page")]
    fn middle_page(&self) -> f64 {
        let pages = self.ocr.iter();
        let mut errors: Vec<f64> = pages
            .map(|(errors, chars, _)| 100.0 * *errors as f64 / (*chars).max(1) as f64)
            .collect();
        errors.sort_by(f64::total_cmp);
        errors.get(errors.len() / 2).copied().unwrap_or_default()
    }
}

impl Report {
    pub fn add(&mut self, group: &str, language: &str, pdf: &Path, found: Found) {
        let name = pdf
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if let Some(failure) = found.failure {
            eprintln!("{name}: {failure}");
            self.failures.push(format!("{name}: {failure}"));
            return;
        }
        eprintln!(
            "{name} ({language}): {} pages in {:.1} s, agreement {:.3}, {:?}",
            found.pages,
            found.time.as_secs_f64(),
            found.agreement.map_or(f64::NAN, |agreement| agreement.0),
            found.sources.0
        );
        for group in [group, "all"] {
            let row = self
                .rows
                .entry((group.to_owned(), language.to_owned()))
                .or_default();
            row.documents += 1;
            row.pages += found.pages;
            row.chars += found.chars;
            row.hidden_chars += found.hidden_chars;
            row.silently_empty += found.silently_empty;
            row.seconds += found.time.as_secs_f64();
            row.processor_seconds += found.processor_seconds;
            row.agreements.extend(found.agreement);
            row.ocr.extend(&found.ocr);
            for (source, pages) in &found.sources.0 {
                *row.sources.entry(source).or_default() += pages;
            }
        }
    }

    pub fn silently_empty(&self) -> usize {
        self.rows.values().map(|row| row.silently_empty).sum()
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a corpus")]
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| documents | language | files | pages | pages/s | pages per CPU second | read by | of the text edition found / of ours in it | OCR: character error, of the median page | OCR: s/page | hidden characters | silently empty |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|---|---|---|---|")?;
        for ((group, language), row) in &self.rows {
            let sources: Vec<String> = row
                .sources
                .iter()
                .map(|(source, pages)| format!("{source} {pages}"))
                .collect();
            let agreement = match row.agreements.len() {
                0 => "–".to_owned(),
                count => {
                    let mean = |shares: Vec<f64>| shares.iter().sum::<f64>() / count as f64;
                    let (found, confirmed) = row.agreements.iter().copied().unzip();
                    format!("{:.3} / {:.3} ({count})", mean(found), mean(confirmed))
                }
            };
            let (errors, chars): (usize, usize) = row
                .ocr
                .iter()
                .fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
            let seconds: f64 = row.ocr.iter().map(|one| one.2.as_secs_f64()).sum();
            let (error, pace) = match row.ocr.len() {
                0 => ("–".to_owned(), "–".to_owned()),
                count => (
                    format!(
                        "{:.2} %, {:.2} % ({count} pages)",
                        100.0 * errors as f64 / chars.max(1) as f64,
                        row.middle_page()
                    ),
                    format!("{:.1}", seconds / count as f64),
                ),
            };
            writeln!(
                f,
                "| {group} | {language} | {} | {} | {:.0} | {:.0} | {} | {agreement} | {error} | {pace} | {:.3} % | {} |",
                row.documents,
                row.pages,
                row.pages as f64 / row.seconds.max(f64::EPSILON),
                row.pages as f64 / row.processor_seconds.max(f64::EPSILON),
                sources.join(", "),
                100.0 * row.hidden_chars as f64 / row.chars.max(1) as f64,
                row.silently_empty
            )?;
        }
        for failure in &self.failures {
            writeln!(f, "failed: {failure}")?;
        }
        Ok(())
    }
}
