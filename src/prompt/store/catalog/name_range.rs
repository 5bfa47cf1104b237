//! Names as `LIKE` and ranges of the index see them.

/// `text` as a pattern of `LIKE ... ESCAPE '\'` that means just itself.
pub fn literal(text: &str) -> String {
    let escape = |c: char| {
        matches!(c, '%' | '_' | '\\')
            .then_some('\\')
            .into_iter()
            .chain([c])
    };
    text.chars().flat_map(escape).collect()
}

/// The end, exclusive, of the names that start with `prefix`, which ends with `/`: names sort by
/// bytes, and `0` is the byte after `/`.
pub fn prefix_end(prefix: &str) -> String {
    let mut end = prefix.to_owned();
    end.pop();
    end.push('0');
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_lose_their_meaning() {
        assert_eq!(literal(r"50%_\x"), r"50\%\_\\x");
    }

    #[test]
    fn a_folders_range_holds_its_names_and_no_others() {
        let (start, end) = ("a/b/", prefix_end("a/b/"));
        assert!(
            ["a/b/c", "a/b//", "a/b/\u{10ffff}"]
                .iter()
                .all(|name| (start..&end).contains(name))
        );
        assert!(
            ["a/b", "a/b0", "a/bc/d", "a/b."]
                .iter()
                .all(|name| !(start..&end).contains(name))
        );
    }
}
