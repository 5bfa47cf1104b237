//! What published SDKs sent (`tests/golden/otlp`, captured by the script there), and what it means.

use super::{Encoding, Sender, map};
use crate::kernel::Timestamp;

macro_rules! captured {
    ($($name:ident: $file:literal, $sender:expr;)+) => {$(
        #[test]
        fn $name() {
            let request = include_bytes!(concat!("../../../tests/golden/otlp/", $file, ".request.json"));
            let request = Encoding::Json.decode(request).expect("it was captured");
            let now = Timestamp::from_unix_micros(0).expect("a time");
            let mapped = map(request, $sender, now).expect("its ids are good");
            // As values: insta would show the inside of a text that is kept as it came.
            let reports = serde_json::to_string(&mapped.reports).expect("JSON");
            let reports: serde_json::Value = serde_json::from_str(&reports).expect("JSON");
            insta::with_settings!({
                snapshot_path => "../../../tests/golden/otlp",
                prepend_module_to_snapshot => false,
                omit_expression => true,
            }, {
                insta::assert_json_snapshot!(concat!($file, ".reports"), reports);
            });
        }
    )+};
}

fn python(version: &str) -> Sender {
    Sender::of_sdk(Some("python"), Some(version))
}

captured! {
    langfuse_python_4: "langfuse-python-4", python("4.14.3");
    langfuse_python_5: "langfuse-python-5", python("5.0.4");
    langfuse_js_5: "langfuse-js-5", Sender::of_sdk(Some("javascript"), Some("5.11.1"));
    genai_openai_v2: "genai-openai-v2", Sender::default();
    openinference_openai: "openinference-openai", Sender::default();
    litellm_langfuse_otel: "litellm-langfuse-otel", Sender::default();
    vercel_ai_6: "vercel-ai-6", Sender::default();
}
