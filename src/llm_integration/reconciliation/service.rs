//! Reconciles an invoice with the calls of a project.

use std::time::Duration;

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::{
    InvoiceFormat, Reconciliation, compare::compare, invoice, invoice::Invoice, ledger::Ledger,
};
use crate::{
    kernel::{Actor, Failure, Permission, Timestamp},
    llm_integration::{CallLedger, LlmError, Prices},
};

/// From the first to the last day of an invoice.
const MAX_DAYS: i64 = 400;
/// A day can begin this much earlier or later than midnight in UTC.
const TIME_ZONES: Duration = Duration::from_hours(14);
const DAY: Duration = Duration::from_hours(24);

/// Compares invoices with the ledger. Cheap to clone.
#[derive(Clone)]
pub struct Reconciliations {
    ledger: CallLedger,
    prices: Prices,
}

impl Reconciliations {
    pub const fn new(ledger: CallLedger, prices: Prices) -> Self {
        Self { ledger, prices }
    }

    /// Compares an invoice, as CSV, with the calls of its days.
    pub async fn reconcile(
        &self,
        actor: &Actor,
        csv: Bytes,
        format: InvoiceFormat,
    ) -> Result<Reconciliation, LlmError> {
        actor.require(Permission::TracesRead)?;
        let refused = |what| LlmError::InvoiceInvalid { what };
        let read = spawn_blocking(move || invoice::read(&csv, format)).await;
        let invoice = read.map_err(Failure::internal)?.map_err(refused)?;
        let (from, to) = days(&invoice).map_err(refused)?;
        let mut ledger = Ledger::default();
        let mut after = None;
        loop {
            let page = self.ledger.page(actor, (from, to), after).await?;
            let (calls, next) = page;
            for call in calls {
                ledger.add(call);
            }
            let Some(next) = next else { break };
            after = Some(next);
        }
        let prices = self.prices.table(actor.project).await;
        let prices = prices.map_err(Failure::internal)?;
        let compared = spawn_blocking(move || compare(&invoice, &ledger, &prices)).await;
        Ok(compared.map_err(Failure::internal)?)
    }
}

/// The time in which calls of the invoice's days can lie, in any time zone.
fn days(invoice: &Invoice) -> Result<(Timestamp, Timestamp), String> {
    let dates = invoice.keys().map(|(date, _)| *date);
    let (Some(first), Some(last)) = (dates.clone().min(), dates.max()) else {
        return Err("the invoice has no row about a model".to_owned());
    };
    let span = (last - first).num_days() + 1;
    if span > MAX_DAYS {
        return Err(format!(
            "the invoice spans {span} days; it can span {MAX_DAYS}"
        ));
    }
    let midnight =
        |date: chrono::NaiveDate| Timestamp::from(date.and_time(chrono::NaiveTime::MIN).and_utc());
    Ok((
        midnight(first).minus(TIME_ZONES),
        midnight(last).plus(DAY + TIME_ZONES),
    ))
}
