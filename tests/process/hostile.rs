//! Files that were made to harm their reader: each ends in time, in words, and without a crash.
//!
//! `HOSTILE_MUTATIONS=10000` makes more of them, `HOSTILE_SEED=2` others; with `--nocapture` the test says what became of
//! each kind.

use std::{
    collections::BTreeMap,
    fs::File,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use kaname::{
    document::extraction::{ExtractionError, Extractor, FileKind, Frame},
    platform::config::Environment,
    roles::Settings,
};
use tokio_util::sync::CancellationToken;

/// Changed files that every run reads.
const MUTATIONS: &str = "1000";
const AT_ONCE: usize = 2;
/// A document of ten thousand pages is refused for them, and not read for a minute.
const PAGES_MAX: u32 = 500;
const MEMORY_MIB: u64 = 512;
/// A sheet of so many cells is refused in a second, also by a build without optimization.
const CELLS_MAX: u64 = 200_000;
/// Where nothing hangs none of these is reached, however busy the machine is.
const SECONDS_PER_DOCUMENT: u64 = 600;
const SECONDS_PER_PAGE: u64 = 300;
/// Memory of this process, which hears what the children say.
const PARENT_KIB_MAX: u64 = 512 * 1024;
/// How a file may not end that nothing else is expected of: in none of these the file itself was named as the reason.
const FAILURES: [&str; 5] = ["crashed", "timed_out", "out_of_memory", "sandbox", "io"];

fn extractor() -> Extractor {
    let mut settings = Settings::load(None, &Environment::of_process()).unwrap();
    let documents = &mut settings.documents;
    documents.engines.reader = env!("CARGO_BIN_EXE_app").into();
    // A picture that is blank is looked at for seconds, and nothing hostile of ours gets that far.
    documents.engines.tesseract = "/nonexistent".into();
    documents.extraction.pages = PAGES_MAX;
    documents.extraction.memory_mib = MEMORY_MIB;
    documents.extraction.formats.cells = CELLS_MAX;
    documents.extraction.seconds_per_document = SECONDS_PER_DOCUMENT;
    documents.extraction.seconds_per_page = SECONDS_PER_PAGE;
    Extractor::new(&documents.engines, &documents.extraction, AT_ONCE)
}

fn corpus(folder: &Path) -> BTreeMap<String, Option<Vec<String>>> {
    let environment = Environment::of_process();
    let mutations = environment.get("HOSTILE_MUTATIONS").unwrap_or(MUTATIONS);
    let seed = environment.get("HOSTILE_SEED").unwrap_or("1");
    let made = Command::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/scripts/hostile-corpus"
    ))
    .arg(folder)
    .args(["--mutations", mutations, "--seed", seed])
    .output()
    .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let expected = std::fs::read(folder.join("expected.json")).unwrap();
    serde_json::from_slice(&expected).unwrap()
}

/// What a file came to: `read`, or the code of an error.
async fn outcome(extractor: &Extractor, path: &Path) -> Result<(), ExtractionError> {
    let name = path.file_name().unwrap().to_str();
    let mut file = File::open(path).unwrap();
    let kind = FileKind::of(&mut file, name)?;
    let mut frames = extractor.read(file, kind, 1, &CancellationToken::new());
    let mut ended = Err(ExtractionError::Cancelled);
    while let Some(frame) = frames.next().await {
        match frame {
            Ok(Frame::Done) => ended = Ok(()),
            Ok(_) => {}
            Err(error) => ended = Err(error),
        }
    }
    ended
}

fn code_of(ended: &Result<(), ExtractionError>) -> &'static str {
    ended.as_ref().err().map_or("read", ExtractionError::code)
}

fn complaint(
    name: &str,
    expected: Option<&[String]>,
    ended: &Result<(), ExtractionError>,
) -> Option<String> {
    let code = code_of(ended);
    let is_right = match expected {
        Some(codes) => codes.iter().any(|known| known == code),
        None => !FAILURES.contains(&code),
    };
    let words = ended.as_ref().err().map(ToString::to_string);
    (!is_right).then(|| format!("{name}: {code}, {words:?}, instead of {expected:?}"))
}

/// Changed files by what they were, the others together.
fn group(name: &str) -> String {
    let extension = name.rsplit('.').next().unwrap_or(name);
    match name.split('-').next() {
        Some("mutated") => format!("changed {extension}"),
        Some("random") => "random bytes".to_owned(),
        _ => "made to harm, or harmless".to_owned(),
    }
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let size = line.and_then(|line| line.split_whitespace().next());
    size.unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_crashes_its_reader_or_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let expected = corpus(folder.path());
    let extractor = extractor();
    let began = Instant::now();
    let ended = stream::iter(&expected).map(|(name, expected)| {
        let (path, extractor) = (folder.path().join(name), &extractor);
        async move {
            let began = Instant::now();
            let ended = outcome(extractor, &path).await;
            let complaint = complaint(name, expected.as_deref(), &ended);
            (name, code_of(&ended), began.elapsed(), complaint)
        }
    });
    let ended: Vec<_> = ended.buffer_unordered(AT_ONCE).collect().await;
    let mut outcomes: BTreeMap<(String, &str), (u32, Duration)> = BTreeMap::new();
    let mut complaints = Vec::new();
    for (name, code, took, complaint) in ended {
        let (count, longest) = outcomes.entry((group(name), code)).or_default();
        (*count, *longest) = (*count + 1, took.max(*longest));
        complaints.extend(complaint);
    }
    println!("{} files in {:.0?}", expected.len(), began.elapsed());
    for ((group, code), (count, longest)) in outcomes {
        println!("| {group} | {code} | {count} | {longest:.1?} |");
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(peak_kib() < PARENT_KIB_MAX, "{} KiB", peak_kib());
}
