//! What a reconciliation says.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// Why an invoice and the ledger differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The ledger has no call of this model on this day: calls that did not go through here.
    MissingInLedger,
    /// The invoice has nothing of this model on this day.
    MissingInInvoice,
    /// One side counts more tokens than the other.
    TokensDiffer,
    /// The tokens agree, the amounts do not.
    PriceDiffers,
    /// No more than the rounding of the invoice's amounts.
    Rounding,
    /// The days of the invoice begin at another hour.
    Timezone,
    /// Calls whose tokens were estimated here.
    EstimatedCalls,
    /// Calls of the ledger whose model has no price.
    UnpricedCalls,
}

/// One cause of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Explanation {
    pub reason: Reason,
    /// For a person, with the numbers.
    pub text: String,
}

/// One model on one day. Amounts are US dollars as decimal text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReconciledLine {
    pub date: NaiveDate,
    /// Without the date of a snapshot.
    pub model: String,
    pub calls: u64,
    pub invoice_input_tokens: Option<u64>,
    pub ledger_input_tokens: u64,
    pub invoice_output_tokens: Option<u64>,
    pub ledger_output_tokens: u64,
    /// What the invoice says, or, where it says no amounts, what its tokens cost by the ledger's
    /// prices is not guessed: `null`.
    pub invoice_cost: Option<String>,
    pub ledger_cost: String,
    /// The invoice less the ledger.
    pub difference: Option<String>,
    /// Empty where both agree.
    pub explanations: Vec<Explanation>,
}

/// A whole invoice against the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reconciliation {
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
    pub invoice_cost: String,
    pub ledger_cost: String,
    pub difference: String,
    /// Whether every line agrees, but for rounding.
    pub reconciled: bool,
    /// The hour in UTC at which the invoice's days seem to begin; 0 is midnight.
    pub day_begins_at_hour: i64,
    pub lines: Vec<ReconciledLine>,
}
