//! Exact percentiles on SQLite, by the rule of PostgreSQL's `percentile_cont`.

use diesel::{
    define_sql_function,
    sql_types::{Double, Nullable},
    sqlite::{SqliteAggregateFunction, SqliteConnection},
};

use crate::platform::db::DbError;

define_sql_function! {
    /// The value below which this fraction of a group's values lies, interpolated.
    #[aggregate]
    fn llm_percentile(value: Nullable<Double>, fraction: Double) -> Nullable<Double>;
}

/// Eight bytes a row of the group.
#[derive(Default)]
struct Percentile {
    values: Vec<f64>,
    fraction: f64,
}

impl SqliteAggregateFunction<(Option<f64>, f64)> for Percentile {
    type Output = Option<f64>;

    fn step(&mut self, (value, fraction): (Option<f64>, f64)) {
        self.fraction = fraction;
        self.values.extend(value);
    }

    fn finalize(found: Option<Self>) -> Option<f64> {
        let Self {
            mut values,
            fraction,
        } = found?;
        values.sort_unstable_by(f64::total_cmp);
        interpolated(&values, fraction)
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions in a list that fits the memory"
)]
fn interpolated(sorted: &[f64], fraction: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = fraction * last as f64;
    let (low, high) = (position.floor(), position.ceil());
    let (below, above) = (sorted[low as usize], sorted[(high as usize).min(last)]);
    Some(below + (position - low) * (above - below))
}

/// Makes `llm_percentile` known to this connection.
pub fn register(conn: &mut SqliteConnection) -> Result<(), DbError> {
    llm_percentile_utils::register_impl::<Percentile, _, _>(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_interpolates_between_neighbours() {
        let close = |found: Option<f64>, wanted: f64| (found.unwrap() - wanted).abs() < 1e-12;
        assert!(close(interpolated(&[1.0, 2.0, 3.0, 4.0], 0.5), 2.5));
        assert!(close(interpolated(&[1.0, 2.0, 3.0, 4.0], 0.95), 3.85));
        assert!(close(interpolated(&[7.0], 0.99), 7.0));
        assert_eq!(interpolated(&[], 0.5), None);
    }
}
