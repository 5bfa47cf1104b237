-- A project's own prices, with the time in which they count and with tiers. `price` holds the rates
-- as JSON text, `definition` what Langfuse's API keeps of a model beside them.
CREATE TABLE llm_model_price (
    project_id blob NOT NULL,
    id text NOT NULL,
    model text NOT NULL,
    valid_from text,
    valid_until text,
    price text NOT NULL,
    definition text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    PRIMARY KEY (project_id, id)
);

-- What llm_price holds is copied. The table stays for the binary before this one, which may run
-- beside the new one; the release after this one copies what was set meanwhile, and drops it.
INSERT INTO llm_model_price
SELECT project_id, 'price-' || lower(hex(randomblob(12))), model, NULL, NULL,
       json_object('usd_per_million', json_patch('{}', json_object(
           'input', (input / 1000000000) || '.' || substr('000000000' || (input % 1000000000), -9),
           'output', (output / 1000000000) || '.' || substr('000000000' || (output % 1000000000), -9),
           'cached_input', (cached_input / 1000000000) || '.' || substr('000000000' || (cached_input % 1000000000), -9),
           'cache_write', (cache_write / 1000000000) || '.' || substr('000000000' || (cache_write % 1000000000), -9),
           'audio_input', (audio_input / 1000000000) || '.' || substr('000000000' || (audio_input % 1000000000), -9),
           'audio_output', (audio_output / 1000000000) || '.' || substr('000000000' || (audio_output % 1000000000), -9)
       ))),
       '{}', updated_at, updated_at
  FROM llm_price;
