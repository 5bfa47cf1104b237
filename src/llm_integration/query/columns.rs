//! The columns of traces, observations and scores that can be asked about, under the names that
//! Langfuse gives them.

use std::fmt::Debug;

/// What a column holds, and so which tests it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    Text,
    Number,
    Time,
    Boolean,
    /// Texts.
    Array,
    /// A JSON object.
    Object,
}

/// A column of a view.
pub trait Column: Copy + Debug + Eq + Sized + 'static {
    /// Every name and what it stands for; the first name of a column is the one to show.
    const NAMES: &'static [(&'static str, Self)];

    fn kind(self) -> ColumnKind;

    fn parse(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, column)| *column)
    }

    fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(_, column)| *column == self);
        found.map_or("", |(name, _)| name)
    }
}

macro_rules! columns {
    ($(#[$meta:meta])* $name:ident { $($variant:ident: $kind:ident = $first:literal $(| $other:literal)*),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($variant),+ }

        impl Column for $name {
            const NAMES: &'static [(&'static str, Self)] =
                &[$(($first, Self::$variant) $(, ($other, Self::$variant))*),+];

            fn kind(self) -> ColumnKind {
                match self { $(Self::$variant => ColumnKind::$kind),+ }
            }
        }
    };
}

columns! {
    /// Columns of traces.
    TraceColumn {
        Id: Text = "id" | "traceId",
        Name: Text = "name" | "traceName",
        Timestamp: Time = "timestamp",
        UserId: Text = "userId" | "user",
        SessionId: Text = "sessionId",
        Environment: Text = "environment",
        Version: Text = "version",
        Release: Text = "release",
        Tags: Array = "tags" | "traceTags",
        Bookmarked: Boolean = "bookmarked",
        Public: Boolean = "public",
        Metadata: Object = "metadata",
        Input: Text = "input",
        Output: Text = "output",
        Latency: Number = "latency",
        InputTokens: Number = "inputTokens",
        OutputTokens: Number = "outputTokens",
        TotalTokens: Number = "totalTokens" | "tokens",
        InputCost: Number = "inputCost",
        OutputCost: Number = "outputCost",
        TotalCost: Number = "totalCost",
        Level: Text = "level",
        DebugCount: Number = "debugCount",
        DefaultCount: Number = "defaultCount",
        WarningCount: Number = "warningCount",
        ErrorCount: Number = "errorCount",
        ObservationCount: Number = "observationsCount" | "observationCount",
        ScoreCount: Number = "scoresCount",
        ScoresAvg: Object = "scores_avg" | "scores",
        ScoreCategories: Object = "score_categories",
        ScoreBooleans: Object = "score_booleans",
    }
}

columns! {
    /// Columns of observations.
    ObservationColumn {
        Id: Text = "id",
        Kind: Text = "type",
        Name: Text = "name",
        TraceId: Text = "traceId",
        ParentId: Text = "parentObservationId",
        StartTime: Time = "startTime",
        EndTime: Time = "endTime",
        Environment: Text = "environment",
        Level: Text = "level",
        StatusMessage: Text = "statusMessage",
        Version: Text = "version",
        UserId: Text = "userId",
        SessionId: Text = "sessionId",
        IsRoot: Boolean = "isRootObservation",
        TraceName: Text = "traceName",
        TraceRelease: Text = "traceRelease" | "release",
        TraceVersion: Text = "traceVersion",
        Tags: Array = "traceTags" | "tags",
        Latency: Number = "latency",
        TimeToFirstToken: Number = "timeToFirstToken",
        TokensPerSecond: Number = "tokensPerSecond",
        InputTokens: Number = "inputTokens",
        OutputTokens: Number = "outputTokens",
        TotalTokens: Number = "totalTokens" | "tokens",
        InputCost: Number = "inputCost",
        OutputCost: Number = "outputCost",
        TotalCost: Number = "totalCost",
        Model: Text = "model" | "providedModelName",
        Provider: Text = "provider",
        PromptName: Text = "promptName",
        PromptVersion: Number = "promptVersion",
        Input: Text = "input",
        Output: Text = "output",
        Metadata: Object = "metadata",
        ExperimentId: Text = "experimentId",
        ExperimentItemId: Text = "experimentItemId",
    }
}

columns! {
    /// Columns of scores.
    ScoreColumn {
        Id: Text = "id",
        Name: Text = "name",
        Timestamp: Time = "timestamp",
        Source: Text = "source",
        DataType: Text = "dataType",
        Value: Number = "value",
        StringValue: Text = "stringValue",
        BooleanValue: Boolean = "booleanValue",
        Comment: Text = "comment",
        Environment: Text = "environment",
        ConfigId: Text = "configId",
        QueueId: Text = "queueId",
        AuthorUserId: Text = "authorUserId",
        TraceId: Text = "traceId",
        ObservationId: Text = "observationId",
        SessionId: Text = "sessionId",
        DatasetRunId: Text = "datasetRunId" | "experimentId",
        Metadata: Object = "metadata",
        UserId: Text = "userId",
        TraceName: Text = "traceName",
        TraceRelease: Text = "traceRelease",
        TraceVersion: Text = "traceVersion",
        Tags: Array = "tags" | "traceTags",
        ObservationName: Text = "observationName",
        ObservationModel: Text = "observationModelName",
        ObservationPrompt: Text = "observationPromptName",
        ObservationPromptVersion: Number = "observationPromptVersion",
    }
}
