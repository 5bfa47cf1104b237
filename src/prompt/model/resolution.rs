//! Composition: replaces references by the texts they stand for, and says which prompts went in.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Content, PromptName, Reference, VersionId, VersionNumber,
    limits::{NESTING_MAX, RESOLVED_MAX_BYTES},
    reference,
};
use crate::prompt::PromptError;

/// A version on its way through resolution.
#[derive(Clone, Debug)]
pub struct Source {
    pub node: Node,
    pub content: Content,
}

/// Which version of which prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PromptGraphNode)]
pub struct Node {
    #[schema(value_type = String, format = "uuid")]
    pub id: VersionId,
    #[schema(value_type = String)]
    pub name: PromptName,
    #[schema(value_type = i32)]
    pub version: VersionNumber,
}

/// Which versions went into a resolved prompt. Its JSON is Langfuse's `resolutionGraph`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PromptGraph)]
pub struct Graph {
    pub root: Node,
    /// By the id of a version, what it refers to.
    #[schema(value_type = BTreeMap<String, Vec<Node>>)]
    pub dependencies: BTreeMap<VersionId, Vec<Node>>,
}

/// A version's content with nothing left to look up; `graph` is `None` when it had no references.
#[derive(Clone, Debug)]
pub struct Resolution {
    pub content: Content,
    pub graph: Option<Graph>,
}

/// Resolves `root`. `find` looks one reference up; each is looked up once.
///
/// # Errors
/// `prompt_reference_missing`, `prompt_reference_cycle` or `prompt_reference_depth` with the names
/// on the way, `prompt_invalid` for a chat prompt inside another or a result that is too large,
/// and what `find` returns.
pub fn resolve(
    root: Source,
    find: impl FnMut(&Reference) -> Result<Option<Source>, PromptError>,
) -> Result<Resolution, PromptError> {
    let mut walk = Walk {
        find,
        found: HashMap::new(),
        dependencies: BTreeMap::new(),
        path: Vec::new(),
        bytes: 0,
    };
    let content = walk.expand(&root)?;
    let graph = (!walk.dependencies.is_empty()).then_some(Graph {
        root: root.node,
        dependencies: walk.dependencies,
    });
    Ok(Resolution { content, graph })
}

struct Walk<F> {
    find: F,
    found: HashMap<Reference, Source>,
    dependencies: BTreeMap<VersionId, Vec<Node>>,
    /// The prompts from the root to where the walk is.
    path: Vec<PromptName>,
    /// Of text put in so far.
    bytes: usize,
}

impl<F: FnMut(&Reference) -> Result<Option<Source>, PromptError>> Walk<F> {
    fn expand(&mut self, source: &Source) -> Result<Content, PromptError> {
        self.path.push(source.node.name.clone());
        let content = source.content.map_templates(|template| {
            reference::replace(template, |found| self.text_of(&source.node, found))
        })?;
        self.path.pop();
        Ok(content)
    }

    fn text_of(&mut self, parent: &Node, reference: &Reference) -> Result<String, PromptError> {
        if self.path.contains(&reference.name) {
            return Err(PromptError::ReferenceCycle {
                path: self.path_to(&reference.name),
            });
        }
        if self.path.len() == NESTING_MAX {
            return Err(PromptError::ReferenceDepth {
                path: self.path_to(&reference.name),
            });
        }
        let source = self.look_up(parent, reference)?;
        let dependencies = self.dependencies.entry(parent.id).or_default();
        if !dependencies.contains(&source.node) {
            dependencies.push(source.node.clone());
        }
        let Content::Text(text) = self.expand(&source)? else {
            return Err(PromptError::ReferenceToChat {
                reference: reference.clone(),
            });
        };
        self.bytes += text.len();
        if self.bytes > RESOLVED_MAX_BYTES {
            let why =
                format!("grows beyond {RESOLVED_MAX_BYTES} bytes when its references are replaced");
            return Err(PromptError::invalid("prompt", why));
        }
        Ok(text)
    }

