//! How well real documents are read: pages per second, agreement with the text editions of the same packages, errors of OCR on
//! clean pages, and pages that came out silently empty. `scripts/corpus` fetches them and calls this.
//!
//! Its arguments: a list of documents (one a line, tab separated: group, language, PDF, text editions) and how many pages of each
//! are drawn and read by OCR.

mod measures;
mod report;

use std::{
    env, fs,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use futures::StreamExt;
use kaname::{
    document::extraction::{BlockKind, Extractor, FileKind, Frame, Page, TextSource, text_of},
    platform::config::Environment,
    roles::Settings,
};
use tokio_util::sync::CancellationToken;

use self::{
    measures::{character_error, compact, share_found},
    report::{Found, Report},
};

/// Pages with less text say little about OCR.
const FEWEST_OCR_CHARS: usize = 400;
const OCR_DPI: &str = "300";
const PARALLEL: usize = 2;

struct Document {
    group: String,
    language: String,
    pdf: PathBuf,
    editions: Vec<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let [list, ocr_pages] = words.as_slice() else {
        eprintln!("usage: corpus LIST OCR_PAGES (see scripts/corpus)");
        return ExitCode::from(2);
    };
    let ocr_pages: usize = ocr_pages
        .parse()
        .expect("how many pages of each document are read by OCR");
    let extractor = extractor();
    println!("sandbox: {:?}", extractor.sandbox().await);
    let mut report = Report::default();
    for document in documents(Path::new(list)) {
        let found = measure(&extractor, &document, ocr_pages).await;
        report.add(&document.group, &document.language, &document.pdf, found);
    }
    println!("{report}");
    if report.silently_empty() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What the environment says (scripts/engines). Unless it names a reader, that is the binary which was built with this.
fn extractor() -> Extractor {
    let mut settings = Settings::load(None, &Environment::of_process()).expect("valid settings");
    let documents = &mut settings.documents;
    if documents.engines.reader.as_os_str().is_empty() {
        documents.engines.reader = env!("CARGO_BIN_EXE_app").into();
    }
    println!("reader: {}", documents.engines.reader.display());
    Extractor::new(&documents.engines, &documents.extraction, PARALLEL)
}

fn documents(list: &Path) -> Vec<Document> {
    let list = fs::read_to_string(list).expect("the list of documents");
    let document = |line: &str| {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().expect("four cells").to_owned();
        Document {
            group: cell(),
            language: cell(),
            pdf: cell().into(),
            editions: cell().split_whitespace().map(PathBuf::from).collect(),
        }
    };
    list.lines().map(document).collect()
}

async fn measure(extractor: &Extractor, document: &Document, ocr_pages: usize) -> Found {
    let mut found = Found::default();
    let (began, used) = (Instant::now(), processor_seconds());
    let pages = match read(extractor, &document.pdf).await {
        Ok(pages) => pages,
        Err(error) => {
            found.failure = Some(error);
            return found;
        }
    };
    found.time = began.elapsed();
    found.processor_seconds = processor_seconds() - used;
    found.pages = pages.len();
    for page in &pages {
        *found.sources.entry(page.source).or_default() += 1;
        let empty = page.blocks.iter().all(|block| block.text.trim().is_empty());
        let told = matches!(page.source, TextSource::Blank | TextSource::Unreadable);
        found.silently_empty += usize::from(empty && !told || page.reason.is_empty());
        let hidden = page.blocks.iter().filter(|block| block.hidden);
        found.hidden_chars += hidden
            .map(|block| block.text.chars().count())
            .sum::<usize>();
        found.chars += page
            .blocks
            .iter()
            .map(|block| block.text.chars().count())
            .sum::<usize>();
    }
    let text = compact(&text_of(&pages));
    let mut edition = String::new();
    for path in &document.editions {
        if let Ok(pages) = read(extractor, path).await {
            edition.push_str(&compact(&text_of(&pages)));
        }
    }
    if !edition.is_empty() {
        found.agreement = Some((share_found(&edition, &text), share_found(&text, &edition)));
    }
    let clean = pages
        .iter()
        .filter(|page| is_clean(page))
        .collect::<Vec<_>>();
    let every = (clean.len() / ocr_pages.max(1)).max(1);
    for page in clean.into_iter().step_by(every).take(ocr_pages) {
        found
            .ocr
            .extend(ocr_error(extractor, &document.pdf, page).await);
    }
    found
}

/// What the children that have ended used of the processors: on a shared machine it says more than the time on the wall.
fn processor_seconds() -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let status = fs::read_to_string("/proc/self/stat").expect("Linux");
    let after_name = status.rsplit_once(')').expect("the name of the program").1;
    let ticks = after_name
        .split_whitespace()
        .skip(13)
        .take(2)
        .map(|field| field.parse::<f64>().expect("a number"));
    ticks.sum::<f64>() / TICKS_PER_SECOND
}

async fn read(extractor: &Extractor, path: &Path) -> Result<Vec<Page>, String> {
    let mut file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let name = path.to_string_lossy();
    let kind = FileKind::of(&mut file, Some(&name)).map_err(|error| error.to_string())?;
    let mut frames = extractor.read(file, kind, 1, &CancellationToken::new());
    let mut pages = Vec::new();
    while let Some(frame) = frames.next().await {
        if let Frame::Page(page) = frame.map_err(|error| error.to_string())? {
            pages.push(page);
        }
    }
    Ok(pages)
}

/// A page of prose, whose order nobody can doubt.
fn is_clean(page: &Page) -> bool {
    let prose = |kind: &BlockKind| {
        !matches!(
            kind,
            BlockKind::Table { .. } | BlockKind::Figure | BlockKind::Formula | BlockKind::Code
        )
    };
    page.source == TextSource::Pdfium
        && page
            .blocks
            .iter()
            .all(|block| prose(&block.kind) && !block.hidden)
        && page.text().chars().count() >= FEWEST_OCR_CHARS
}

/// The page drawn as a scanner would see it, and read from that: errors, of so many characters; and how long it took.
async fn ocr_error(
    extractor: &Extractor,
    pdf: &Path,
    page: &Page,
) -> Option<(usize, usize, Duration)> {
    let folder = tempfile::tempdir().ok()?;
    let image = folder.path().join("page");
    let number = page.number.to_string();
    let drawn = Command::new("pdftoppm")
        .args([
            "-r",
            OCR_DPI,
            "-gray",
            "-png",
            "-singlefile",
            "-f",
            &number,
            "-l",
            &number,
        ])
        .args([pdf, &image])
        .stdin(Stdio::null())
        .status();
    drawn.ok().filter(std::process::ExitStatus::success)?;
    let began = Instant::now();
    let seen = read(extractor, &image.with_extension("png")).await.ok()?;
    // A running head is text too for whoever sees the page alone.
    let all: Vec<&str> = page
        .blocks
        .iter()
        .map(|block| block.text.as_str())
        .collect();
    let took = began.elapsed();
    let (truth, seen) = (compact(&all.concat()), compact(&text_of(&seen)));
    let (errors, chars) = (character_error(&truth, &seen), truth.chars().count());
    eprintln!("  page {number} by OCR: {errors} errors in {chars} characters");
    Some((errors, chars, took))
}
