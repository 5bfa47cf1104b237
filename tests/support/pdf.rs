//! PDFs made for tests: as many pages as are wanted, each with text of its own, or with marks that only OCR can read.

use std::fmt::Write;

/// A PDF that is written object by object.
struct Writer {
    bytes: Vec<u8>,
    /// Where each object begins, from object 1.
    offsets: Vec<usize>,
}

impl Writer {
    fn new() -> Self {
        Self {
            bytes: b"%PDF-1.7\n".to_vec(),
            offsets: Vec::new(),
        }
    }

    fn object(&mut self, body: &str) {
        self.offsets.push(self.bytes.len());
        let text = format!("{} 0 obj\n{body}\nendobj\n", self.offsets.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn finish(mut self, info: usize) -> Vec<u8> {
        let start = self.bytes.len();
        let mut end = format!("xref\n0 {}\n0000000000 65535 f \n", self.offsets.len() + 1);
        for offset in &self.offsets {
            writeln!(end, "{offset:010} 00000 n ").expect("text");
        }
        write!(
            end,
            "trailer\n<< /Size {} /Root 1 0 R /Info {info} 0 R >>\nstartxref\n{start}\n%%EOF\n",
            self.offsets.len() + 1
        )
        .expect("text");
        self.bytes.extend_from_slice(end.as_bytes());
        self.bytes
    }
}

/// Objects before those of the pages: catalog, list of pages, font, information.
const FIRST_PAGE_OBJECT: usize = 5;

fn pdf(title: &str, contents: &[String], media_box: &str) -> Vec<u8> {
    let mut writer = Writer::new();
    let kids: Vec<String> = (0..contents.len())
        .map(|at| format!("{} 0 R", FIRST_PAGE_OBJECT + 2 * at))
        .collect();
    writer.object("<< /Type /Catalog /Pages 2 0 R >>");
    writer.object(&format!(
        "<< /Type /Pages /Count {} /Kids [{}] >>",
        contents.len(),
        kids.join(" ")
    ));
    writer.object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
    writer.object(&format!(
        "<< /Title ({title}) /Author (S. Aoki; Y. Tanaka) >>"
    ));
    for content in contents {
        let stream = writer.offsets.len() + 2;
        writer.object(&format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox {media_box} /Contents {stream} 0 R \
             /Resources << /Font << /F1 3 0 R >> >> >>"
        ));
        writer.object(&format!(
            "<< /Length {} >>\nstream\n{content}\nendstream",
            content.len()
        ));
    }
    writer.finish(4)
}

/// Pages of text; each says its number, and enough beside it to be a page.
pub fn of_text(title: &str, pages: usize) -> Vec<u8> {
    let contents: Vec<String> = (1..=pages)
        .map(|page| {
            let mut content = format!("BT /F1 18 Tf 72 740 Td (Section {page}) Tj ET\n");
            for line in 0..12 {
                let y = 700 - 16 * line;
                writeln!(
                    content,
                    "BT /F1 11 Tf 72 {y} Td (Page {page} line {line} of a document that was made for a test.) Tj ET",
                )
                .expect("text");
            }
            content
        })
        .collect();
    pdf(title, &contents, "[0 0 612 792]")
}
