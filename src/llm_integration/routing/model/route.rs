//! A route, the routes of a project, and what makes them valid.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Node, Overrides, RouteAlias, Target};

/// How deep a route's tree can be, routes that it names included.
const MAX_DEPTH: usize = 8;
/// Nodes of one route's tree.
const MAX_NODES: usize = 128;
const MAX_WEIGHT: u32 = 1_000_000;
const MAX_DESCRIPTION_CHARS: usize = 500;
const MAX_VARIANT_CHARS: usize = 100;
const MAX_CACHE_SECONDS: u64 = 30 * 24 * 60 * 60;

/// What calls to one alias become.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    pub node: Node,
    /// Calls that are also made elsewhere, for nothing but their trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Shadow>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub overrides: Overrides,
    /// Leaves out, and names, what a provider can not take, rather than refusing the call.
    #[serde(default, skip_serializing_if = "is_default")]
    pub drop_params: bool,
    /// Answers equal calls from the cache, unless a call says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheWish>,
}

/// A share of the calls that is also made to another target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shadow {
    /// Of 100 calls.
    pub percent: f64,
    pub target: Target,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheWish {
    pub ttl_seconds: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Every route that calls of a project can name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RouteTable(BTreeMap<RouteAlias, Route>);

impl RouteTable {
    pub fn new(routes: impl IntoIterator<Item = (RouteAlias, Route)>) -> Self {
        Self(routes.into_iter().collect())
    }

    pub fn get(&self, model: &str) -> Option<&Route> {
        self.0.get(model)
    }

    pub fn aliases(&self) -> impl Iterator<Item = &RouteAlias> {
        self.0.keys()
    }

    /// The models that a call may come to that names `name`: itself, where it is no route.
    pub fn models<'a>(&'a self, name: &'a str) -> BTreeSet<&'a str> {
        let Some(route) = self.get(name) else {
            return [name].into();
        };
        let (mut models, mut routes) = (BTreeSet::new(), BTreeSet::from([name]));
        let mut nodes = vec![&route.node];
        while let Some(node) = nodes.pop() {
            match node {
                Node::Target(target) => {
                    models.insert(target.model.as_deref().unwrap_or(name));
                }
                Node::Route { alias } => {
                    let route = self.get(alias.as_str());
                    let route = route.filter(|_| routes.insert(alias.as_str()));
                    nodes.extend(route.map(|route| &route.node));
                }
                _ => nodes.extend(node.children().into_iter().map(|(_, child)| child)),
            }
        }
        models
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks every route by itself and against the others.
    ///
    /// # Errors
    /// A sentence that names the route, the place in it, and what would be right.
    pub fn check(&self, is_provider: impl Fn(&str) -> bool) -> Result<(), String> {
        self.0
            .keys()
            .try_for_each(|alias| self.check_one(alias, &is_provider))
    }

    /// Checks one route, and what it leads to.
    ///
    /// # Errors
    /// As [`RouteTable::check`].
    pub fn check_one(
        &self,
        alias: &RouteAlias,
        is_provider: impl Fn(&str) -> bool,
    ) -> Result<(), String> {
        let Some((alias, route)) = self.0.get_key_value(alias) else {
            return Ok(());
        };
        let told = |what| format!("route `{alias}`: {what}");
        route.check().map_err(told)?;
        let mut walk = Walk {
            table: self,
            is_provider: &is_provider,
            through: vec![alias],
            nodes: 0,
        };
        walk.node("node", &route.node, 1).map_err(told)?;
        match &route.shadow {
            Some(shadow) => walk.target("shadow.target", &shadow.target).map_err(told),
            None => Ok(()),
        }
    }
}

impl Route {
    fn check(&self) -> Result<(), String> {
        if self.description.chars().count() > MAX_DESCRIPTION_CHARS {
            return Err(format!(
                "`description` takes {MAX_DESCRIPTION_CHARS} characters"
            ));
        }
        let percent = self.shadow.as_ref().map_or(1.0, |shadow| shadow.percent);
        if !(percent > 0.0 && percent <= 100.0) {
            return Err("`shadow.percent` is above 0 and at most 100".to_owned());
        }
        let ttl = self.cache.as_ref().map_or(1, |cache| cache.ttl_seconds);
        if !(1..=MAX_CACHE_SECONDS).contains(&ttl) {
            return Err(format!(
                "`cache.ttl_seconds` takes 1 to {MAX_CACHE_SECONDS}"
            ));
        }
        self.overrides
            .check()
            .map_err(|what| format!("`overrides`: {what}"))
    }
}

/// A walk through a route's tree, into the routes that it names.
struct Walk<'a, F> {
    table: &'a RouteTable,
    is_provider: &'a F,
    /// The routes that the walk is in, outermost first.
    through: Vec<&'a RouteAlias>,
    nodes: usize,
}

impl<'a, F: Fn(&str) -> bool> Walk<'a, F> {
    fn node(&mut self, path: &str, node: &'a Node, depth: usize) -> Result<(), String> {
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            return Err(format!(
                "`{path}`: a tree has at most {MAX_NODES} nodes, nested {MAX_DEPTH} deep"
            ));
        }
        match node {
            Node::Target(target) => return self.target(path, target),
            Node::Route { alias } => return self.route(path, alias, depth),
            Node::Weighted { choices, .. } => {
                weights(path, "choices", choices.iter().map(|choice| choice.weight))?;
            }
            Node::Split { variants, .. } => {
                weights(
                    path,
                    "variants",
                    variants.iter().map(|variant| variant.weight),
                )?;
                names(path, variants.iter().map(|variant| variant.name.as_str()))?;
            }
            Node::When { cases, .. } => {
                for (at, case) in cases.iter().enumerate() {
                    if case.when.depth() > MAX_DEPTH {
                        return Err(format!(
                            "`{path}.cases[{at}].when`: conditions nest {MAX_DEPTH} deep at most"
                        ));
                    }
                }
            }
            Node::Fallback { .. } | Node::Quickest { .. } => {}
        }
        let children = node.children();
        if children.is_empty() {
            return Err(format!("`{path}` needs at least one node to choose"));
        }
        for (name, child) in children {
            self.node(&format!("{path}.{name}"), child, depth + 1)?;
        }
        Ok(())
    }

    fn route(&mut self, path: &str, alias: &'a RouteAlias, depth: usize) -> Result<(), String> {
        if self.through.contains(&alias) {
            let way: Vec<_> = self.through.iter().map(|alias| alias.as_str()).collect();
            return Err(format!(
                "`{path}` leads back to `{alias}` (by way of {})",
                way.join(" -> ")
            ));
        }
        let Some((alias, route)) = self.table.0.get_key_value(alias) else {
            return Err(format!(
                "`{path}` names the route `{alias}`, which does not exist"
            ));
        };
        self.through.push(alias);
        self.node(path, &route.node, depth + 1)?;
        self.through.pop();
        Ok(())
    }

    fn target(&self, path: &str, target: &Target) -> Result<(), String> {
        if target.provider.is_none() && target.model.is_none() {
            return Err(format!("`{path}` names neither a `provider` nor a `model`"));
        }
        if target.model.as_deref().is_some_and(str::is_empty) {
            return Err(format!("`{path}.model` is empty"));
        }
        if let Some(provider) = &target.provider
            && !(self.is_provider)(provider)
        {
            return Err(format!(
                "`{path}.provider`: there is no provider `{provider}` in this project"
            ));
        }
        if let Some((name, _)) = target.params.iter().find(|(_, value)| value.is_null()) {
            return Err(format!(
                "`{path}.params.{name}` is null; leave it out instead"
            ));
        }
        target
            .overrides
            .check()
            .map_err(|what| format!("`{path}.overrides`: {what}"))
    }
}

