DROP TABLE llm_price;
DROP TABLE llm_observation;
DROP TABLE llm_trace;
