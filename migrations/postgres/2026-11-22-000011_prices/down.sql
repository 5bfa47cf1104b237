-- Amounts are 1e-9 US dollars for a million tokens.
CREATE TABLE llm_price (
    project_id uuid NOT NULL,
    model text NOT NULL,
    input bigint NOT NULL,
    output bigint NOT NULL,
    cached_input bigint,
    cache_write bigint,
    audio_input bigint,
    audio_output bigint,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, model)
);

-- The older table has no dates and no tiers: prices are set again.
DROP TABLE llm_model_price;
