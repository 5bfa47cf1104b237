//! Every reader against files that nobody wrote: trees of its own elements in any order, and bytes.
//!
//! What was found once is tried again first: proptest keeps it in `proptest-regressions`.

mod words;

use std::io::{Cursor, Write};

use proptest::{collection::vec, prelude::*, sample::select};
use zip::{ZipWriter, write::SimpleFileOptions};

use self::words::{CELLS, HEADS, MARKS, PAGE, SLIDES, TEXT, WORD};
use super::{FormatLimits, decode_image, read};
use crate::document::extraction::{
    Block, BlockKind, ExtractionError, FileKind, ImageKind, NativeKind, Page,
};

/// Small enough to be met.
fn limits() -> FormatLimits {
    FormatLimits {
        text_bytes: 64 * 1024,
        part_bytes: 64 * 1024,
        inflated_bytes: 256 * 1024,
        depth: 16,
        pages: 20,
        blocks: 200,
        cells: 200,
        characters: 10_000,
        ..FormatLimits::default()
    }
}

/// Reads, and checks what holds of whatever was read.
fn survives(kind: NativeKind, bytes: Vec<u8>) -> Result<(), TestCaseError> {
    let limits = limits();
    let (mut pages, mut cells): (Vec<Page>, u64) = (Vec::new(), 0);
    let ended = read(kind, &mut Cursor::new(bytes), &limits, &mut |page| {
        pages.push(page);
        Ok(())
    });
    for (number, page) in (1..).zip(&pages) {
        prop_assert_eq!(page.number, number);
        for block in &page.blocks {
            cells += is_whole(block)?;
        }
    }
    prop_assert!(pages.len() as u64 <= limits.pages && cells <= limits.cells);
    prop_assert!(ended.is_err() || !pages.is_empty());
    blames_the_file(ended)
}

/// An error tells what is wrong with the file, never with where it lies.
fn blames_the_file<T>(ended: Result<T, ExtractionError>) -> Result<(), TestCaseError> {
    let code = ended.err().map(|error| error.code());
    prop_assert_ne!(code, Some("io"));
    Ok(())
}

/// Checks a block, and counts its cells.
fn is_whole(block: &Block) -> Result<u64, TestCaseError> {
    let BlockKind::Table { rows } = &block.kind else {
        prop_assert!(!block.text.trim().is_empty());
        return Ok(0);
    };
    let lines: Vec<String> = rows.iter().map(|row| row.join("\t")).collect();
    prop_assert_eq!(&lines.join("\n"), &block.text);
    prop_assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    Ok((rows.len() * rows[0].len()) as u64)
}

/// A tree of these elements, each with its attributes, and text between them.
fn tree(elements: &'static [&'static str]) -> impl Strategy<Value = String> {
    let text = prop_oneof![
        Just("字と a word. ".to_owned()),
        Just("&#x3042;&amp;".to_owned()),
        Just("12".to_owned()),
        Just(" \n ".to_owned()),
        "[a-z0-9あ-ん]{0,20}",
    ];
    text.prop_recursive(12, 120, 6, move |inner| {
        (select(elements), vec(inner, 0..6)).prop_map(|(element, inside)| {
            let name = element.split(' ').next().unwrap_or(element);
            format!("<{element}>{}</{name}>", inside.concat())
        })
    })
}

fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut made = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, data) in parts {
        made.start_file(*name, SimpleFileOptions::default())
            .expect("a part");
        made.write_all(data.as_bytes()).expect("its bytes");
    }
    made.finish().expect("an archive").into_inner()
}

