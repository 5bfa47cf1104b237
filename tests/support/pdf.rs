//! PDFs made for tests, by hand: what stands in each content stream is what the test says.

use std::fmt::Write;

/// A4, in points.
pub const WIDTH: f32 = 595.0;
pub const HEIGHT: f32 = 842.0;

/// A file with one content stream a page.
#[derive(Default)]
pub struct Pdf {
    pages: Vec<Vec<u8>>,
    images: Vec<(u32, u32, Vec<u8>)>,
    forms: Vec<String>,
    info: String,
}

impl Pdf {
    pub fn new() -> Self {
        Self::default()
    }

    /// The entries of the dictionary in which a file tells of itself.
    pub fn info(mut self, entries: &str) -> Self {
        entries.clone_into(&mut self.info);
        self
    }

    /// Fonts: `/Roman`, `/Bold`, `/Fixed`, `/Gothic` (UTF-16, horizontal), `/Tategaki` (UTF-16, vertical).
    pub fn page(mut self, content: &str) -> Self {
        self.pages.push(content.as_bytes().to_vec());
        self
    }

    /// Something to be drawn by pages and by the forms after it, as `/Form0`, `/Form1`.
    pub fn form(mut self, content: &str) -> Self {
        self.forms.push(content.to_owned());
        self
    }

    /// A page that is nothing but a grey image.
    pub fn scan(mut self, width: u32, height: u32, grey: Vec<u8>) -> Self {
        let name = self.images.len();
        self.images.push((width, height, grey));
        self.page(&format!("q {WIDTH} 0 0 {HEIGHT} 0 0 cm /Image{name} Do Q"))
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut file = File::default();
        let fonts = fonts(&mut file);
        let mut images = String::new();
        for (name, (width, height, grey)) in self.images.iter().enumerate() {
            let dictionary = format!(
                "/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray /BitsPerComponent 8"
            );
            let object = file.stream(&dictionary, grey);
            let _ = write!(images, "/Image{name} {object} 0 R ");
        }
        for (name, content) in self.forms.iter().enumerate() {
            let dictionary = format!(
                "/Type /XObject /Subtype /Form /BBox [0 0 {WIDTH} {HEIGHT}] \
                 /Resources << /Font << {fonts} >> /XObject << {images} >> >>"
            );
            let object = file.stream(&dictionary, content.as_bytes());
            let _ = write!(images, "/Form{name} {object} 0 R ");
        }
        let tree = file.reserve();
        let mut kids = String::new();
        for content in &self.pages {
            let content = file.stream("", content);
            let page = file.object(&format!(
                "<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents {content} 0 R \
                 /Resources << /Font << {fonts} >> /XObject << {images} >> >> >>"
            ));
            let _ = write!(kids, "{page} 0 R ");
        }
        let count = self.pages.len();
        file.fill(
            tree,
            &format!("<< /Type /Pages /Kids [{kids}] /Count {count} >>"),
        );
        let catalog = file.object(&format!("<< /Type /Catalog /Pages {tree} 0 R >>"));
        let info = file.object(&format!("<< {} >>", self.info));
        file.finish(&format!("/Root {catalog} 0 R /Info {info} 0 R"))
    }
}

/// Pages of text; each says its number, and enough beside it to be a page.
pub fn of_text(title: &str, pages: usize) -> Vec<u8> {
    let about = format!("/Title ({title}) /Author (S. Aoki; Y. Tanaka)");
    let mut pdf = Pdf::new().info(&about);
    for page in 1..=pages {
        let mut content = text("Bold", 18.0, (72.0, 740.0), &format!("Section {page}"));
        for line in 0..12_u8 {
            let words = format!("Page {page} line {line} of a document that was made for a test.");
            let place = (72.0, 700.0 - 16.0 * f32::from(line));
            content.push_str(&text("Roman", 11.0, place, &words));
        }
        pdf = pdf.page(&content);
    }
    pdf.bytes()
}

/// `Tj` at a place from the lower left corner.
pub fn text(font: &str, size: f32, (x, y): (f32, f32), text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('(', "\\(")
        .replace(')', "\\)");
    format!("BT /{font} {size} Tf {x} {y} Td ({escaped}) Tj ET\n")
}

/// The same in a font that takes UTF-16.
pub fn wide(font: &str, size: f32, (x, y): (f32, f32), text: &str) -> String {
    let mut hex = String::new();
    for unit in text.encode_utf16() {
        let _ = write!(hex, "{unit:04X}");
    }
    format!("BT /{font} {size} Tf {x} {y} Td <{hex}> Tj ET\n")
}

