//! What calls cost, by surface, streamed or not, provider and cache: `tests/golden/costs/<provider>.json`.
//!
//! A file holds the provider's rates, and cases: what the provider says in each of its formats (`says`),
//! the tokens by class that this means, and the cost of each class as `tokens x USD per million =
//! 1e-9 USD`, worked out by hand from the vendor's documentation. The case holds for every surface,
//! whole and streamed; the calculation is checked on its own before the app is asked.

use std::{collections::BTreeMap, fs, path::Path};

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    each_engine,
    support::{
        App, Engine,
        app::Answer,
        provider::{Provider, Reply},
    },
    vendors::Format,
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/costs");
/// What a call asks, and is answered: 7 and 5 tokens of OpenAI's `o200k_base`.
const QUESTION: &str = "What is the capital of France?";
const ANSWER: &str = "Paris is the capital.";

/// What one provider charges, and says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    model: String,
    usd_per_million: BTreeMap<String, String>,
    /// Absent where the provider has no chats.
    #[serde(default)]
    chats: BTreeMap<String, Case>,
    /// What a stream comes to that breaks off after its text.
    cut_off: Option<Case>,
    embeddings: Option<Embedded>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// By the provider's formats; as it says it.
    says: BTreeMap<String, Value>,
    tokens: BTreeMap<String, u64>,
    /// By class: `tokens x USD per million = 1e-9 USD`; and the `total`.
    cost: BTreeMap<String, String>,
    #[serde(default)]
    estimated: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Embedded {
    model: String,
    usd_per_million: BTreeMap<String, String>,
    answer: Value,
    tokens: BTreeMap<String, u64>,
    cost: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Surface {
    Chat,
    Messages,
    Responses,
}

impl Surface {
    const ALL: [Self; 3] = [Self::Chat, Self::Messages, Self::Responses];

    fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Messages => "/v1/messages",
            Self::Responses => "/v1/responses",
        }
    }

    fn body(self, model: &str, stream: bool) -> Value {
        let mut body = match self {
            Self::Responses => json!({ "model": model, "input": QUESTION }),
            Self::Chat | Self::Messages => json!({ "model": model, "max_tokens": 1000,
                "messages": [{ "role": "user", "content": QUESTION }] }),
        };
        body["stream"] = stream.into();
        body
    }

    /// What the provider is spoken to in.
    fn format(self, provider: &str) -> Format {
        match (provider, self) {
            ("openai" | "azure", Self::Responses) => Format::OpenAiResponses,
            ("openai" | "azure" | "compatible", _) => Format::OpenAiChat,
            ("anthropic", _) => Format::Anthropic,
            ("gemini", _) => Format::Gemini,
            ("bedrock", _) => Format::Bedrock,
            (other, _) => panic!("no provider is called {other}"),
        }
    }
}

