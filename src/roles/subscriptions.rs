//! Who hears of what: joins each context's events to the reactions of others.
