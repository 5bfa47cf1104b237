//! From a route and a call to the targets that are tried, in order, with the reasons to go on.

use rand::Rng;

use super::{
    chance::{Draw, order, two_of},
    model::{
        Facts, FailureClass, Node, Overrides, Route, RouteTable, Shadow, StickBy, Target, Triggers,
    },
};

/// How promising targets are: the state that choices depend on.
pub trait Outlook {
    /// What a call would wait: peak latency times the calls under way. Smaller is better.
    fn cost(&self, target: &Target) -> f64;
    /// Whether calls may be made at all.
    fn is_usable(&self, target: &Target) -> bool;
}

/// Targets in the order in which they are tried.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub candidates: Vec<Candidate>,
    /// The experiment's arm that the call is in.
    pub variant: Option<String>,
    pub shadow: Option<Target>,
}

/// One target, and where to go on when it fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub target: Target,
    /// What the routes on the way to the target set, outermost first.
    pub overrides: Vec<Overrides>,
    /// The innermost choice first.
    exits: Vec<Exit>,
}

#[derive(Clone, Debug, PartialEq)]
struct Exit {
    on: Triggers,
    /// The index of the candidate that follows.
    to: usize,
}

impl Plan {
    /// The plan of a call that names no route.
    pub fn of(target: Target) -> Self {
        Self {
            candidates: vec![Candidate {
                target,
                overrides: Vec::new(),
                exits: Vec::new(),
            }],
            ..Self::default()
        }
    }

    /// Which candidate follows after the one at `at` failed so; `None` ends the call.
    pub fn after(&self, at: usize, class: FailureClass, status: Option<u16>) -> Option<usize> {
        let exits = &self.candidates.get(at)?.exits;
        exits
            .iter()
            .find(|exit| exit.on.holds(class, status))
            .map(|exit| exit.to)
    }
}

/// Plans calls of one project.
pub struct Planner<'a, O, R> {
    pub table: &'a RouteTable,
    pub facts: &'a Facts<'a>,
    pub outlook: &'a O,
    pub random: R,
}

