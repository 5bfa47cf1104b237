//! Reconciliation: a provider's invoice against the ledger of calls, by day and model, and why they
//! differ.

mod compare;
mod invoice;
mod ledger;
mod report;
mod service;

pub use invoice::InvoiceFormat;
pub use ledger::LedgerCall;
pub use report::{Explanation, Reason, ReconciledLine, Reconciliation};
pub use service::Reconciliations;