fn read(provider: &str) -> Golden {
    let path = Path::new(ROOT).join(format!("{provider}.json"));
    let text = fs::read_to_string(&path).expect("a golden file");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A decimal number of USD as 1e-9 USD.
fn nanos(usd: &str) -> u128 {
    let (whole, part) = usd.split_once('.').unwrap_or((usd, ""));
    assert!(part.len() <= 9, "{usd} is finer than 1e-9 USD");
    format!("{whole}{part:0<9}").parse().expect("a number")
}

/// The cost by class in 1e-9 USD, once every line of the calculation is found to be right.
#[track_caller]
fn calculated(
    (tokens, rates): (&BTreeMap<String, u64>, &BTreeMap<String, String>),
    cost: &BTreeMap<String, String>,
) -> BTreeMap<String, u128> {
    let mut by_class: BTreeMap<String, u128> = BTreeMap::new();
    for (class, line) in cost.iter().filter(|(class, _)| *class != "total") {
        let (product, result) = line.split_once(" = ").expect("tokens x rate = cost");
        let (count, rate) = product.split_once(" x ").expect("tokens x rate");
        let count: u64 = count.parse().expect("a number of tokens");
        assert_eq!(tokens[class], count, "{class}");
        assert!(
            rates.values().any(|known| known == rate),
            "no rate is {rate}"
        );
        let result: u128 = result.parse().expect("1e-9 USD");
        // A price for a million tokens in USD is one for a token in 1e-6 USD.
        assert_eq!(
            u128::from(count) * nanos(rate),
            result * 1_000_000,
            "{line}"
        );
        by_class.insert(class.clone(), result);
    }
    let total = cost["total"].parse().expect("1e-9 USD");
    assert_eq!(by_class.values().sum::<u128>(), total, "the total");
    by_class.insert("total".to_owned(), total);
    by_class
}

/// What the trace of an answer says was used, and what it cost in 1e-9 USD.
async fn recorded(app: &App, answer: &Answer) -> (Value, BTreeMap<String, u128>, bool) {
    let id = answer.header("x-kaname-trace-id").expect("a trace");
    let trace = app.get(&format!("/api/v1/traces/{id}")).await.expect(200);
    let observation = &trace["observations"][0];
    let cost = observation["cost"].as_object().expect("a cost").iter();
    let cost: BTreeMap<String, u128> = cost
        .map(|(class, usd)| (class.clone(), nanos(usd.as_str().expect("USD"))))
        .collect();
    let total = observation["total_cost"].as_str().expect("a cost");
    assert_eq!(nanos(total), cost["total"], "{observation}");
    assert_eq!(trace["trace"]["total_cost"], observation["total_cost"]);
    let estimated = observation["usage_estimated"].as_bool().expect("a boolean");
    (observation["usage"].clone(), cost, estimated)
}

/// An app whose providers are all this one, and the project's own prices.
async fn app(engine: Engine, provider: &Provider) -> App {
    let url = provider.url.as_str();
    let settings = [
        ("OPENAI_BASE_URL", url),
        ("OPENAI_API_KEY", "key"),
        ("ANTHROPIC_BASE_URL", url),
        ("ANTHROPIC_API_KEY", "key"),
        ("AZURE_OPENAI_ENDPOINT", url),
        ("AZURE_OPENAI_API_KEY", "key"),
        ("GEMINI_API_KEY", "key"),
        ("APP_GATEWAY__PROVIDERS__GEMINI__BASE_URL", url),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_BEARER_TOKEN_BEDROCK", "key"),
        ("APP_GATEWAY__PROVIDERS__BEDROCK__BASE_URL", url),
        ("APP_GATEWAY__PROVIDERS__COMPATIBLE__BASE_URL", url),
    ];
    App::start_with(engine, &settings).await
}

async fn set_price(app: &App, model: &str, rates: &BTreeMap<String, String>) {
    let price = json!({ "usd_per_million": rates });
    let path = format!("/api/v1/prices/{model}");
    app.put(&path, &price).await.expect(200);
}

/// One provider's cases, on every surface, whole and streamed.
async fn holds(engine: Engine, name: &str) {
    let golden = read(name);
    let provider = Provider::start([Reply::silence()]).await;
    let app = app(engine, &provider).await;
    set_price(&app, &golden.model, &golden.usd_per_million).await;
    let model = format!("{name}/{}", golden.model);
    for surface in Surface::ALL {
        let format = surface.format(name);
        for stream in [false, true] {
            for (case_name, case) in &golden.chats {
                let says = case
                    .says
                    .get(format.name())
                    .expect("what the provider says");
                let reply = if stream {
                    format.streamed(&golden.model, ANSWER, says)
                } else {
                    format.whole(&golden.model, ANSWER, says)
                };
                provider.replies_with(reply);
                let about = format!("{name}, {surface:?}, {case_name}, stream {stream}");
                let namespace = format!("ttl=600, namespace={surface:?}-{stream}-{case_name}");
                let call = || {
                    let request = app.request(Method::POST, surface.path());
                    let request = request.header("x-kaname-cache", &namespace);
                    Answer::of(request.json(&surface.body(&model, stream)))
                };
                let answer = call().await;
                is_as(&app, &answer, (case, &golden.usd_per_million), &about).await;
                // Our own cache answers the second one, for nothing.
                let again = call().await;
                assert_eq!(again.header("x-kaname-cache"), Some("hit"), "{about}");
                let (tokens, cost, _) = recorded(&app, &again).await;
                assert_eq!(
                    (tokens, cost),
                    (json!({}), [("total".to_owned(), 0)].into()),
                    "{about}"
                );
            }
        }
        if let Some(case) = &golden.cut_off {
            let says = &case.says[format.name()];
            provider.replies_with(format.cut_off(&golden.model, ANSWER, says));
            let request = app.request(Method::POST, surface.path());
            let answer = Answer::of(request.json(&surface.body(&model, true))).await;
            let about = format!("{name}, {surface:?}, cut off");
            is_as(&app, &answer, (case, &golden.usd_per_million), &about).await;
        }
    }
    if let Some(embedded) = &golden.embeddings {
        embeds(&app, &provider, (name, embedded)).await;
    }
    app.stop().await;
}

async fn is_as(
    app: &App,
    answer: &Answer,
    (case, rates): (&Case, &BTreeMap<String, String>),
    about: &str,
) {
    assert_eq!(answer.status, 200, "{about}: {}", answer.text);
    let (tokens, cost, estimated) = recorded(app, answer).await;
    assert_eq!(tokens, json!(case.tokens), "{about}");
    assert_eq!(
        cost,
        calculated((&case.tokens, rates), &case.cost),
        "{about}"
    );
    assert_eq!(estimated, case.estimated, "{about}");
}

async fn embeds(app: &App, provider: &Provider, (name, embedded): (&str, &Embedded)) {
    set_price(app, &embedded.model, &embedded.usd_per_million).await;
    provider.replies_with(Reply::json(200, &embedded.answer));
    let body = json!({ "model": format!("{name}/{}", embedded.model), "input": QUESTION });
    let call = || {
        let request = app.request(Method::POST, "/v1/embeddings");
        Answer::of(request.header("x-kaname-cache", "ttl=600").json(&body))
    };
    let answer = call().await;
    assert_eq!(answer.status, 200, "{name}: {}", answer.text);
    let (tokens, cost, _) = recorded(app, &answer).await;
    assert_eq!(tokens, json!(embedded.tokens), "{name}");
    let rates = &embedded.usd_per_million;
    assert_eq!(
        cost,
        calculated((&embedded.tokens, rates), &embedded.cost),
        "{name}"
    );
    let again = call().await;
    assert_eq!(again.header("x-kaname-cache"), Some("hit"), "{name}");
    let (tokens, cost, _) = recorded(app, &again).await;
    assert_eq!(
        (tokens, cost),
        (json!({}), [("total".to_owned(), 0)].into()),
        "{name}"
    );
}

each_engine! {
    async fn openais_input_includes_the_cache(engine: Engine) {
        holds(engine, "openai").await;
    }

    async fn anthropics_input_excludes_the_cache(engine: Engine) {
        holds(engine, "anthropic").await;
    }

    async fn azure_counts_as_openai(engine: Engine) {
        holds(engine, "azure").await;
    }

    async fn geminis_output_excludes_thoughts(engine: Engine) {
        holds(engine, "gemini").await;
    }

    async fn bedrocks_input_excludes_the_cache(engine: Engine) {
        holds(engine, "bedrock").await;
    }

    async fn compatible_servers_count_as_openai_or_in_deepseeks_words(engine: Engine) {
        holds(engine, "compatible").await;
    }
}
