//! Which scores a list is asked for.

use crate::{
    interop::langfuse::query::{Query, invalid},
    kernel::Failure,
    llm_integration::{
        ArrayTest, Compare, DataType, Filter, ScoreColumn, ScoreFilter, ScoreSource, Test,
    },
};

/// Of the numbered list.
pub fn v2(query: &Query) -> Result<ScoreFilter, Failure> {
    use ScoreColumn as C;
    let mut filter: ScoreFilter = match query.text("filter") {
        Some(json) => Filter::from_json(&json)?,
        None => Filter::default(),
    };
    let source: Option<ScoreSource> = query.parsed("source")?;
    let data_type: Option<DataType> = query.parsed("dataType")?;
    let compare = match query.raw("operator") {
        None | Some("" | "=") => Compare::Equal,
        Some("!=") => Compare::NotEqual,
        Some(">") => Compare::Greater,
        Some("<") => Compare::Less,
        Some(">=") => Compare::AtLeast,
        Some("<=") => Compare::AtMost,
        Some(_) => return Err(invalid("operator", "=, !=, <, >, <=, >=")),
    };
    let value = number(query, "value")?;
    let tags = query.all("traceTags");
    let tags: Vec<String> = tags
        .iter()
        .flat_map(|tags| tags.split(','))
        .map(str::to_owned)
        .collect();
    filter = filter
        .with_text(C::Name, query.text("name"))
        .with_text(C::UserId, query.text("userId"))
        .with_text(C::ConfigId, query.text("configId"))
        .with_text(C::SessionId, query.text("sessionId"))
        .with_text(C::DatasetRunId, query.text("datasetRunId"))
        .with_text(C::TraceId, query.text("traceId"))
        .with_text(C::QueueId, query.text("queueId"))
        .with_text(C::Source, source.map(|source| source.name().to_owned()))
        .with_text(C::DataType, data_type.map(|kind| kind.name().to_owned()))
        .with_any(C::Id, query.list("scoreIds").unwrap_or_default())
        .with_any(
            C::ObservationId,
            query.list("observationId").unwrap_or_default(),
        )
        .with_any(C::Environment, query.all("environment"))
        .with_some(C::Value, value, |value| Test::Number(compare, value))
        .with_some(
            C::Tags,
            Some(tags).filter(|tags| !tags.is_empty()),
            |tags| Test::Array(ArrayTest::All, tags),
        )
        .within(
            C::Timestamp,
            query.time("fromTimestamp")?,
            query.time("toTimestamp")?,
        );
    Ok(filter)
}

/// Of the cursor list, whose parameters are lists with commas.
pub fn v3(query: &Query) -> Result<ScoreFilter, Failure> {
    use ScoreColumn as C;
    let list = |name: &str| query.list(name).unwrap_or_default();
    let upper = |name: &str| -> Vec<String> {
        list(name)
            .iter()
            .map(|text| text.to_ascii_uppercase())
            .collect()
    };
    let (sources, data_types) = (upper("source"), upper("dataType"));
    for source in &sources {
        source
            .parse::<ScoreSource>()
            .map_err(|known| invalid("source", known))?;
    }
    for data_type in &data_types {
        data_type
            .parse::<DataType>()
            .map_err(|known| invalid("dataType", known))?;
    }
    check_subjects(query)?;
    let (least, most) = (number(query, "valueMin")?, number(query, "valueMax")?);
    if (least.is_some() || most.is_some()) && data_types != ["NUMERIC"] {
        return Err(invalid(
            "dataType",
            "with `valueMin` or `valueMax` it must be NUMERIC",
        ));
    }
    let filter = Filter::default()
        .with_any(C::Id, list("id"))
        .with_any(C::Name, list("name"))
        .with_any(C::Source, sources)
        .with_any(C::Environment, list("environment"))
        .with_any(C::ConfigId, list("configId"))
        .with_any(C::QueueId, list("queueId"))
        .with_any(C::AuthorUserId, list("authorUserId"))
        .with_any(C::TraceId, list("traceId"))
        .with_any(C::SessionId, list("sessionId"))
        .with_any(C::ObservationId, list("observationId"))
        .with_any(C::DatasetRunId, list("experimentId"))
        .with_some(C::Value, least, |value| {
            Test::Number(Compare::AtLeast, value)
        })
        .with_some(C::Value, most, |value| Test::Number(Compare::AtMost, value))
        .within(
            C::Timestamp,
            query.time("fromTimestamp")?,
            query.time("toTimestamp")?,
        );
    let values = list("value");
    let filter = if values.is_empty() {
        filter
    } else {
        with_values(filter, &data_types, values)?
    };
    Ok(filter.with_any(C::DataType, data_types))
}

fn with_values(
    filter: ScoreFilter,
    data_types: &[String],
    values: Vec<String>,
) -> Result<ScoreFilter, Failure> {
    let [data_type] = data_types else {
        return Err(invalid("dataType", "with `value` it must be one type"));
    };
    match data_type.as_str() {
        "CATEGORICAL" => Ok(filter.with_any(ScoreColumn::StringValue, values)),
        "BOOLEAN" => {
            let text = |value: &String| match value.as_str() {
                "true" => Ok("True".to_owned()),
                "false" => Ok("False".to_owned()),
                _ => Err(invalid("value", "true or false")),
            };
            let texts: Result<Vec<_>, _> = values.iter().map(text).collect();
            Ok(filter.with_any(ScoreColumn::StringValue, texts?))
        }
        "NUMERIC" => {
            let number = |value: &String| {
                let number = value.parse().ok().filter(|number: &f64| number.is_finite());
                number.ok_or_else(|| invalid("value", "a finite number"))
            };
            let numbers: Result<Vec<f64>, _> = values.iter().map(number).collect();
            Ok(filter.with(ScoreColumn::Value, Test::NumberIn(numbers?)))
        }
        _ => Err(invalid(
            "dataType",
            "with `value` it must be NUMERIC, BOOLEAN or CATEGORICAL",
        )),
    }
}

fn check_subjects(query: &Query) -> Result<(), Failure> {
    let given = |name: &str| query.text(name).is_some();
    let of_trace = given("traceId") || given("observationId");
    let kinds = [of_trace, given("sessionId"), given("experimentId")];
    if kinds.iter().filter(|given| **given).count() > 1 {
        let why = "traceId, sessionId and experimentId exclude each other";
        return Err(invalid("traceId", why));
    }
    if given("observationId") && !given("traceId") {
        return Err(invalid(
            "observationId",
            "it needs `traceId`, for ids are unique in a trace",
        ));
    }
    Ok(())
}

fn number(query: &Query, name: &str) -> Result<Option<f64>, Failure> {
    let number: Option<f64> = query.parsed(name)?;
    match number {
        Some(number) if !number.is_finite() => Err(invalid(name, "a finite number")),
        number => Ok(number),
    }
}