fn weights(path: &str, of: &str, weights: impl Iterator<Item = u32>) -> Result<(), String> {
    let weights: Vec<u32> = weights.collect();
    if weights.iter().any(|weight| *weight > MAX_WEIGHT) {
        return Err(format!("`{path}.{of}`: a weight is at most {MAX_WEIGHT}"));
    }
    if weights.iter().all(|weight| *weight == 0) {
        return Err(format!("`{path}.{of}`: at least one weight is above 0"));
    }
    Ok(())
}

fn names<'a>(path: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = Vec::new();
    for name in names {
        let is_name = (1..=MAX_VARIANT_CHARS).contains(&name.chars().count())
            && !name.chars().any(char::is_control);
        if !is_name {
            return Err(format!(
                "`{path}.variants`: a name has 1 to {MAX_VARIANT_CHARS} characters"
            ));
        }
        if seen.contains(&name) {
            return Err(format!("`{path}.variants`: `{name}` is there twice"));
        }
        seen.push(name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(routes: &[(&str, &str)]) -> RouteTable {
        RouteTable::new(routes.iter().map(|(alias, node)| {
            let route = format!(r#"{{"node": {node}}}"#);
            (
                alias.parse().unwrap(),
                serde_json::from_str(&route).unwrap(),
            )
        }))
    }

    fn check(routes: &[(&str, &str)]) -> Result<(), String> {
        table(routes).check(|provider| provider == "openai")
    }

    const TARGET: &str = r#"{"type": "target", "provider": "openai", "model": "gpt-4o"}"#;

    #[test]
    fn a_call_may_come_to_any_model_that_its_route_leads_to() {
        let both = r#"{"type": "fallback", "nodes": [{"type": "route", "alias": "b"},
            {"type": "target", "provider": "openai"}]}"#;
        let table = table(&[("a", both), ("b", TARGET)]);
        assert_eq!(table.models("a"), ["a", "gpt-4o"].into());
        assert_eq!(table.models("b"), ["gpt-4o"].into());
        assert_eq!(table.models("o3"), ["o3"].into());
    }

    #[test]
    fn what_can_not_work_is_refused_by_its_place() {
        for (node, reason) in [
            (r#"{"type": "target"}"#, "neither"),
            (
                r#"{"type": "target", "provider": "acme"}"#,
                "`node.provider`",
            ),
            (r#"{"type": "fallback", "nodes": []}"#, "at least one node"),
            (
                r#"{"type": "fallback", "nodes": [{"type": "target", "provider": "x"}]}"#,
                "`node.nodes[0].provider`",
            ),
            (
                r#"{"type": "weighted", "choices": [{"weight": 0, "node": {"type": "target", "model": "m"}}]}"#,
                "above 0",
            ),
            (r#"{"type": "route", "alias": "nowhere"}"#, "does not exist"),
            (r#"{"type": "route", "alias": "a"}"#, "leads back to `a`"),
            (
                r#"{"type": "target", "model": "m", "overrides": {"attempts": 0}}"#,
                "`attempts`",
            ),
        ] {
            let error = check(&[("a", node)]).unwrap_err();
            assert!(
                error.contains(reason) && error.contains("route `a`"),
                "{node}: {error}"
            );
        }
        check(&[("a", TARGET)]).unwrap();
    }

    #[test]
    fn a_circle_through_other_routes_is_found_and_a_diamond_is_none() {
        let to = |alias: &str| format!(r#"{{"type": "route", "alias": "{alias}"}}"#);
        let both = format!(
            r#"{{"type": "fallback", "nodes": [{}, {}]}}"#,
            to("b"),
            to("b")
        );
        check(&[("a", &both), ("b", TARGET)]).unwrap();
        let error = check(&[("a", &to("b")), ("b", &to("c")), ("c", &to("a"))]).unwrap_err();
        assert!(error.contains("a -> b -> c"), "{error}");
    }

    #[test]
    fn a_route_is_written_as_it_was_read() {
        let text = r#"{"node":{"type":"split","variants":[{"name":"a","weight":1,"node":{"type":"target","model":"m"}}],"by":"user"},"drop_params":true}"#;
        let route: Route = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&route).unwrap(), text);
        for wrong in [r#"{"node": {"type": "random"}}"#, r#"{"nod": {}}"#] {
            assert!(serde_json::from_str::<Route>(wrong).is_err(), "{wrong}");
        }
    }
}
