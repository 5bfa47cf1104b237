//! The beginning of the bucket that a time is in, as text.

use crate::{
    llm_integration::analytics::{Bucket, Granularity},
    platform::db::Engine,
};

/// `2026-03-01` for days and longer, `2026-03-01T10:00:00` with the offset for shorter buckets.
pub fn bucket(time: &str, bucket: Bucket, engine: Engine) -> String {
    let minutes = bucket.utc_offset_minutes;
    match engine {
        Engine::Postgres => {
            let unit = match bucket.granularity {
                Granularity::Minute => "minute",
                Granularity::Hour => "hour",
                Granularity::Week => "week",
                Granularity::Month => "month",
                Granularity::Day | Granularity::Auto => "day",
            };
            let format = if is_short(bucket.granularity) {
                "YYYY-MM-DD\"T\"HH24:MI:SS"
            } else {
                "YYYY-MM-DD"
            };
            format!(
                "to_char(date_trunc('{unit}', {time} AT TIME ZONE 'UTC' + interval '{minutes} minutes'), '{format}')"
            )
        }
        Engine::Sqlite => {
            let shift = format!("{time}, '{minutes} minutes'");
            match bucket.granularity {
                Granularity::Minute => format!("strftime('%Y-%m-%dT%H:%M:00', {shift})"),
                Granularity::Hour => format!("strftime('%Y-%m-%dT%H:00:00', {shift})"),
                Granularity::Week => format!("date({shift}, 'weekday 0', '-6 days')"),
                Granularity::Month => format!("strftime('%Y-%m-01', {shift})"),
                Granularity::Day | Granularity::Auto => format!("date({shift})"),
            }
        }
    }
}

pub const fn is_short(granularity: Granularity) -> bool {
    matches!(granularity, Granularity::Minute | Granularity::Hour)
}

/// The month (`2026-03`) or day of a time, in UTC.
pub fn part(time: &str, by_month: bool, engine: Engine) -> String {
    match (engine, by_month) {
        (Engine::Postgres, true) => format!("to_char({time} AT TIME ZONE 'UTC', 'YYYY-MM')"),
        (Engine::Postgres, false) => format!("to_char({time} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"),
        (Engine::Sqlite, true) => format!("strftime('%Y-%m', {time})"),
        (Engine::Sqlite, false) => format!("date({time})"),
    }
}
