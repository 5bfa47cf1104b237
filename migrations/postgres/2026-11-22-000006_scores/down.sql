DROP FUNCTION llm_json_number(text, text);
DROP FUNCTION llm_json_text(text, text);
DROP TABLE llm_media_link;
DROP TABLE llm_media;
DROP TABLE llm_comment;
DROP TABLE llm_score_config;
DROP TABLE llm_score;
