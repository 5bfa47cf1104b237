//! The tree of a route: how one target is chosen among several, and which follow when it fails.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Condition, Overrides, RouteAlias, Triggers};

/// One model of one provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The name of a configured or stored provider; absent, the one that the model's name belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Absent, the model that the call names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Fields of the request body, in the provider's words, for calls that do not set them.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub overrides: Overrides,
}

/// By what a choice is the same for calls that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StickBy {
    /// The session, or without one the user.
    Session,
    User,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Node {
    Target(Box<Target>),
    /// Another route of the project.
    Route {
        alias: RouteAlias,
    },
    /// The first; the next ones when it fails for one of the reasons in `on`.
    Fallback {
        nodes: Vec<Node>,
        #[serde(default)]
        on: Triggers,
    },
    /// One by weight; the others follow when it fails, in an order that is drawn the same way.
    Weighted {
        choices: Vec<Weighed>,
        /// Calls that belong together get the same one, for as long as it can be had.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sticky: Option<StickBy>,
        #[serde(default)]
        on: Triggers,
    },
    /// The quicker of two drawn at random; the others follow when it fails.
    Quickest {
        nodes: Vec<Node>,
        #[serde(default)]
        on: Triggers,
    },
    /// One by weight for each session or user; which one is recorded. The others never follow.
    Split {
        variants: Vec<Variant>,
        by: StickBy,
    },
    /// The first whose condition holds.
    When {
        cases: Vec<Case>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        otherwise: Option<Box<Node>>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weighed {
    pub weight: u32,
    pub node: Node,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    pub name: String,
    pub weight: u32,
    pub node: Node,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub when: Condition,
    pub then: Node,
}

impl Node {
    /// The parts that it chooses among, each with the path that errors name it by.
    pub fn children(&self) -> Vec<(String, &Self)> {
        match self {
            Self::Target(_) | Self::Route { .. } => Vec::new(),
            Self::Fallback { nodes, .. } | Self::Quickest { nodes, .. } => nodes
                .iter()
                .enumerate()
                .map(|(at, node)| (format!("nodes[{at}]"), node))
                .collect(),
            Self::Weighted { choices, .. } => choices
                .iter()
                .enumerate()
                .map(|(at, choice)| (format!("choices[{at}].node"), &choice.node))
                .collect(),
            Self::Split { variants, .. } => variants
                .iter()
                .enumerate()
                .map(|(at, variant)| (format!("variants[{at}].node"), &variant.node))
                .collect(),
            Self::When { cases, otherwise } => {
                let cases = cases.iter().enumerate();
                let mut children: Vec<_> = cases
                    .map(|(at, case)| (format!("cases[{at}].then"), &case.then))
                    .collect();
                let otherwise = otherwise.as_deref();
                children.extend(otherwise.map(|node| ("otherwise".to_owned(), node)));
                children
            }
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
