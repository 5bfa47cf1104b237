//! The shape of the code base, kept by reading its sources: who may name whom, and what a file may
//! hold. ARCHITECTURE.md explains the rules; each names the test here that keeps it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::Item;

/// A module may name only what stands before it.
const ORDER: &[&str] = &[
    "kernel",
    "platform",
    "identity",
    "llm_integration",
    "document",
    "prompt",
    "evaluation",
    "conversation",
    "interop",
    "roles",
];
/// Modules that hold no business context: their files have no fixed names.
const TECHNICAL: &[&str] = &["kernel", "platform", "roles"];
/// The longest file, tests included: beyond it a file has two reasons to change.
const MAX_FILE_LINES: usize = 500;

struct Source {
    path: PathBuf,
    /// The path below `src`, without `.rs` and `mod`: `["prompt", "http"]`.
    module: Vec<String>,
    text: String,
}

impl Source {
    fn top(&self) -> &str {
        &self.module[0]
    }

    fn rank(&self) -> usize {
        rank(self.top()).unwrap_or_else(|| panic!("{} is in no known module", self.path.display()))
    }

    fn is_technical(&self) -> bool {
        TECHNICAL.contains(&self.top())
    }

    /// Whether the file, or a folder it is in, has this name.
    fn is_part_of(&self, name: &str) -> bool {
        self.module[1..].iter().any(|part| part == name)
    }

    fn tokens(&self) -> TokenStream {
        self.text
            .parse()
            .unwrap_or_else(|error| panic!("{}: {error}", self.path.display()))
    }

    fn at(&self, ident: &Ident) -> String {
        format!("{}:{}", self.path.display(), ident.span().start().line)
    }
}

fn rank(module: &str) -> Option<usize> {
    ORDER.iter().position(|name| *name == module)
}

/// Every file of the library below one of its modules.
fn sources() -> Vec<Source> {
    fn walk(folder: &Path, module: &[String], found: &mut Vec<Source>) {
        for entry in fs::read_dir(folder)
            .expect("src can be read")
            .map(Result::unwrap)
        {
            let path = entry.path();
            let stem = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .expect("UTF-8")
                .to_owned();
            let mut module = module.to_vec();
            if stem != "mod" {
                module.push(stem);
            }
            if path.is_dir() {
                walk(&path, &module, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).expect("a source can be read");
                found.push(Source { path, module, text });
            }
        }
    }
    let mut found = Vec::new();
    walk(Path::new("src"), &[], &mut found);
    found.retain(|source| !matches!(source.top(), "main" | "lib"));
    found
}

/// Calls `see` with the first name after each `crate::` (or enough `super::` to reach the root).
fn names_from_root(tokens: TokenStream, depth: usize, see: &mut impl FnMut(&Ident)) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_path_sep = |at: usize| {
        let colon = |tree: Option<&TokenTree>| matches!(tree, Some(TokenTree::Punct(p)) if p.as_char() == ':');
        colon(tokens.get(at)) && colon(tokens.get(at + 1))
    };
    let ident_at = |at: usize| match tokens.get(at) {
        Some(TokenTree::Ident(ident)) => Some(ident),
        _ => None,
    };
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => {
                let opens_module = at >= 2 && ident_at(at - 2).is_some_and(|ident| *ident == "mod");
                names_from_root(group.stream(), depth + usize::from(opens_module), see);
            }
            TokenTree::Ident(ident) if *ident == "crate" && is_path_sep(at + 1) => {
                first_names(tokens.get(at + 3), see);
            }
            TokenTree::Ident(ident) if *ident == "super" && is_path_sep(at + 1) => {
                let chained = at >= 3 && is_path_sep(at - 2);
                let mut supers = 1;
                while ident_at(at + 3 * supers).is_some_and(|ident| *ident == "super")
                    && is_path_sep(at + 3 * supers + 1)
                {
                    supers += 1;
                }
                if !chained && supers >= depth {
                    first_names(tokens.get(at + 3 * supers), see);
                }
            }
            _ => {}
        }
    }
}

/// `a` of `crate::a::b`, and `a`, `c` of `crate::{a::b, c}`.
fn first_names(token: Option<&TokenTree>, see: &mut impl FnMut(&Ident)) {
    match token {
        Some(TokenTree::Ident(ident)) => see(ident),
        Some(TokenTree::Group(group)) => {
            let mut starts = true;
            for token in group.stream() {
                match &token {
                    TokenTree::Ident(ident) if starts => see(ident),
                    _ => {}
                }
                starts = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ',');
            }
        }
        _ => {}
    }
}

fn each_ident(tokens: TokenStream, see: &mut impl FnMut(&Ident)) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => each_ident(group.stream(), see),
            TokenTree::Ident(ident) => see(&ident),
            _ => {}
        }
    }
}

fn assert_none(breaches: &[String], rule: &str) {
    assert!(breaches.is_empty(), "{rule}:\n  {}", breaches.join("\n  "));
}

