-- A project's own prices, with the time in which they count and with tiers. `price` holds the rates
-- as JSON text, `definition` what Langfuse's API keeps of a model beside them.
CREATE TABLE llm_model_price (
    project_id uuid NOT NULL,
    id text NOT NULL,
    model text NOT NULL,
    valid_from timestamptz,
    valid_until timestamptz,
    price text NOT NULL,
    definition text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project_id, id)
);

-- What llm_price holds is copied. The table stays for the binary before this one, which may run
-- beside the new one; the release after this one copies what was set meanwhile, and drops it.
INSERT INTO llm_model_price
SELECT project_id, 'price-' || left(encode(sha256(convert_to(model, 'UTF8')), 'hex'), 24), model, NULL, NULL,
       json_build_object('usd_per_million', json_strip_nulls(json_build_object(
           'input', input / 1000000000 || '.' || lpad((input % 1000000000)::text, 9, '0'),
           'output', output / 1000000000 || '.' || lpad((output % 1000000000)::text, 9, '0'),
           'cached_input', cached_input / 1000000000 || '.' || lpad((cached_input % 1000000000)::text, 9, '0'),
           'cache_write', cache_write / 1000000000 || '.' || lpad((cache_write % 1000000000)::text, 9, '0'),
           'audio_input', audio_input / 1000000000 || '.' || lpad((audio_input % 1000000000)::text, 9, '0'),
           'audio_output', audio_output / 1000000000 || '.' || lpad((audio_output % 1000000000)::text, 9, '0')
       )))::text,
       '{}', updated_at, updated_at
  FROM llm_price;
