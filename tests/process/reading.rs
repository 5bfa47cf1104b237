//! Files as a worker reads them: by children of the binary, in the sandbox, by the engines that are installed.

use std::{
    fmt::Write as _,
    fs::File,
    io::{Seek, Write},
};

use futures::StreamExt;
use kaname::{
    document::extraction::{
        BlockKind, ExtractionError, Extractor, FileKind, FileMetadata, Frame, Page, TextSource,
    },
    platform::config::Environment,
    roles::Settings,
};
use tokio_util::sync::CancellationToken;

use crate::pdf::{Pdf, drawn, text, wide};

/// What came of a reading.
struct Read {
    metadata: FileMetadata,
    pages: Vec<Page>,
    ended: Result<(), ExtractionError>,
}

impl Read {
    /// The blocks that a person sees.
    fn seen(&self, page: usize) -> Vec<&str> {
        let blocks = self.pages[page].blocks.iter();
        blocks
            .filter(|block| !block.hidden)
            .map(|block| block.text.as_str())
            .collect()
    }
}

fn extractor(change: impl FnOnce(&mut Settings)) -> Extractor {
    let mut settings = Settings::load(None, &Environment::of_process()).unwrap();
    settings.documents.engines.reader = env!("CARGO_BIN_EXE_app").into();
    change(&mut settings);
    Extractor::new(
        &settings.documents.engines,
        &settings.documents.extraction,
        2,
    )
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

async fn read_by(extractor: &Extractor, bytes: &[u8], first: u32) -> Read {
    let mut file = file(bytes);
    let kind = FileKind::of(&mut file, None).unwrap();
    let mut frames = extractor.read(file, kind, first, &CancellationToken::new());
    let mut read = Read {
        metadata: FileMetadata::default(),
        pages: Vec::new(),
        ended: Err(ExtractionError::Cancelled),
    };
    while let Some(frame) = frames.next().await {
        match frame {
            Ok(Frame::Opened { metadata, .. }) => read.metadata = metadata,
            Ok(Frame::Page(page)) => read.pages.push(page),
            Ok(Frame::Done) => read.ended = Ok(()),
            Err(error) => read.ended = Err(error),
        }
    }
    read
}

async fn read(bytes: &[u8]) -> Read {
    let read = read_by(&extractor(|_| {}), bytes, 1).await;
    assert_eq!(read.ended, Ok(()));
    read
}

#[tokio::test]
async fn a_page_is_read_in_both_languages_with_its_places() {
    let page = text("Bold", 20.0, (72.0, 760.0), "A study of boxes")
        + &text(
            "Roman",
            10.0,
            (72.0, 700.0),
            "The first line of a paragraph, and a hyphen-",
        )
        + &text("Roman", 10.0, (72.0, 688.0), "ated word at its end.")
        + &wide("Gothic", 10.0, (72.0, 640.0), "日本語の文章はここに")
        + &wide("Gothic", 10.0, (72.0, 625.0), "続きます。");
    let read = read(&Pdf::new().info("/Author (Ada L.)").page(&page).bytes()).await;
    let page = &read.pages[0];
    assert_eq!(page.source, TextSource::Pdfium, "{}", page.reason);
    assert_eq!(
        read.seen(0),
        [
            "A study of boxes",
            "The first line of a paragraph, and a hyphenated word at its end.",
            "日本語の文章はここに続きます。",
        ]
    );
    assert_eq!(page.blocks[0].kind, BlockKind::Heading { level: 1 });
    assert_eq!(read.metadata.title.as_deref(), Some("A study of boxes"));
    assert_eq!(read.metadata.authors, ["Ada L."]);
    let second = page.blocks[1].lines[1];
    let part: String = page.blocks[1]
        .text
        .chars()
        .skip(second.start as usize)
        .take((second.end - second.start) as usize)
        .collect();
    assert_eq!(part, "ated word at its end.");
    assert!((second.bounds.left - 72.0).abs() < 2.0 && (second.bounds.bottom - 154.0).abs() < 6.0);
}

#[tokio::test]
async fn what_nobody_sees_is_set_apart() {
    let page = text("Roman", 11.0, (72.0, 700.0), "Everybody sees this line.")
        + "1 1 1 rg\n"
        + &text("Roman", 11.0, (72.0, 600.0), "white on white")
        + "0 0 0 rg\n"
        + "3 Tr\n"
        + &text("Roman", 11.0, (72.0, 500.0), "drawn by no pen")
        + "0 Tr\n"
        + &text("Roman", 0.5, (72.0, 400.0), "too small")
        + &text("Roman", 11.0, (72.0, -50.0), "below the page")
        + "0 0 0.4 rg 60 290 300 30 re f 1 1 1 rg\n"
        + &text("Roman", 11.0, (72.0, 300.0), "white on blue");
    let read = read(&Pdf::new().page(&page).bytes()).await;
    assert_eq!(read.seen(0), ["Everybody sees this line.", "white on blue"]);
    let mut hidden: Vec<_> = read.pages[0]
        .blocks
        .iter()
        .filter(|block| block.hidden)
        .map(|block| block.text.as_str())
        .collect();
    hidden.sort_unstable();
    assert_eq!(
        hidden,
        [
            "below the page",
            "drawn by no pen",
            "too small",
            "white on white"
        ]
    );
}

#[tokio::test]
async fn two_columns_are_read_one_after_the_other() {
    let mut page = text(
        "Bold",
        16.0,
        (150.0, 780.0),
        "A title that spans both columns of it",
    );
    for row in 0..12u8 {
        let y = 720.0 - 14.0 * f32::from(row);
        page += &text(
            "Roman",
            10.0,
            (60.0, y),
            &format!("left line {row} goes on and on to the gutter"),
        );
        page += &text(
            "Roman",
            10.0,
            (320.0, y),
            &format!("right line {row} goes on and on to its edge"),
        );
    }
    let read = read(&Pdf::new().page(&page).bytes()).await;
    let all = read.seen(0).join(" ");
    let place = |words: &str| all.find(words).unwrap_or_else(|| panic!("{words}: {all}"));
    assert!(place("A title") < place("left line 0"));
    assert!(place("left line 11") < place("right line 0"));
}

#[expect(clippy::too_many_lines, reason = "one page, drawn and read")]
#[tokio::test]
async fn tables_captions_notes_references_and_running_heads_are_told() {
    let page = |number: u32, body: &str| {
        text("Roman", 9.0, (72.0, 810.0), "A study of boxes")
            + body
            + &text("Roman", 9.0, (290.0, 30.0), &number.to_string())
    };
    let mut table = text("Roman", 10.0, (72.0, 740.0), "Table 1: What was measured");
    // Three lines across, as in a book.
    for y in [730.0_f32, 712.0, 660.0] {
        writeln!(table, "72 {y} m 400 {y} l S").unwrap();
    }
    for (row, cells) in [
        ["engine", "pages", "errors"],
        ["one", "242", "0.9"],
        ["two", "350", "1.2"],
        ["three", "9", "7"],
    ]
    .iter()
    .enumerate()
    {
        for (x, cell) in [80.0, 200.0, 320.0].into_iter().zip(cells) {
            let y = [718.0, 698.0, 684.0, 668.0][row];
            table += &text("Roman", 10.0, (x, y), cell);
        }
    }
    for line in 0..8u8 {
        let y = 600.0 - 12.0 * f32::from(line);
        table += &text(
            "Roman",
            10.0,
            (72.0, y),
            "The body of this page goes on for some lines of plain prose here",
        );
    }
    table += &text("Roman", 5.0, (72.0, 83.0), "1");
    table += &text(
        "Roman",
        8.0,
        (77.0, 80.0),
        "A note that explains what was said above.",
    );
    let plain = text("Roman", 10.0, (72.0, 500.0), "The last page has one line.");
    let references = text("Bold", 14.0, (72.0, 740.0), "References")
        + &text(
            "Roman",
            10.0,
            (72.0, 710.0),
            "[1] A. Turing. Computing machinery and",
        )
        + &text("Roman", 10.0, (88.0, 698.0), "intelligence. Mind, 1950.")
        + &text(
            "Roman",
            10.0,
            (72.0, 686.0),
            "[2] D. Knuth. Literate programming. 1984.",
        );
    let pdf = Pdf::new()
        .page(&page(1, &table))
        .page(&page(2, &references))
        .page(&page(3, &plain));
    let read = read(&pdf.bytes()).await;
    let of_kind = |page: usize, wanted: &dyn Fn(&BlockKind) -> bool| -> Vec<&str> {
        let blocks = read.pages[page]
            .blocks
            .iter()
            .filter(|block| wanted(&block.kind));
        blocks.map(|block| block.text.as_str()).collect()
    };
    for page in 0..3 {
        assert_eq!(
            of_kind(page, &|kind| *kind == BlockKind::PageHeader),
            ["A study of boxes"]
        );
        assert_eq!(
            of_kind(page, &|kind| *kind == BlockKind::PageFooter),
            [(page + 1).to_string()]
        );
    }
    assert_eq!(
        of_kind(0, &|kind| matches!(kind, BlockKind::Table { .. })),
        ["engine\tpages\terrors\none\t242\t0.9\ntwo\t350\t1.2\nthree\t9\t7"]
    );
    assert_eq!(
        of_kind(0, &|kind| *kind == BlockKind::Caption),
        ["Table 1: What was measured"]
    );
    assert_eq!(
        of_kind(0, &|kind| *kind == BlockKind::Footnote),
        ["1 A note that explains what was said above."]
    );
    assert_eq!(
        of_kind(1, &|kind| *kind == BlockKind::Reference),
        [
            "[1] A. Turing. Computing machinery and intelligence. Mind, 1950.",
            "[2] D. Knuth. Literate programming. 1984.",
        ]
    );
}

#[tokio::test]
async fn vertical_writing_is_read_from_the_right() {
    let page = wide("Tategaki", 14.0, (500.0, 780.0), "縦書きの最初の行です。")
        + &wide(
            "Tategaki",
            14.0,
            (475.0, 780.0),
            "二行目はその左にあります。",
        )
        + &wide("Tategaki", 14.0, (450.0, 780.0), "三行目で終わります。");
    let read = read(&Pdf::new().page(&page).bytes()).await;
    let all = read.seen(0).concat();
    assert_eq!(
        all,
        "縦書きの最初の行です。二行目はその左にあります。三行目で終わります。"
    );
}

#[tokio::test]
async fn a_page_without_text_is_seen_or_said_to_be_blank() {
    let words = "The quick brown fox reads this page.";
    let printed = Pdf::new()
        .page(&text("Roman", 20.0, (72.0, 700.0), words))
        .bytes();
    let (width, height, grey) = drawn(&printed, 200);
    let scanned = Pdf::new().scan(width, height, grey).page("").bytes();
    let read = read(&scanned).await;
    assert_eq!(
        read.pages[0].source,
        TextSource::Ocr,
        "{}",
        read.pages[0].reason
    );
    assert_eq!(read.seen(0), [words]);
    assert_eq!(read.pages[1].source, TextSource::Blank);
    assert!(!read.pages[1].reason.is_empty());
}

#[tokio::test]
async fn pages_come_in_order_from_the_one_that_is_wanted() {
    let mut pdf = Pdf::new();
    for number in 1..=70 {
        pdf = pdf.page(&text(
            "Roman",
            12.0,
            (72.0, 700.0),
            &format!("This is page {number} of the file."),
        ));
    }
    let read = read_by(&extractor(|_| {}), &pdf.bytes(), 13).await;
    assert_eq!(read.ended, Ok(()));
    let numbers: Vec<u32> = read.pages.iter().map(|page| page.number).collect();
    assert_eq!(numbers, (13..=70).collect::<Vec<_>>());
    assert_eq!(read.seen(57), ["This is page 70 of the file."]);
    let few = extractor(|settings| settings.documents.extraction.pages = 69);
    let refused = read_by(&few, &pdf.bytes(), 1).await;
    assert!(matches!(
        refused.ended,
        Err(ExtractionError::TooLarge { allowed: 69, .. })
    ));
}

#[tokio::test]
async fn what_is_no_pdf_is_said_to_be_damaged() {
    let whole = Pdf::new()
        .page(&text("Roman", 12.0, (72.0, 700.0), "whole"))
        .bytes();
    let half = &whole[..whole.len() / 3];
    let read = read_by(&extractor(|_| {}), half, 1).await;
    assert!(
        matches!(read.ended, Err(ExtractionError::Damaged { .. })),
        "{:?}",
        read.ended
    );
    let missing = extractor(|settings| settings.documents.engines.pdfium = "/nowhere".into());
    let read = read_by(&missing, &whole, 1).await;
    assert!(
        matches!(read.ended, Err(ExtractionError::EngineMissing { .. })),
        "{:?}",
        read.ended
    );
}

#[tokio::test]
async fn a_page_that_breaks_its_reader_is_told_and_the_others_are_read() {
    // Each form draws the one before it twice: a billion words.
    let mut pdf = Pdf::new().form(&text("Roman", 12.0, (72.0, 700.0), "again and again"));
    for form in 0..30 {
        pdf = pdf.form(&format!("/Form{form} Do /Form{form} Do"));
    }
    let pdf =
        pdf.page("/Form30 Do")
            .page(&text("Roman", 12.0, (72.0, 700.0), "The page after it."));
    let narrow = extractor(|settings| {
        settings.documents.extraction.seconds_per_page = 3;
        settings.documents.extraction.memory_mib = 256;
    });
    let read = read_by(&narrow, &pdf.bytes(), 1).await;
    assert_eq!(read.ended, Ok(()));
    assert_eq!(read.pages.len(), 2);
    assert_eq!(read.pages[0].source, TextSource::Unreadable);
    assert!(!read.pages[0].reason.is_empty());
    assert_eq!(read.seen(1), ["The page after it."]);
}

#[tokio::test]
async fn a_file_that_is_not_opened_in_time_is_too_slow_and_did_not_crash() {
    // Nothing is as fast as that.
    let hurried = extractor(|settings| settings.documents.extraction.seconds_per_page = 0);
    let pdf = Pdf::new()
        .page(&text("Roman", 12.0, (72.0, 700.0), "whole"))
        .bytes();
    for bytes in [&pdf[..], b"name,age\nAoi,7\nYui,9\n"] {
        let read = read_by(&hurried, bytes, 1).await;
        assert_eq!(read.ended, Err(ExtractionError::TimedOut { seconds: 0 }));
    }
}

#[tokio::test]
async fn a_reading_that_nobody_wants_any_more_leaves_no_child() {
    let mut pdf = Pdf::new();
    for number in 1..=400 {
        pdf = pdf.page(&text(
            "Roman",
            12.0,
            (72.0, 700.0),
            &format!("page {number}"),
        ));
    }
    let cancel = CancellationToken::new();
    let extractor = extractor(|_| {});
    let mut frames = extractor.read(file(&pdf.bytes()), FileKind::Pdf, 1, &cancel);
    assert!(matches!(
        frames.next().await,
        Some(Ok(Frame::Opened { .. }))
    ));
    cancel.cancel();
    let mut last = None;
    while let Some(frame) = frames.next().await {
        last = Some(frame);
    }
    assert_eq!(last, Some(Err(ExtractionError::Cancelled)));
}