#[test]
fn a_module_names_only_what_stands_before_it() {
    let mut breaches = Vec::new();
    for source in sources() {
        names_from_root(source.tokens(), source.module.len(), &mut |name| {
            let named = name.to_string();
            if rank(&named).is_some_and(|rank| rank > source.rank()) {
                breaches.push(format!(
                    "{}: {} names {named}",
                    source.at(name),
                    source.top()
                ));
            }
        });
    }
    assert_none(&breaches, &format!("the order is {}", ORDER.join(" <- ")));
}

#[test]
fn every_file_begins_by_saying_why_it_exists() {
    let breaches: Vec<_> = sources()
        .iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| source.path.display().to_string())
        .collect();
    assert_none(
        &breaches,
        "the first line of a file is `//! ` and its purpose",
    );
}

#[test]
fn a_mod_file_is_a_face_without_bodies() {
    let mut breaches = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| source.path.ends_with("mod.rs"))
    {
        let file = syn::parse_file(&source.text).expect("it compiles");
        let bodies = file.items.iter().filter(|item| match item {
            Item::Use(_) => false,
            Item::Mod(module) => module.content.is_some(),
            _ => true,
        });
        if bodies.count() > 0 {
            breaches.push(source.path.display().to_string());
        }
    }
    assert_none(
        &breaches,
        "`mod.rs` holds docs, `mod` and `pub use`, nothing else",
    );
}

#[test]
fn only_stores_and_schemas_of_a_context_know_the_database() {
    let mut breaches = Vec::new();
    for source in sources() {
        let may =
            source.is_technical() || source.is_part_of("store") || source.is_part_of("schema");
        if !may {
            each_ident(source.tokens(), &mut |ident| {
                if *ident == "diesel" {
                    breaches.push(source.at(ident));
                }
            });
        }
    }
    assert_none(&breaches, "queries stand in `store`, tables in `schema`");
}

#[test]
fn models_and_the_kernel_are_pure() {
    let impure = [
        "async",
        "await",
        "tokio",
        "actix_web",
        "diesel",
        "reqwest",
        "Db",
        "Conn",
    ];
    let mut breaches = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| source.top() == "kernel" || source.is_part_of("model"))
    {
        each_ident(source.tokens(), &mut |ident| {
            if impure.iter().any(|name| ident == name) {
                breaches.push(format!("{}: {ident}", source.at(ident)));
            }
        });
    }
    assert_none(&breaches, "no IO and no async in the kernel and in models");
}

#[test]
fn the_web_framework_stays_at_the_edge() {
    let mut breaches = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| !source.is_technical() && source.top() != "interop")
    {
        if !source.is_part_of("http") && !source.path.ends_with("mod.rs") {
            each_ident(source.tokens(), &mut |ident| {
                if *ident == "actix_web" {
                    breaches.push(source.at(ident));
                }
            });
        }
    }
    assert_none(
        &breaches,
        "a context names the web framework in `http` only",
    );
}

#[test]
fn a_contexts_tables_carry_its_prefix() {
    let prefixes = [
        ("identity", "identity_"),
        ("llm_integration", "llm_"),
        ("document", "document_"),
        ("prompt", "prompt_"),
        ("platform", "platform_"),
    ];
    let mut breaches = Vec::new();
    for source in sources() {
        for block in source.text.split("diesel::table! {").skip(1) {
            let name = block
                .lines()
                .find(|line| line.contains(" ("))
                .unwrap_or_default()
                .trim();
            let (_, prefix) = prefixes
                .iter()
                .find(|(top, _)| *top == source.top())
                .expect("a context with tables has a prefix here");
            if !name.starts_with(prefix) {
                breaches.push(format!("{}: {name}", source.path.display()));
            }
        }
    }
    assert_none(&breaches, "a table is named after the context that owns it");
}

#[test]
fn files_stay_small() {
    let breaches: Vec<_> = sources()
        .iter()
        .map(|source| (source, source.text.lines().count()))
        .filter(|(_, lines)| *lines > MAX_FILE_LINES)
        .map(|(source, lines)| format!("{}: {lines} lines", source.path.display()))
        .collect();
    assert_none(
        &breaches,
        &format!("a file has at most {MAX_FILE_LINES} lines"),
    );
}

#[test]
fn the_reader_of_paths_sees_uses_groups_macros_and_supers() {
    let seen = |text: &str, depth| {
        let mut names = Vec::new();
        names_from_root(text.parse().unwrap(), depth, &mut |name| {
            names.push(name.to_string());
        });
        names
    };
    assert_eq!(seen("use crate::prompt::Prompt;", 2), ["prompt"]);
    assert_eq!(
        seen("use crate::{kernel::{Id, Clock}, roles};", 2),
        ["kernel", "roles"]
    );
    assert_eq!(
        seen("fn f() { println!(\"{}\", crate::roles::X) }", 2),
        ["roles"]
    );
    assert_eq!(seen("use super::super::identity::Key;", 2), ["identity"]);
    assert_eq!(
        seen(
            "use super::model::Key; mod tests { use super::super::store; }",
            2
        ),
        Vec::<String>::new()
    );
    assert_eq!(
        seen("let text = \"crate::roles\"; // crate::roles", 2),
        Vec::<String>::new()
    );
}
