//! Numbers as a sheet shows them: a date is a number with a format.

use std::collections::HashMap;

use crate::document::extraction::{
    error::ExtractionError,
    formats::xml::{Node, Xml},
};

/// Office keeps 15 digits; more are an artefact of arithmetic.
const DIGITS: i32 = 15;
const SECONDS_PER_DAY: f64 = 86_400.0;
/// Days from 0000-03-01 to 1899-12-30, and to 1904-01-01.
const DAYS_TO_1900: i64 = 693_899;
const DAYS_TO_1904: i64 = 695_361;
/// The last day that Office knows: 9999-12-31.
const SERIAL_MAX: f64 = 2_958_466.0;

/// How a number is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Plain,
    Percent,
    Date,
    Time,
    DateTime,
}

#[derive(Debug)]
pub struct Formats {
    /// By the number in which a cell refers to its style.
    pub looks: Vec<Look>,
    pub since_1904: bool,
}

impl Look {
    /// The looks of a workbook's styles.
    pub fn read(mut xml: Xml<'_>) -> Result<Vec<Self>, ExtractionError> {
        let (mut codes, mut looks, mut in_cells) = (HashMap::new(), Vec::new(), false);
        while let Some(node) = xml.next()? {
            match node {
                Node::Open(element) => match element.name() {
                    "numFmt" => {
                        let id = element.attribute("numFmtId");
                        codes.extend(id.zip(element.attribute("formatCode")));
                    }
                    "cellXfs" => in_cells = true,
                    "xf" if in_cells => {
                        let id = element.attribute("numFmtId").unwrap_or_default();
                        let look = codes.get(&id).map(|code| Self::of_code(code));
                        looks.push(look.unwrap_or_else(|| Self::built_in(&id)));
                    }
                    _ => {}
                },
                Node::Close(element) if element.name() == "cellXfs" => in_cells = false,
                _ => {}
            }
        }
        Ok(looks)
    }

    /// Formats that need no definition; those from 27 on are of East Asian dates.
    fn built_in(id: &str) -> Self {
        match id.parse::<u32>() {
            Ok(9 | 10) => Self::Percent,
            Ok(14..=17 | 27..=31 | 36 | 50..=58) => Self::Date,
            Ok(18..=21 | 32..=35 | 45..=47) => Self::Time,
            Ok(22) => Self::DateTime,
            _ => Self::Plain,
        }
    }

    /// `yyyy"年"m"月"d"日"` is a date, `0.0%` a share, `[h]:mm` a time.
    fn of_code(code: &str) -> Self {
        let mut letters = String::new();
        let mut characters = code.split(';').next().unwrap_or_default().chars();
        while let Some(character) = characters.next() {
            match character {
                '"' => drop(characters.by_ref().find(|c| *c == '"')),
                '\\' | '_' | '*' => drop(characters.next()),
                '[' => {
                    let inside: String = characters.by_ref().take_while(|c| *c != ']').collect();
                    let inside = inside.to_ascii_lowercase();
                    let is_time = !inside.is_empty() && inside.chars().all(|c| "hms".contains(c));
                    letters.push_str(if is_time { &inside } else { "" });
                }
                other => letters.push(other.to_ascii_lowercase()),
            }
        }
        if letters.contains("general") {
            return Self::Plain;
        }
        let has = |any: &str| letters.chars().any(|c| any.contains(c));
        match (has("yde"), has("hs")) {
            (true, true) => Self::DateTime,
            (true, false) => Self::Date,
            (false, true) => Self::Time,
            (false, false) if letters.contains('%') => Self::Percent,
            (false, false) if has("m") => Self::Date,
            (false, false) => Self::Plain,
        }
    }
}

impl Formats {
    /// A number of a cell of that style, as it is shown.
    pub fn show(&self, number: &str, style: usize) -> String {
        let Ok(value) = number.trim().parse::<f64>() else {
            return number.to_owned();
        };
        match self.looks.get(style).copied().unwrap_or(Look::Plain) {
            Look::Plain => shown(value),
            Look::Percent => format!("{}%", shown(value * 100.0)),
            Look::Date | Look::DateTime | Look::Time if !(0.0..SERIAL_MAX).contains(&value) => {
                shown(value)
            }
            Look::Date if value.fract() == 0.0 => self.date(value),
            Look::Time if value < 1.0 => time(value),
            Look::Date | Look::DateTime | Look::Time => {
                format!("{} {}", self.date(value), time(value))
            }
        }
    }

    fn date(&self, serial: f64) -> String {
        #[expect(clippy::cast_possible_truncation, reason = "below SERIAL_MAX")]
        let days = serial.floor() as i64;
        let since = if self.since_1904 {
            DAYS_TO_1904 + days
        } else {
            // Office counts a 29 February 1900 that never was.
            DAYS_TO_1900 + days + i64::from(days < 60)
        };
        let (year, month, day) = civil(since);
        format!("{year:04}-{month:02}-{day:02}")
    }
}

/// The day so many days after 0000-03-01, by the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

fn time(serial: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a day has 86,400 seconds")]
    let seconds = (serial.fract() * SECONDS_PER_DAY).round() as i64;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}")
}

fn shown(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string().trim_start_matches('-').to_owned();
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "an f64's exponent has three digits"
    )]
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = usize::try_from(DIGITS - 1 - magnitude).unwrap_or(0);
    if decimals > 30 {
        return format!("{value:e}");
    }
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(look: Look) -> Formats {
        Formats {
            looks: vec![look],
            since_1904: false,
        }
    }

    #[test]
    fn numbers_are_shown_as_people_see_them() {
        let plain = formats(Look::Plain);
        assert_eq!(plain.show("0.30000000000000004", 0), "0.3");
        assert_eq!(plain.show("42", 0), "42");
        assert_eq!(plain.show("-1.5E-3", 0), "-0.0015");
        assert_eq!(plain.show("123456789012", 9), "123456789012");
        assert_eq!(formats(Look::Percent).show("0.125", 0), "12.5%");
        assert_eq!(plain.show("not one", 0), "not one");
    }

    #[test]
    fn serial_numbers_are_dates() {
        let dates = formats(Look::Date);
        assert_eq!(dates.show("45413", 0), "2024-05-01");
        assert_eq!(dates.show("1", 0), "1900-01-01");
        assert_eq!(dates.show("61", 0), "1900-03-01");
        assert_eq!(
            formats(Look::DateTime).show("45413.5", 0),
            "2024-05-01 12:00:00"
        );
        assert_eq!(formats(Look::Time).show("0.25", 0), "06:00:00");
        let since_1904 = Formats {
            since_1904: true,
            ..formats(Look::Date)
        };
        assert_eq!(since_1904.show("0", 0), "1904-01-01");
        assert_eq!(dates.show("1e300", 0).len(), 301);
    }

    #[test]
    fn codes_tell_how_a_number_looks() {
        assert_eq!(Look::of_code("yyyy\"年\"m\"月\"d\"日\""), Look::Date);
        assert_eq!(Look::of_code("[$-411]ggge\"年\""), Look::Date);
        assert_eq!(Look::of_code("[h]:mm:ss"), Look::Time);
        assert_eq!(Look::of_code("0.00%"), Look::Percent);
        assert_eq!(Look::of_code("#,##0\"days\""), Look::Plain);
        assert_eq!(Look::of_code("General"), Look::Plain);
        assert_eq!(Look::of_code("[Red]0.0"), Look::Plain);
    }
}
