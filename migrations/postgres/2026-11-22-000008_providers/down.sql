DROP TABLE llm_provider;