    fn look_up(&mut self, parent: &Node, reference: &Reference) -> Result<Source, PromptError> {
        if let Some(source) = self.found.get(reference) {
            return Ok(source.clone());
        }
        let source = (self.find)(reference)?.ok_or_else(|| PromptError::ReferenceMissing {
            reference: reference.clone(),
            referrer: parent.name.clone(),
        })?;
        self.found.insert(reference.clone(), source.clone());
        Ok(source)
    }

    fn path_to(&self, last: &PromptName) -> Vec<PromptName> {
        self.path.iter().chain([last]).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Id;

    /// A project of text prompts, all at version 1.
    fn resolved(
        root: &str,
        prompts: &[(&str, String)],
    ) -> Result<(String, Option<Graph>), PromptError> {
        let source = |name: &str| {
            let (_, text) = prompts.iter().find(|(other, _)| *other == name)?;
            let name = PromptName::parse(name).unwrap();
            let node = Node {
                id: Id::from_name(name.as_str()),
                name,
                version: VersionNumber::FIRST,
            };
            Some(Source {
                node,
                content: Content::Text(text.clone()),
            })
        };
        let resolution = resolve(source(root).unwrap(), |reference| {
            Ok(source(reference.name.as_str()))
        })?;
        let Content::Text(text) = resolution.content else {
            panic!("a text stays a text")
        };
        Ok((text, resolution.graph))
    }

    fn to(name: &str) -> String {
        format!("@@@langfusePrompt:name={name}|version=1@@@")
    }

    #[test]
    fn references_are_replaced_through_every_level_and_the_graph_names_each_once() {
        let prompts = [
            ("a", format!("[{} {}]", to("b"), to("b"))),
            ("b", format!("({})", to("c"))),
            ("c", "c$1".to_owned()),
        ];
        let (text, graph) = resolved("a", &prompts).unwrap();
        assert_eq!(text, "[(c$1) (c$1)]");
        let graph = graph.unwrap();
        let names = |id: &str| {
            let nodes = &graph.dependencies[&Id::from_name(id)];
            nodes
                .iter()
                .map(|node| node.name.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!((names("a"), names("b")), (vec!["b"], vec!["c"]));
        assert_eq!(resolved("c", &prompts).unwrap().1, None);
    }

    #[test]
    fn circles_gaps_and_depths_are_refused_by_name() {
        let error = |root: &str, prompts: &[(&str, String)]| {
            resolved(root, prompts).unwrap_err().to_string()
        };
        let circle = [("a", to("b")), ("b", to("a"))];
        assert_eq!(
            error("a", &circle),
            "prompts refer to each other in a circle: a → b → a"
        );
        assert_eq!(
            error("a", &[("a", to("a"))]),
            "prompts refer to each other in a circle: a → a"
        );
        assert_eq!(
            error("a", &[("a", to("gone"))]),
            "'a' refers to the prompt 'gone' with version 1, which does not exist"
        );
        let names = ["a", "b", "c", "d", "e", "f"];
        let chain = |length: usize| -> Vec<(&str, String)> {
            let next = |at: usize| {
                if at + 1 < length {
                    to(names[at + 1])
                } else {
                    String::new()
                }
            };
            (0..length).map(|at| (names[at], next(at))).collect()
        };
        assert!(resolved("a", &chain(NESTING_MAX)).is_ok());
        assert_eq!(
            error("a", &chain(NESTING_MAX + 1)),
            "references are nested deeper than 5 prompts: a → b → c → d → e → f"
        );
    }

    #[test]
    fn a_result_that_explodes_is_stopped() {
        let wide = |name: &str| to(name).repeat(100);
        let prompts = [
            ("a", wide("b")),
            ("b", wide("c")),
            ("c", wide("d")),
            ("d", "x".repeat(1_000)),
        ];
        let error = resolved("a", &prompts).unwrap_err().to_string();
        assert!(error.contains("grows beyond 4194304 bytes"), "{error}");
    }
}
