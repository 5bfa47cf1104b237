DROP TABLE llm_guardrail;
