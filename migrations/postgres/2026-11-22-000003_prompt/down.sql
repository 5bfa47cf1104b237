DROP TABLE prompt_usage;
DROP TABLE prompt_protected_label;
DROP TABLE prompt_reference;
DROP TABLE prompt_tag;
DROP TABLE prompt_label;
DROP TABLE prompt_version;
DROP TABLE prompt_prompt;