fn related(targets: &[(&str, &str)]) -> String {
    let made = targets.iter().zip(1..).map(|((kind, target), id)| {
        format!(r#"<Relationship Id="rId{id}" Type="x/{kind}" Target="{target}"/>"#)
    });
    format!(
        "<Relationships>{}</Relationships>",
        made.collect::<String>()
    )
}

proptest! {
    #[test]
    fn docx(body in tree(WORD), notes in tree(WORD), styles in tree(WORD)) {
        let main = related(&[("officeDocument", "d.xml")]);
        let rest = related(&[("styles", "s.xml"), ("footnotes", "n.xml"), ("header", "n.xml")]);
        survives(NativeKind::Docx, archive(&[
            ("_rels/.rels", &main), ("_rels/d.xml.rels", &rest), ("d.xml", &body), ("s.xml", &styles), ("n.xml", &notes),
        ]))?;
    }

    #[test]
    fn pptx(slide in tree(SLIDES), notes in tree(SLIDES), order in tree(SLIDES)) {
        let main = related(&[("officeDocument", "p.xml")]);
        let order = format!("<p:presentation><p:sldId r:id=\"rId1\"/>{order}</p:presentation>");
        let slides = related(&[("slide", "s.xml")]);
        let of_slide = related(&[("notesSlide", "n.xml"), ("diagramData", "n.xml")]);
        survives(NativeKind::Pptx, archive(&[
            ("_rels/.rels", &main), ("_rels/p.xml.rels", &slides), ("_rels/s.xml.rels", &of_slide),
            ("p.xml", &order), ("s.xml", &slide), ("n.xml", &notes),
        ]))?;
    }

    #[test]
    fn xlsx(sheet in tree(CELLS), strings in tree(CELLS), book in tree(CELLS)) {
        let main = related(&[("officeDocument", "b.xml")]);
        let book = format!("<workbook><sheet name=\"表\" r:id=\"rId1\"/>{book}</workbook>");
        let rest = related(&[("worksheet", "s.xml"), ("sharedStrings", "t.xml"), ("styles", "t.xml")]);
        survives(NativeKind::Xlsx, archive(&[
            ("_rels/.rels", &main), ("_rels/b.xml.rels", &rest), ("b.xml", &book), ("s.xml", &sheet), ("t.xml", &strings),
        ]))?;
    }

    #[test]
    fn odt(content in tree(TEXT), styles in tree(TEXT)) {
        survives(NativeKind::Odt, archive(&[("content.xml", &content), ("styles.xml", &styles), ("meta.xml", &styles)]))?;
    }

    #[test]
    fn epub(chapter in tree(PAGE), contents in tree(PAGE)) {
        let container = r#"<c><rootfile full-path="b.opf"/></c>"#;
        let book = r#"<package><item id="1" href="c.xhtml" media-type="application/xhtml+xml"/>
            <item id="2" href="n.xhtml" properties="nav"/><itemref idref="1"/><itemref idref="1"/></package>"#;
        survives(NativeKind::Epub, archive(&[
            ("META-INF/container.xml", container), ("b.opf", book), ("c.xhtml", &chapter), ("n.xhtml", &contents),
        ]))?;
    }

    #[test]
    fn html(page in tree(PAGE), torn in 0_usize..2_000) {
        let torn: String = page.chars().take(torn).collect();
        survives(NativeKind::Html, page.into_bytes())?;
        survives(NativeKind::Html, torn.into_bytes())?;
    }

    #[test]
    fn markdown(words in vec(select(MARKS), 0..200)) {
        survives(NativeKind::Markdown, words.concat().into_bytes())?;
    }

    #[test]
    fn plain_text(words in vec(select(MARKS), 0..200)) {
        survives(NativeKind::Plain, words.concat().into_bytes())?;
    }

    #[test]
    fn csv(text in "[a,;\"\t\n|あ ]{0,300}") {
        survives(NativeKind::Csv, text.into_bytes())?;
    }

    #[test]
    fn bytes(bytes in vec(any::<u8>(), 0..2_000), head in select(HEADS)) {
        let bytes = [head, &bytes].concat();
        let of = FileKind::of(&mut Cursor::new(&bytes), Some("a.md"));
        blames_the_file(of)?;
        for kind in FileKind::ALL {
            if let FileKind::Native(kind) = kind {
                survives(kind, bytes.clone())?;
            }
        }
        for kind in [ImageKind::Png, ImageKind::Jpeg, ImageKind::Tiff, ImageKind::Webp] {
            let image = decode_image(kind, &mut Cursor::new(&bytes), 10_000);
            blames_the_file(image)?;
        }
    }

    #[test]
    fn an_archive_with_a_byte_changed(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut bytes = archive(&[("mimetype", "application/epub+zip"), ("content.xml", "<a>text</a>"), ("b", "b")]);
        let at = at.index(bytes.len());
        bytes[at] = to;
        let of = FileKind::of(&mut Cursor::new(&bytes), None);
        blames_the_file(of)?;
        survives(NativeKind::Odt, bytes)?;
    }
}
