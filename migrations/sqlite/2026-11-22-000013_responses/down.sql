DROP TABLE llm_response;
