//! How much of each limit is used.

use super::{
    Limit, LimitRule, LimitSubject, Limits,
    local::Found,
    model::{Counter, Keeping, SubjectKind},
    store::allowances,
};
use crate::{
    kernel::{Actor, Permission, Timestamp},
    llm_integration::LlmError,
    platform::db::DbError,
};

/// Subjects that are shown of a limit that each has for itself: those who used the most.
const MAX_SUBJECTS: i64 = 100;

/// One limit of one subject, in the window that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitUsage {
    pub subject: LimitSubject,
    pub limit: Limit,
    /// What calls have used that ended.
    pub used: i64,
    /// What calls hold back that run.
    pub reserved: i64,
    pub remaining: i64,
    pub resets_at: Option<Timestamp>,
}

impl Limits {
    /// The use of every limit, or of those that hold for `subject`. A limit that holds for each of a
    /// kind is shown for those that used it, as far as its window is an hour or longer or it counts
    /// money; the others are told for a subject that is asked for.
    pub async fn usage(
        &self,
        actor: &Actor,
        subject: Option<LimitSubject>,
    ) -> Result<Vec<LimitUsage>, LlmError> {
        actor.require(Permission::ProjectRead)?;
        let (project, now) = (actor.project, self.0.clock.now());
        let mut shown: Vec<(Counter, Limit)> = Vec::new();
        for rule in self.list(actor).await? {
            let limit = rule.limit;
            let counter = |subject| Counter::new(project, subject, limit.measure, now);
            match &subject {
                Some(asked) if holds_for(&rule, asked) => {
                    shown.push((counter(asked.clone()), limit));
                }
                Some(_) => {}
                None if rule.subject.is_each() && rule.subject.kind() != SubjectKind::Project => {
                    let used = self.used_by_each(counter(rule.subject)).await?;
                    shown.extend(used.into_iter().map(|counter| (counter, limit)));
                }
                None => shown.push((counter(rule.subject), limit)),
            }
        }
        let of_key = subject.filter(|subject| subject.kind() == SubjectKind::Key);
        if let Some(subject) = of_key
            && let Ok(key) = subject.value().parse()
            && let Some(policy) = self.policy(project, Some(key)).await?
        {
            for limit in &policy.limits {
                let counter = Counter::new(project, subject.clone(), limit.measure, now);
                shown.push((counter, *limit));
            }
        }
        self.look_at(shown, now).await
    }

    async fn used_by_each(&self, each: Counter) -> Result<Vec<Counter>, DbError> {
        self.0
            .db
            .read(move |conn| allowances::subjects(conn, &each, MAX_SUBJECTS))
            .await
    }

    async fn look_at(
        &self,
        shown: Vec<(Counter, Limit)>,
        now: Timestamp,
    ) -> Result<Vec<LimitUsage>, LlmError> {
        let (counters, limits): (Vec<Counter>, Vec<Limit>) = shown.into_iter().unzip();
        let mut found: Vec<Found> = counters
            .iter()
            .map(|counter| self.0.local.peek(counter))
            .collect();
        if let Some(shared) = &self.0.shared {
            // Without Redis this process tells what it knows.
            if let Ok(peeked) = shared.peek(&counters, now).await {
                for (found, shared) in found.iter_mut().zip(peeked) {
                    found.n += shared.n;
                    found.reserved += shared.reserved;
                }
            }
        }
        let asked = counters.clone();
        let set_aside: Vec<i64> = self
            .0
            .db
            .read(move |conn| {
                asked
                    .iter()
                    .map(|counter| match counter.keeping() {
                        Keeping::Balance => allowances::set_aside(conn, counter),
                        Keeping::Count | Keeping::Slots => Ok(0),
                    })
                    .collect::<Result<_, DbError>>()
            })
            .await?;
        let usages = counters.into_iter().zip(limits).zip(found).zip(set_aside);
        Ok(usages
            .map(|(((counter, limit), found), set_aside)| {
                let taken = match counter.keeping() {
                    Keeping::Balance => set_aside - found.n,
                    Keeping::Count | Keeping::Slots => found.n,
                };
                let reserved = found.reserved.min(taken);
                LimitUsage {
                    used: taken - reserved,
                    reserved,
                    remaining: (limit.amount.get() - taken).max(0),
                    resets_at: counter.ends_at(),
                    subject: counter.subject,
                    limit,
                }
            })
            .collect())
    }
}

fn holds_for(rule: &LimitRule, subject: &LimitSubject) -> bool {
    rule.subject.kind() == subject.kind() && (rule.subject.is_each() || rule.subject == *subject)
}
