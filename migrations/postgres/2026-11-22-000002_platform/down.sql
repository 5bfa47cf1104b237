DROP TABLE platform_idempotency;
DROP TABLE platform_job;
DROP TABLE platform_handled_event;
DROP TABLE platform_dead_event;
DROP TABLE platform_delivery;
DROP TABLE platform_relay;
DROP TABLE platform_outbox;
