//! What people marked in a document, as Markdown: under each page the words, and what was said of them. Pure.

use std::fmt::Write as _;

use super::model::{Annotation, AnnotationPlace};
use crate::document::markdown::{inline, one_line};

/// A document's annotations, which come in the order of its pages.
pub fn render(title: &str, annotations: &[Annotation]) -> String {
    let mut out = format!("# {}\n", inline(&one_line(title)));
    let mut page = None;
    for annotation in annotations {
        if page != Some(annotation.page) {
            page = Some(annotation.page);
            // Writing to a string never fails.
            let _ = write!(out, "\n## Page {}\n", annotation.page);
        }
        out.push('\n');
        match &annotation.place {
            AnnotationPlace::Text { quote, .. } => {
                let _ = writeln!(out, "> {}", inline(&one_line(quote)));
            }
            AnnotationPlace::Box { bounds } => {
                let _ = writeln!(
                    out,
                    "> (a part of the page: {:.0}, {:.0} to {:.0}, {:.0} pt)",
                    bounds.left, bounds.top, bounds.right, bounds.bottom
                );
            }
        }
        let lines = annotation.comment.as_str().lines().map(inline);
        let comment: Vec<_> = lines.collect();
        if !comment.join("").trim().is_empty() {
            let _ = write!(out, "\n{}\n", comment.join("  \n"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::{
            annotations::model::{Color, Comment},
            extraction::Rect,
        },
        kernel::{Id, Timestamp},
    };

    fn annotation(page: i32, place: AnnotationPlace, comment: &str) -> Annotation {
        let now = Timestamp::EPOCH;
        Annotation {
            id: Id::from_name("a"),
            project: Id::from_name("p"),
            document: Id::from_name("d"),
            version: Id::from_name("v"),
            page,
            place,
            comment: Comment::parse(comment).expect("a comment"),
            color: Color::default(),
            created_by: String::new(),
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn each_page_has_its_marks_with_what_was_said_of_them() {
        let words = |quote: &str| AnnotationPlace::Text {
            start: 0,
            end: 1,
            quote: quote.to_owned(),
        };
        let bounds = Rect {
            left: 10.0,
            top: 20.0,
            right: 30.4,
            bottom: 40.0,
        };
        let text = render(
            "On *sleep*",
            &[
                annotation(1, words("12\nhours"), "So long?\n<b>Really</b>"),
                annotation(1, words("十二時間"), ""),
                annotation(3, AnnotationPlace::Box { bounds }, "The table."),
            ],
        );
        let expected = "# On \\*sleep\\*\n\n## Page 1\n\n> 12 hours\n\nSo long?  \n\\<b\\>Really\\</b\\>\n\n> 十二時間\n\n\
            ## Page 3\n\n> (a part of the page: 10, 20 to 30, 40 pt)\n\nThe table.\n";
        assert_eq!(text, expected);
    }
}