impl<O: Outlook, R: Rng> Planner<'_, O, R> {
    /// An empty plan when no case of the route holds.
    pub fn plan(&mut self, alias: &str, route: &Route) -> Plan {
        let mut building = Building {
            candidates: Vec::new(),
            variant: None,
            overrides: vec![route.overrides],
        };
        self.add(&mut building, alias, &route.node);
        let shadow = route
            .shadow
            .as_ref()
            .filter(|shadow| self.is_shadowed(shadow));
        Plan {
            shadow: shadow.map(|shadow| shadow.target.clone()),
            candidates: building.candidates,
            variant: building.variant,
        }
    }

    fn is_shadowed(&mut self, shadow: &Shadow) -> bool {
        self.random.random::<f64>() * 100.0 < shadow.percent
    }

    /// Adds the node's candidates behind those that are there. `path` tells choices of one key in
    /// different places apart.
    fn add(&mut self, to: &mut Building, path: &str, node: &Node) {
        match node {
            Node::Target(target) => to.candidates.push(Candidate {
                target: target.as_ref().clone(),
                overrides: to.overrides.clone(),
                exits: Vec::new(),
            }),
            Node::Route { alias } => {
                // Absent only while another replica is removing it.
                if let Some(route) = self.table.get(alias.as_str()) {
                    to.overrides.push(route.overrides);
                    self.add(to, alias.as_str(), &route.node);
                    to.overrides.pop();
                }
            }
            Node::Fallback { nodes, on } => self.add_in_order(to, path, nodes.iter(), on),
            Node::Weighted {
                choices,
                sticky,
                on,
            } => {
                let key = sticky.and_then(|by| key(self.facts, by));
                let options = choices.iter().enumerate();
                let options = options.map(|(at, choice)| (format!("{path}.{at}"), choice.weight));
                let draw = key.map_or(Draw::Random, Draw::Same);
                let drawn = order(options, draw, &mut self.random);
                let nodes = drawn.into_iter().map(|at| &choices[at].node);
                self.add_in_order(to, path, nodes, on);
            }
            Node::Quickest { nodes, on } => {
                let nodes = self.quickest_first(nodes);
                self.add_in_order(to, path, nodes.into_iter(), on);
            }
            Node::Split { variants, by } => {
                let options = variants
                    .iter()
                    .map(|v| (format!("{path}.{}", v.name), v.weight));
                let draw = key(self.facts, *by).map_or(Draw::Random, Draw::Same);
                let drawn = order(options, draw, &mut self.random);
                if let Some(variant) = drawn.first().map(|at| &variants[*at]) {
                    to.variant.get_or_insert_with(|| variant.name.clone());
                    self.add(to, &format!("{path}.{}", variant.name), &variant.node);
                }
            }
            Node::When { cases, otherwise } => {
                let holds = cases.iter().find(|case| case.when.holds(self.facts));
                let chosen = holds.map(|case| &case.then).or(otherwise.as_deref());
                if let Some(chosen) = chosen {
                    self.add(to, path, chosen);
                }
            }
        }
    }

    /// Each node's candidates lead to the next node's first one.
    fn add_in_order<'n>(
        &mut self,
        to: &mut Building,
        path: &str,
        nodes: impl Iterator<Item = &'n Node>,
        on: &Triggers,
    ) {
        let mut ends = Vec::new();
        for (at, node) in nodes.enumerate() {
            let begin = to.candidates.len();
            self.add(to, &format!("{path}.{at}"), node);
            if to.candidates.len() > begin {
                ends.push((begin, to.candidates.len()));
            }
        }
        for pair in ends.windows(2) {
            let [(begin, end), (next, _)] = *pair else {
                continue;
            };
            for candidate in &mut to.candidates[begin..end] {
                let on = on.clone();
                candidate.exits.push(Exit { on, to: next });
            }
        }
    }

    /// Power of two choices; nodes whose breakers are open come last.
    fn quickest_first<'n>(&mut self, nodes: &'n [Node]) -> Vec<&'n Node> {
        let (mut usable, broken): (Vec<&Node>, Vec<&Node>) =
            nodes.iter().partition(|node| self.is_usable(node));
        if let (first, Some(second)) = two_of(usable.len(), &mut self.random) {
            let quicker = if self.cost(usable[second]) < self.cost(usable[first]) {
                second
            } else {
                first
            };
            usable.swap(0, quicker);
            usable[1..].sort_by(|a, b| self.cost(a).total_cmp(&self.cost(b)));
        }
        usable.extend(broken);
        usable
    }

    fn cost(&self, node: &Node) -> f64 {
        self.first_target(node)
            .map_or(0.0, |target| self.outlook.cost(target))
    }

    fn is_usable(&self, node: &Node) -> bool {
        self.first_target(node)
            .is_none_or(|target| self.outlook.is_usable(target))
    }

    /// The target that stands for a node whose own choice is not made yet.
    fn first_target<'n>(&'n self, node: &'n Node) -> Option<&'n Target> {
        match node {
            Node::Target(target) => Some(target),
            Node::Route { alias } => self.first_target(&self.table.get(alias.as_str())?.node),
            _ => {
                let (_, first) = node.children().into_iter().next()?;
                self.first_target(first)
            }
        }
    }
}

/// What ties a call to others.
fn key<'f>(facts: &Facts<'f>, by: StickBy) -> Option<&'f str> {
    match by {
        StickBy::Session => facts.session.or(facts.user),
        StickBy::User => facts.user,
    }
}

