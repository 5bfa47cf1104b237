//! The name of an uploaded file: shown, and given back on download. It is never used as a path.

use super::limits::FILE_NAME_MAX_CHARS;

/// Characters of an ending that is kept when the name is cut.
const ENDING_MAX_CHARS: usize = 10;
const NAMELESS: &str = "file";

/// What a sender called a file, made harmless: no folders, no control characters, of limited length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// Never refuses: a name is not what an upload is about.
    pub fn of(sent: &str) -> Self {
        let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
        let harmful = |c: char| {
            c.is_control()
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        let name: String = last.chars().filter(|c| !harmful(*c)).collect();
        let name = name.trim().trim_matches('.').trim();
        if name.is_empty() {
            return Self(NAMELESS.to_owned());
        }
        Self(cut(name))
    }

    pub(in crate::document) fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its ending: what a document is called when nobody says.
    pub fn stem(&self) -> &str {
        match self.0.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            _ => &self.0,
        }
    }
}

fn cut(name: &str) -> String {
    if name.chars().count() <= FILE_NAME_MAX_CHARS {
        return name.to_owned();
    }
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending)
        .filter(|ending| ending.chars().count() <= ENDING_MAX_CHARS);
    let Some(ending) = ending else {
        return name.chars().take(FILE_NAME_MAX_CHARS).collect();
    };
    let kept = FILE_NAME_MAX_CHARS - 1 - ending.chars().count();
    let stem: String = name.chars().take(kept).collect();
    format!("{}.{ending}", stem.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_no_path_and_no_trick() {
        for (sent, name) in [
            ("paper.pdf", "paper.pdf"),
            ("../../etc/passwd", "passwd"),
            (r"C:\Users\a\論文.pdf", "論文.pdf"),
            ("a\r\nb.pdf", "ab.pdf"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("..", "file"),
            ("", "file"),
        ] {
            assert_eq!(FileName::of(sent).as_str(), name, "{sent:?}");
        }
        let long = FileName::of(&format!("{}.pdf", "x".repeat(400)));
        assert_eq!(long.as_str().chars().count(), FILE_NAME_MAX_CHARS);
        assert_eq!(long.as_str().rsplit_once('.').unwrap().1, "pdf");
        assert_eq!(FileName::of("paper.v2.pdf").stem(), "paper.v2");
        assert_eq!(FileName::of("README").stem(), "README");
    }
}
