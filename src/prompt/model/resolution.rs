//! Composition: replaces references by the texts they stand for, and says which prompts went in.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
};

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Content, PromptName, Reference, VersionId, VersionNumber,
    limits::{NESTING_MAX, REFERENCES_MAX, RESOLVED_MAX_BYTES, require_at_most},
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

/// Resolves `root`. `find` looks one reference up; each is looked up and replaced once, however
/// often it is mentioned.
///
/// # Errors
/// `prompt_reference_missing`, `prompt_reference_cycle` or `prompt_reference_depth` with the names
/// on the way, `prompt_invalid` for a chat prompt inside another or a result that is too large,
/// and what `find` returns.
pub fn resolve(
    root: Source,
    find: impl FnMut(&Reference) -> Result<Option<Source>, PromptError>,
) -> Result<Resolution, PromptError> {
    let (expanded, dependencies) = (HashMap::new(), BTreeMap::new());
    let mut walk = Walk {
        find,
        expanded,
        dependencies,
        path: Vec::new(),
    };
    let (content, _) = walk.expand(&root)?;
    if content.text_bytes() > RESOLVED_MAX_BYTES {
        return Err(too_large());
    }
    let Walk { dependencies, .. } = walk;
    let graph = (!dependencies.is_empty()).then_some(Graph {
        root: root.node,
        dependencies,
    });
    Ok(Resolution { content, graph })
}

struct Walk<F> {
    find: F,
    expanded: HashMap<Reference, Rc<Expanded>>,
    dependencies: BTreeMap<VersionId, Vec<Node>>,
    /// The prompts from the root to where the walk is.
    path: Vec<Reach>,
}

/// What a reference stands for in the end.
struct Expanded {
    node: Node,
    text: String,
    reach: Reach,
}

/// How far the references of a prompt reach.
struct Reach {
    name: PromptName,
    /// Prompts on the longest path of references that starts here, this one included.
    height: usize,
    /// The prompts below this one.
    below: BTreeSet<PromptName>,
}

impl<F: FnMut(&Reference) -> Result<Option<Source>, PromptError>> Walk<F> {
    fn expand(&mut self, source: &Source) -> Result<(Content, Reach), PromptError> {
        let name = source.node.name.clone();
        let here = self.path.len();
        self.path.push(Reach {
            name,
            height: 1,
            below: BTreeSet::new(),
        });
        let mut bytes = 0;
        let content = source.content.map_templates(|template| {
            reference::replace(template, |found| {
                let expanded = self.expanded(&source.node, found)?;
                bytes += expanded.text.len();
                if bytes > RESOLVED_MAX_BYTES {
                    Err(too_large())
                } else {
                    Ok(expanded.text.clone())
                }
            })
        })?;
        Ok((content, self.path.remove(here)))
    }

    /// What `reference`, found in `parent`, stands for.
    fn expanded(
        &mut self,
        parent: &Node,
        reference: &Reference,
    ) -> Result<Rc<Expanded>, PromptError> {
        self.require_room(&reference.name, &BTreeSet::new(), 1)?;
        let expanded = match self.expanded.get(reference) {
            Some(expanded) => Rc::clone(expanded),
            None => Rc::new(self.look_up(parent, reference)?),
        };
        let Reach {
            name,
            height,
            below,
        } = &expanded.reach;
        self.require_room(name, below, *height)?;
        if let Some(above) = self.path.last_mut() {
            above.height = above.height.max(height + 1);
            above.below.extend(below.iter().chain([name]).cloned());
        }
        let dependencies = self.dependencies.entry(parent.id).or_default();
        if !dependencies.contains(&expanded.node) {
            dependencies.push(expanded.node.clone());
        }
        self.expanded
            .insert(reference.clone(), Rc::clone(&expanded));
        Ok(expanded)
    }

    fn look_up(&mut self, parent: &Node, reference: &Reference) -> Result<Expanded, PromptError> {
        require_at_most(
            "prompt",
            self.expanded.len() + 1,
            REFERENCES_MAX,
            "prompts inside it",
        )?;
        let source = (self.find)(reference)?.ok_or_else(|| PromptError::ReferenceMissing {
            reference: reference.clone(),
            referrer: parent.name.clone(),
        })?;
        let (content, reach) = self.expand(&source)?;
        let Content::Text(text) = content else {
            return Err(PromptError::ReferenceToChat {
                reference: reference.clone(),
            });
        };
        Ok(Expanded {
            node: source.node,
            text,
            reach,
        })
    }

    /// No prompt stands inside itself, at any version, and no path is too long.
    fn require_room(
        &self,
        name: &PromptName,
        below: &BTreeSet<PromptName>,
        height: usize,
    ) -> Result<(), PromptError> {
        let path = || self.path.iter().map(|reach| &reach.name);
        let circle = path().find(|above| *above == name || below.contains(above));
        if let Some(again) = circle {
            let tail = (again != name).then_some(name).into_iter().chain([again]);
            return Err(PromptError::ReferenceCycle {
                path: path().chain(tail).cloned().collect(),
            });
        }
        if self.path.len() + height > NESTING_MAX {
            let path = path().chain([name]).cloned().collect();
            return Err(PromptError::ReferenceDepth { path });
        }
        Ok(())
    }
}

fn too_large() -> PromptError {
    let why = format!("grows beyond {RESOLVED_MAX_BYTES} bytes when its references are replaced");
    PromptError::invalid("prompt", why)
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
        let full = [
            ("a", wide("b")),
            ("b", wide("c")),
            ("c", wide("d")),
            ("d", "x".repeat(1_000)),
        ];
        let error = resolved("a", &full).unwrap_err().to_string();
        assert!(error.contains("grows beyond 4194304 bytes"), "{error}");
        // A hundred million mentions of nothing take no time, for each prompt is replaced once.
        let empty = [
            ("a", wide("b")),
            ("b", wide("c")),
            ("c", wide("d")),
            ("d", String::new()),
        ];
        assert_eq!(resolved("a", &empty).unwrap().0, "");
        let many: Vec<_> = (0..=REFERENCES_MAX).map(|n| format!("p{n}")).collect();
        let mut prompts: Vec<_> = many
            .iter()
            .map(|name| (name.as_str(), String::new()))
            .collect();
        let (one, two) = many.split_at(REFERENCES_MAX / 2);
        prompts.push(("one", one.iter().map(|name| to(name)).collect()));
        prompts.push(("two", two.iter().map(|name| to(name)).collect()));
        prompts.push(("root", format!("{}{}", to("one"), to("two"))));
        let error = resolved("root", &prompts).unwrap_err().to_string();
        assert!(
            error.contains("prompts inside it; the limit is 100"),
            "{error}"
        );
    }

    #[test]
    fn what_was_replaced_before_is_checked_where_it_stands_again() {
        // `b` is three prompts high: it fits below `a`, but not once more below `a`, `x` and `y`.
        let prompts = [
            ("a", format!("{}{}", to("b"), to("x"))),
            ("b", to("c")),
            ("c", to("d")),
            ("d", String::new()),
            ("x", to("y")),
            ("y", to("b")),
        ];
        let error = resolved("a", &prompts).unwrap_err();
        assert!(
            matches!(error, PromptError::ReferenceDepth { .. }),
            "{error}"
        );
        let shared = [
            ("a", format!("{}{}", to("b"), to("c"))),
            ("b", to("c")),
            ("c", "!".into()),
        ];
        assert_eq!(resolved("a", &shared).unwrap().0, "!!");
    }
}
