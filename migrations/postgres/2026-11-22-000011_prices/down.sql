-- llm_price is as it was.
DROP TABLE llm_model_price;
