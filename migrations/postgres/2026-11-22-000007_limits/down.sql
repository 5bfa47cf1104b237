DROP TABLE llm_allowance;
DROP TABLE llm_key_policy;
DROP TABLE llm_limit;
