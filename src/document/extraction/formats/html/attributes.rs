//! What attributes say of an element: that nobody sees it, or that it is no part of the text proper.

use html5ever::tokenizer::Tag;

/// What a class, a role or a type of a book says that an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Repeats on pages: ways to other pages.
    Navigation,
    Note,
    Reference,
    /// A table that only arranges.
    Layout,
}

pub fn value<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    let mut attributes = tag.attrs.iter();
    let found = attributes.find(|attribute| &*attribute.name.local == name)?;
    Some(&found.value)
}

/// Whether its own attributes hide it.
pub fn is_hidden(tag: &Tag) -> bool {
    value(tag, "hidden").is_some() || value(tag, "style").is_some_and(hides)
}

pub fn purpose(tag: &Tag) -> Option<Purpose> {
    let words = ["role", "class", "epub:type", "type"];
    let words = words.iter().filter_map(|name| value(tag, name));
    let mut words = words.flat_map(str::split_ascii_whitespace);
    words.find_map(|word| match word {
        "navigation" | "banner" | "contentinfo" | "navheader" | "navfooter" | "doc-toc" | "toc"
        | "pagebreak" | "doc-pagebreak" => Some(Purpose::Navigation),
        "footnote" | "footnotes" | "doc-footnote" | "doc-endnote" | "doc-endnotes" | "endnotes" => {
            Some(Purpose::Note)
        }
        "doc-biblioentry" | "biblioentry" | "bibliography" | "doc-bibliography" | "references" => {
            Some(Purpose::Reference)
        }
        "presentation" | "none" => Some(Purpose::Layout),
        _ => None,
    })
}

/// Whether a style leaves nothing to see: not shown, without size, without colour, beside the page.
fn hides(style: &str) -> bool {
    let style = style.to_ascii_lowercase();
    let mut declarations = style.split(';').filter_map(|one| one.split_once(':'));
    declarations.any(|(property, value)| {
        let value = value.trim().trim_end_matches("!important").trim();
        match property.trim() {
            "display" => value == "none",
            "visibility" => matches!(value, "hidden" | "collapse"),
            "opacity" => number(value).is_some_and(|it| it < 0.05),
            "font-size" => number(value).is_some_and(|it| it < 1.0) && is_absolute(value),
            "left" | "top" | "text-indent" | "margin-left" => {
                number(value).is_some_and(|it| it <= -999.0)
            }
            "color" => value == "transparent",
            _ => false,
        }
    })
}

fn number(value: &str) -> Option<f32> {
    let end = value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')));
    value[..end.unwrap_or(value.len())].parse().ok()
}

fn is_absolute(size: &str) -> bool {
    matches!(
        size.trim_start_matches(|c: char| !c.is_ascii_alphabetic()),
        "" | "px" | "pt"
    ) && !size.ends_with('%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_that_leaves_nothing_to_see_hides() {
        for style in [
            "display: none",
            "color:red;VISIBILITY:hidden",
            "position:absolute;left:-9999px",
            "font-size:0",
            "font-size: 0.5px",
            "opacity: 0 !important",
        ] {
            assert!(hides(style), "{style}");
        }
        for style in [
            "display:block",
            "font-size:0.8em",
            "opacity:0.5",
            "left:-5px",
            ":;;",
        ] {
            assert!(!hides(style), "{style}");
        }
    }
}