struct Building {
    candidates: Vec<Candidate>,
    variant: Option<String>,
    overrides: Vec<Overrides>,
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    /// Costs by model; a model without one has an open breaker.
    struct Costs(HashMap<&'static str, f64>);

    impl Outlook for Costs {
        fn cost(&self, target: &Target) -> f64 {
            let model = target.model.as_deref().unwrap();
            self.0.get(model).copied().unwrap_or(f64::MAX)
        }

        fn is_usable(&self, target: &Target) -> bool {
            self.0.contains_key(target.model.as_deref().unwrap())
        }
    }

    fn target(model: &str) -> String {
        format!(r#"{{"type": "target", "model": "{model}"}}"#)
    }

    fn plan_of(routes: &[(&str, String)], facts: &Facts<'_>, seed: u64) -> Plan {
        let table = RouteTable::new(routes.iter().map(|(alias, node)| {
            let route = format!(r#"{{"node": {node}}}"#);
            (
                alias.parse().unwrap(),
                serde_json::from_str(&route).unwrap(),
            )
        }));
        let outlook = Costs(HashMap::from([
            ("slow", 9.0),
            ("quick", 1.0),
            ("middle", 5.0),
        ]));
        let mut planner = Planner {
            table: &table,
            facts,
            outlook: &outlook,
            random: StdRng::seed_from_u64(seed),
        };
        planner.plan("a", table.get("a").unwrap())
    }

    fn models(plan: &Plan) -> Vec<&str> {
        plan.candidates
            .iter()
            .map(|c| c.target.model.as_deref().unwrap())
            .collect()
    }

    #[test]
    fn a_failure_leads_out_of_the_innermost_choice_that_names_it() {
        let inner = format!(
            r#"{{"type": "fallback", "on": ["timeout"], "nodes": [{}, {}]}}"#,
            target("x"),
            target("y")
        );
        let node = format!(
            r#"{{"type": "fallback", "on": ["timeout", "rate_limit", "529"], "nodes": [{inner}, {}]}}"#,
            target("z")
        );
        let plan = plan_of(&[("a", node)], &Facts::default(), 1);
        assert_eq!(models(&plan), ["x", "y", "z"]);
        assert_eq!(plan.after(0, FailureClass::Timeout, None), Some(1));
        assert_eq!(plan.after(0, FailureClass::RateLimited, Some(429)), Some(2));
        assert_eq!(plan.after(0, FailureClass::ServerError, Some(529)), Some(2));
        assert_eq!(plan.after(0, FailureClass::InvalidRequest, Some(400)), None);
        assert_eq!(plan.after(1, FailureClass::Timeout, None), Some(2));
        assert_eq!(plan.after(2, FailureClass::Timeout, None), None);
    }

    #[test]
    fn the_quickest_of_two_is_first_and_open_breakers_are_last() {
        let nodes = [target("slow"), target("quick"), target("broken")].join(",");
        let node = format!(r#"{{"type": "quickest", "nodes": [{nodes}]}}"#);
        for seed in 0..20 {
            let plan = plan_of(&[("a", node.clone())], &Facts::default(), seed);
            assert_eq!(models(&plan), ["quick", "slow", "broken"]);
        }
    }

    #[test]
    fn of_three_the_slowest_is_never_first_and_the_rest_follow_by_cost() {
        let nodes = [target("slow"), target("quick"), target("middle")].join(",");
        let node = format!(r#"{{"type": "quickest", "nodes": [{nodes}]}}"#);
        let mut firsts = Vec::new();
        for seed in 0..50 {
            let plan = plan_of(&[("a", node.clone())], &Facts::default(), seed);
            firsts.push(models(&plan)[0].to_owned());
        }
        assert!(firsts.contains(&"quick".to_owned()) && firsts.contains(&"middle".to_owned()));
        assert!(!firsts.contains(&"slow".to_owned()));
    }

    #[test]
    fn a_session_stays_with_its_target_and_a_split_is_recorded() {
        let choices: Vec<_> = (0..5)
            .map(|at| format!(r#"{{"weight": 1, "node": {}}}"#, target(&format!("m{at}"))))
            .collect();
        let node = format!(
            r#"{{"type": "weighted", "sticky": "session", "choices": [{}]}}"#,
            choices.join(",")
        );
        let facts = Facts {
            session: Some("s-1"),
            ..Facts::default()
        };
        let orders: Vec<_> = (0..10)
            .map(|seed| models(&plan_of(&[("a", node.clone())], &facts, seed)).join(" "))
            .collect();
        assert!(
            orders.windows(2).all(|pair| pair[0] == pair[1]),
            "{orders:?}"
        );
        let variants = ["x", "y"].map(|name| {
            format!(
                r#"{{"name": "{name}", "weight": 1, "node": {}}}"#,
                target(name)
            )
        });
        let split = format!(
            r#"{{"type": "split", "by": "user", "variants": [{}]}}"#,
            variants.join(",")
        );
        let mut arms = [0, 0];
        for user in 0..400 {
            let user = format!("u{user}");
            let facts = Facts {
                user: Some(&user),
                ..Facts::default()
            };
            let plan = plan_of(&[("a", split.clone())], &facts, 1);
            assert_eq!(plan.variant.as_deref(), Some(models(&plan)[0]));
            assert_eq!(plan.candidates.len(), 1, "the other arm does not follow");
            arms[usize::from(plan.variant.as_deref() == Some("x"))] += 1;
        }
        assert!(arms.iter().all(|count| *count > 150), "{arms:?}");
    }

    #[test]
    fn a_condition_chooses_and_overrides_add_up_along_the_way() {
        let node = r#"{"type": "when", "cases": [{"when": {"min_input_tokens": 100}, "then": {"type": "route", "alias": "b"}}]}"#.to_owned();
        let routes = [("a", node), ("b", target("long"))];
        let facts = Facts {
            input_tokens: 100,
            ..Facts::default()
        };
        let plan = plan_of(&routes, &facts, 1);
        assert_eq!(models(&plan), ["long"]);
        assert_eq!(plan.candidates[0].overrides.len(), 2);
        assert_eq!(plan_of(&routes, &Facts::default(), 1).candidates, []);
    }
}
