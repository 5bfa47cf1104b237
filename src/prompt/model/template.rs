//! `{{variable}}` templates: what they ask for, and what they become.
//!
//! A variable's name starts with a letter or `_` and goes on with letters, digits, `_`, `-` and
//! `.`; letters of any script count. Whatever else stands in double braces (JSON, mustache
//! sections) is text, as it is for Langfuse's SDKs when nobody passes such a name.

use std::collections::BTreeSet;

use super::limits::VARIABLE_MAX_CHARS;

const OPENING: &str = "{{";
const CLOSING: &str = "}}";

/// A piece of a template. The pieces' sources, one after another, are the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Variable { name: &'a str, source: &'a str },
}

/// The names of the variables in `template`.
pub fn variables(template: &str) -> BTreeSet<&str> {
    let name = |piece| match piece {
        Piece::Variable { name, .. } => Some(name),
        Piece::Text(_) => None,
    };
    pieces(template).into_iter().filter_map(name).collect()
}

/// `template` with every variable replaced that `value` knows; the others stay as they stand.
/// A value is never searched for variables again, so what a user wrote can not reach another value.
pub fn render<'v>(template: &str, value: impl Fn(&str) -> Option<&'v str>) -> String {
    let mut rendered = String::with_capacity(template.len());
    for piece in pieces(template) {
        match piece {
            Piece::Text(text) => rendered.push_str(text),
            Piece::Variable { name, source } => rendered.push_str(value(name).unwrap_or(source)),
        }
    }
    rendered
}

/// Whether `name` can name a variable or a placeholder.
pub fn is_variable_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
        && name.chars().count() <= VARIABLE_MAX_CHARS
}

/// Linear in the template: a name holds no brace, so the search for its end stops at the first.
fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut text_from = 0;
    let mut at = 0;
    while let Some(found) = template[at..].find(OPENING) {
        let open = at + found;
        let inside = open + OPENING.len();
        let Some(length) = template[inside..].find(['{', '}']) else {
            break;
        };
        let name = template[inside..inside + length].trim();
        if !template[inside + length..].starts_with(CLOSING) || !is_variable_name(name) {
            // One brace further: in `{{{name}}}` the variable begins later.
            at = open + 1;
            continue;
        }
        let end = inside + length + CLOSING.len();
        if text_from < open {
            pieces.push(Piece::Text(&template[text_from..open]));
        }
        pieces.push(Piece::Variable {
            name,
            source: &template[open..end],
        });
        (text_from, at) = (end, end);
    }
    if text_from < template.len() {
        pieces.push(Piece::Text(&template[text_from..]));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(template: &str) -> Vec<&str> {
        variables(template).into_iter().collect()
    }

    #[test]
    fn variables_are_found_wherever_double_braces_hold_a_name() {
        assert_eq!(
            names("Hi {{name}}, {{ user.first-name }} {{name}}"),
            ["name", "user.first-name"]
        );
        assert_eq!(
            names("{{名前}} {{{raw}}} {{ {{late}}"),
            ["late", "raw", "名前"]
        );
        assert_eq!(
            names(r#"{"a": {"b": {}}} {{#if x}} {{}} {{1st}} {{open"#),
            [""; 0]
        );
    }

    #[test]
    fn a_megabyte_of_braces_is_read_in_no_time() {
        let braces = "{{".repeat(500_000);
        assert_eq!(names(&format!("{braces}x}}}}")), ["x"]);
        assert_eq!(names(&"{{ a".repeat(250_000)), [""; 0]);
    }

    #[test]
    fn a_value_is_inserted_as_it_is() {
        let value = |name: &str| (name == "a").then_some("{{b}} {{a}}");
        assert_eq!(render("<{{a}}|{{ b }}>", value), "<{{b}} {{a}}|{{ b }}>");
    }

    proptest! {
        #[test]
        fn rendering_without_values_changes_nothing(template in "[{}a-c #\u{6f22}]{0,40}") {
            prop_assert_eq!(render(&template, |_| None), template);
        }

        #[test]
        fn rendering_every_variable_leaves_none_of_the_templates_own(
            parts in prop::collection::vec("[a-z ]{0,5}|\\{\\{[a-c]\\}\\}", 0..12),
        ) {
            let template = parts.concat();
            let rendered = render(&template, |_| Some("7"));
            prop_assert!(variables(&rendered).is_empty());
            let holes = parts.iter().filter(|part| part.starts_with(OPENING)).count();
            prop_assert_eq!(rendered.matches('7').count(), holes);
        }
    }
}
