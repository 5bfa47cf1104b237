DROP TABLE identity_api_key;
DROP TABLE identity_membership;
DROP TABLE identity_user;
DROP TABLE identity_project;
DROP TABLE identity_organization;
