DROP TABLE llm_route;
