//! Documents as entries of a BibTeX file.

use std::{collections::BTreeSet, fmt::Write as _};

use super::{Document, Year};

/// The entries of these documents, each with a key of its own.
pub fn bibtex(documents: &[Document]) -> String {
    let mut keys = BTreeSet::new();
    let mut out = String::new();
    for document in documents {
        let key = unused(key(document), &mut keys);
        write_entry(&mut out, &key, document);
    }
    out
}

fn write_entry(out: &mut String, key: &str, document: &Document) {
    let kind = if document.doi.is_some() {
        "article"
    } else {
        "misc"
    };
    let authors = document.authors.as_slice().join(" and ");
    let title = escaped(&document.title.to_string());
    // The second pair of braces keeps the title's capitals.
    let mut fields = vec![("title", format!("{{{title}}}"))];
    if !authors.is_empty() {
        fields.push(("author", escaped(&authors)));
    }
    if let Some(year) = document.year {
        fields.push(("year", Year::get(year).to_string()));
    }
    if let Some(doi) = &document.doi {
        fields.push(("doi", without_braces(doi.as_str())));
    }
    if let Some(language) = &document.language {
        fields.push(("langid", language.as_str().to_owned()));
    }
    // Writing to a string never fails.
    let _ = writeln!(out, "@{kind}{{{key},");
    for (name, value) in fields {
        let _ = writeln!(out, "  {name} = {{{value}}},");
    }
    out.push_str("}\n\n");
}

/// The first author's last name and the year, as far as they are known and can be written in ASCII.
fn key(document: &Document) -> String {
    let author = document.authors.as_slice().first();
    let name = author.map(|author| match author.split_once(',') {
        Some((last, _)) => last.to_owned(),
        None => author
            .split_whitespace()
            .last()
            .unwrap_or_default()
            .to_owned(),
    });
    let mut key: String = name
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    if key.is_empty() {
        // Ids are unique, and their last digits are random.
        let id = document.id.as_uuid().simple().to_string();
        key = format!("document{}", &id[id.len() - 6..]);
    }
    if let Some(year) = document.year {
        let _ = write!(key, "{}", Year::get(year));
    }
    key
}

/// The key with a letter behind it, where others have it already.
fn unused(key: String, keys: &mut BTreeSet<String>) -> String {
    let letters = std::iter::once(String::new()).chain((1..).map(suffix));
    let mut candidates = letters.map(|suffix| format!("{key}{suffix}"));
    let free = candidates.find(|candidate| keys.insert(candidate.clone()));
    free.unwrap_or(key)
}

/// `a` to `z`, then `aa` and so on.
fn suffix(mut number: u32) -> String {
    let mut letters = Vec::new();
    while number > 0 {
        number -= 1;
        letters.push(char::from(
            b'a' + u8::try_from(number % 26).unwrap_or_default(),
        ));
        number /= 26;
    }
    letters.iter().rev().collect()
}

/// A name that is no text of TeX's, as it is looked up: braces would end its field.
fn without_braces(name: &str) -> String {
    name.replace('{', "%7B").replace('}', "%7D")
}

/// Text whose signs mean nothing to TeX.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            // BibTeX counts braces, also those behind a backslash.
            '{' => out.push_str("\\textbraceleft{}"),
            '}' => out.push_str("\\textbraceright{}"),
            '$' | '&' | '%' | '#' | '_' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::{
        document::{Authors, Doi, Draft, FileName, Title},
        kernel::{Id, ProjectId, Timestamp},
    };

    fn document(title: &str, authors: &[&str], year: Option<i32>) -> Document {
        let authors: Vec<String> = authors.iter().map(|&author| author.to_owned()).collect();
        let mut document = Document::new(
            Id::from_name(title),
            ProjectId::from_name("p"),
            (&FileName::of("a.pdf"), Draft::default()),
            ("me".to_owned(), Timestamp::EPOCH),
        );
        document.title = Title::parse(title).unwrap();
        document.authors = Authors::parse(&authors).unwrap();
        document.year = year.map(|year| Year::parse(year).unwrap());
        document
    }

    #[test]
    fn an_entry_says_what_is_known() {
        let mut paper = document(
            "Sleep & {mice}: 100 %",
            &["Ada Lovelace", "Curie, Marie"],
            Some(1999),
        );
        paper.doi = Some(Doi::parse("10.1000/182").unwrap());
        let expected = "@article{lovelace1999,\n  title = {{Sleep \\& \\textbraceleft{}mice\\textbraceright{}: 100 \\%}},\n  \
            author = {Ada Lovelace and Curie, Marie},\n  year = {1999},\n  doi = {10.1000/182},\n}\n\n";
        assert_eq!(bibtex(&[paper]), expected);
    }

    proptest! {
        #[test]
        fn an_entry_ends_where_its_braces_do(
            title in "[{}\\\\@,\"%~^ a字]{1,20}", author in "[{}\\\\@,\"%~^ a字]{1,20}", doi in "10\\.1000/[{}a(),%]{1,9}",
        ) {
            let Ok(title) = Title::parse(&title) else {
                return Ok(());
            };
            let mut paper = document("T", &[], None);
            paper.title = title;
            paper.authors = Authors::parse(&[author]).unwrap_or_default();
            paper.doi = Doi::parse(&doi).ok();
            let text = bibtex(&[paper]);
            let entry = text.trim_end();
            let (mut depth, mut ended_at) = (0, None);
            for (at, sign) in entry.char_indices() {
                depth += match sign { '{' => 1, '}' => -1, _ => 0 };
                if sign == '}' && depth == 0 {
                    ended_at = ended_at.or(Some(at + 1));
                }
            }
            prop_assert_eq!((depth, ended_at), (0, Some(entry.len())), "{}", entry);
        }

        #[test]
        fn each_entry_has_its_own_key(names in vec("[a-c]{1,2}", 1..60)) {
            let papers: Vec<_> = names.iter().map(|name| document(name, &[name], Some(1900))).collect();
            let text = bibtex(&papers);
            let keys: BTreeSet<_> = text.lines().filter(|line| line.starts_with('@')).collect();
            prop_assert_eq!(keys.len(), papers.len());
        }
    }

    #[test]
    fn keys_are_unique_and_in_ascii() {
        let papers = [
            document("One", &["Curie, Marie"], Some(1911)),
            document("Two", &["Marie Curie"], Some(1911)),
            document("睡眠", &["山田太郎"], None),
        ];
        let text = bibtex(&papers);
        let keys: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("@misc{"))
            .collect();
        assert_eq!(&keys[..2], ["curie1911,", "curie1911a,"]);
        assert!(
            keys[2].starts_with("document") && keys[2].is_ascii(),
            "{keys:?}"
        );
        assert_eq!((suffix(26), suffix(27)), ("z".to_owned(), "aa".to_owned()));
    }
}
