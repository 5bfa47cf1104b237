//! PDFs made for tests, by hand: what stands in each content stream is what the test says.

use std::{
    fmt::Write,
    fs,
    process::{Command, Stdio},
};

/// A4, in points.
pub const WIDTH: f32 = 595.0;
pub const HEIGHT: f32 = 842.0;

/// A file with one content stream a page.
pub struct Pdf {
    size: (f32, f32),
    pages: Vec<Vec<u8>>,
    images: Vec<(u32, u32, Vec<u8>)>,
    forms: Vec<String>,
    info: String,
}

impl Pdf {
    pub fn new() -> Self {
        Self::of_size(WIDTH, HEIGHT)
    }

    /// Each of its pages has this size, in points.
    pub fn of_size(width: f32, height: f32) -> Self {
        Self {
            size: (width, height),
            pages: Vec::new(),
            images: Vec::new(),
            forms: Vec::new(),
            info: String::new(),
        }
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
        let (width, height) = self.size;
        let mut kids = String::new();
        for content in &self.pages {
            let content = file.stream("", content);
            let page = file.object(&format!(
                "<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {width} {height}] /Contents {content} 0 R \
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

/// How wide and high a digit of `/Fixed` is at this size, in points.
const DIGIT: (f32, f32) = (14.4, 30.0);
const DIGIT_SIZE: f32 = 24.0;
const DIGIT_DPI: u32 = 300;
/// Such a page is drawn and looked at in a tenth of the time that a sheet of paper takes.
const NUMBERED: (f32, f32) = (120.0, 70.0);

/// Small pages without text: each shows pictures of the digits of its number, so that only OCR can read it.
pub fn of_scans(pages: usize) -> Vec<u8> {
    let digits = text("Fixed", DIGIT_SIZE, (0.0, 8.0), "0123456789");
    let printed = Pdf::of_size(10.0 * DIGIT.0, DIGIT.1).page(&digits).bytes();
    let (width, height, grey) = drawn(&printed, DIGIT_DPI);
    let each = width as usize / 10;
    let mut pdf = Pdf::of_size(NUMBERED.0, NUMBERED.1);
    for digit in 0..10 {
        let rows = grey.chunks(width as usize);
        let part = rows.flat_map(|row| &row[digit * each..(digit + 1) * each]);
        pdf.images
            .push((width / 10, height, part.copied().collect()));
    }
    for page in 1..=pages {
        let mut content = String::new();
        let mut x = 30.0;
        for digit in format!("{page:04}").chars() {
            let (wide, high) = DIGIT;
            let _ = writeln!(content, "q {wide} 0 0 {high} {x} 20 cm /Image{digit} Do Q");
            x += wide;
        }
        pdf = pdf.page(&content);
    }
    pdf.bytes()
}

/// The first page as a scanner sees it: its width, its height, and a byte for each of its pixels.
pub fn drawn(pdf: &[u8], dpi: u32) -> (u32, u32, Vec<u8>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("page.pdf");
    fs::write(&path, pdf).expect("a file");
    let image = Command::new("pdftoppm")
        .args(["-r", &dpi.to_string(), "-gray", "-singlefile"])
        .arg(&path)
        .stdin(Stdio::null())
        .output()
        .expect("pdftoppm draws")
        .stdout;
    let mut head = image.split(u8::is_ascii_whitespace);
    let mut word = || String::from_utf8_lossy(head.next().expect("a word")).into_owned();
    let (mark, width, height) = (word(), word(), word());
    assert_eq!(mark, "P5");
    let number = |word: String| word.parse::<u32>().expect("a number");
    let (width, height) = (number(width), number(height));
    let grey = image[image.len() - (width * height) as usize..].to_vec();
    (width, height, grey)
}