/// None of them is embedded.
fn fonts(file: &mut File) -> String {
    let mut fonts = String::new();
    for (name, base) in [
        ("Roman", "Times-Roman"),
        ("Bold", "Helvetica-Bold"),
        ("Fixed", "Courier"),
    ] {
        let font = file.object(&format!(
            "<< /Type /Font /Subtype /Type1 /BaseFont /{base} /Encoding /WinAnsiEncoding >>"
        ));
        let _ = write!(fonts, "/{name} {font} 0 R ");
    }
    for (name, map) in [("Gothic", "UniJIS-UTF16-H"), ("Tategaki", "UniJIS-UTF16-V")] {
        let descriptor = file.object(
            "<< /Type /FontDescriptor /FontName /HeiseiKakuGo-W5 /Flags 4 /FontBBox [0 -200 1000 900] \
             /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 700 /StemV 80 >>",
        );
        let letters = file.object(&format!(
            "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiKakuGo-W5 /FontDescriptor {descriptor} 0 R \
             /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 4 >> /DW 1000 >>"
        ));
        let font = file.object(&format!(
            "<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiKakuGo-W5 /Encoding /{map} /DescendantFonts [{letters} 0 R] >>"
        ));
        let _ = write!(fonts, "/{name} {font} 0 R ");
    }
    fonts
}

/// Objects, and where each begins.
#[derive(Default)]
struct File {
    objects: Vec<Vec<u8>>,
}

impl File {
    fn reserve(&mut self) -> usize {
        self.objects.push(Vec::new());
        self.objects.len()
    }

    fn fill(&mut self, number: usize, body: &str) {
        self.objects[number - 1] = body.as_bytes().to_vec();
    }

    fn object(&mut self, body: &str) -> usize {
        let number = self.reserve();
        self.fill(number, body);
        number
    }

    fn stream(&mut self, dictionary: &str, content: &[u8]) -> usize {
        let number = self.reserve();
        let mut body =
            format!("<< {dictionary} /Length {} >>\nstream\n", content.len()).into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\nendstream");
        self.objects[number - 1] = body;
        number
    }

    fn finish(self, trailer: &str) -> Vec<u8> {
        let mut bytes = b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec();
        let mut places = Vec::new();
        for (index, body) in self.objects.iter().enumerate() {
            places.push(bytes.len());
            bytes.extend_from_slice(format!("{} 0 obj\n", index + 1).as_bytes());
            bytes.extend_from_slice(body);
            bytes.extend_from_slice(b"\nendobj\n");
        }
        let table = bytes.len();
        let size = places.len() + 1;
        let mut end = format!("xref\n0 {size}\n0000000000 65535 f \n");
        for place in places {
            let _ = writeln!(end, "{place:010} 00000 n ");
        }
        let _ = write!(
            end,
            "trailer\n<< /Size {size} {trailer} >>\nstartxref\n{table}\n%%EOF\n"
        );
        bytes.extend_from_slice(end.as_bytes());
        bytes
    }
}

/// A digit as five columns of seven dots, the lowest bit on top.
const DIGITS: [[u8; 5]; 10] = [
    [0x3e, 0x51, 0x49, 0x45, 0x3e],
    [0x00, 0x42, 0x7f, 0x40, 0x00],
    [0x42, 0x61, 0x51, 0x49, 0x46],
    [0x21, 0x41, 0x45, 0x4b, 0x31],
    [0x18, 0x14, 0x12, 0x7f, 0x10],
    [0x27, 0x45, 0x45, 0x45, 0x39],
    [0x3c, 0x4a, 0x49, 0x49, 0x30],
    [0x01, 0x71, 0x09, 0x05, 0x03],
    [0x36, 0x49, 0x49, 0x49, 0x36],
    [0x06, 0x49, 0x49, 0x29, 0x1e],
];
/// Points of a dot.
const DOT: usize = 3;

/// Pages without text: the number of each is drawn on it, dot by dot, so that only OCR can read it.
pub fn of_marks(pages: usize) -> Vec<u8> {
    let mut pdf = Pdf::new();
    for page in 1..=pages {
        let mut content = String::new();
        for (at, digit) in format!("{page:04}").bytes().enumerate() {
            for (column, bits) in DIGITS[usize::from(digit - b'0')].iter().enumerate() {
                for row in (0..7).filter(|row| bits & (1 << row) != 0) {
                    let (x, y) = (72 + DOT * (at * 7 + column), 600 + DOT * (6 - row));
                    let _ = writeln!(content, "{x} {y} {DOT} {DOT} re f");
                }
            }
        }
        pdf = pdf.page(&content);
    }
    pdf.bytes()
}
