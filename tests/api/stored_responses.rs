//! Responses that a provider keeps: told to the project that got them, and to no other.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    each_engine,
    support::{
        App, Engine,
        app::{Answer, Viewer},
        provider::{Provider, Reply},
    },
    vendors::Format,
};

const PATH: &str = "/v1/responses";
const MODEL: &str = "gpt-4o";

fn usage() -> Value {
    json!({ "input_tokens": 10, "output_tokens": 5, "total_tokens": 15 })
}

/// A response with an id of its own.
fn response(id: &str, stream: bool) -> Reply {
    let format = Format::OpenAiResponses;
    let reply = if stream {
        format.streamed(MODEL, "Hello there", &usage())
    } else {
        format.whole(MODEL, "Hello there", &usage())
    };
    reply.replacing("resp_1", id)
}

fn ask(more: &Value) -> Value {
    let mut body = json!({ "model": MODEL, "input": "Hi" });
    for (name, value) in more.as_object().expect("fields") {
        body[name] = value.clone();
    }
    body
}

/// Whether the other project is told nothing, in OpenAI's shape.
async fn is_hidden_from(other: &Viewer<'_>, id: &str) {
    let endpoints = [
        (Method::GET, ""),
        (Method::DELETE, ""),
        (Method::POST, "/cancel"),
        (Method::GET, "/input_items"),
    ];
    for (method, below) in endpoints {
        let path = format!("{PATH}/{id}{below}");
        let error = other.send(method, &path, None).await.expect_error(404);
        assert_eq!(
            (&error["type"], &error["code"]),
            (&json!("invalid_request_error"), &json!("not_found"))
        );
        assert!(
            error["message"].as_str().expect("text").contains(id),
            "{error}"
        );
    }
    let body = ask(&json!({ "previous_response_id": id }));
    other
        .send(Method::POST, PATH, Some(&body))
        .await
        .expect_error(404);
}

each_engine! {
    async fn a_response_is_told_to_the_project_that_got_it(engine: Engine) {
        let provider = Provider::start([response("resp_whole", false), response("resp_streamed", true)]).await;
        let app = App::start_with(engine, &provider.settings()).await;
        let other = app.other_project().await;
        app.post(PATH, &ask(&json!({}))).await.expect(200);
        let streamed = app.post(PATH, &ask(&json!({ "stream": true }))).await;
        assert!(streamed.text.contains("response.completed"), "{}", streamed.text);
        let asked = provider.received().len();
        for id in ["resp_whole", "resp_streamed", "resp_of_nobody"] {
            is_hidden_from(&other, id).await;
        }
        is_hidden_from(&app.with_key(other.secret_key.clone()), "resp_whole").await;
        assert_eq!(provider.received().len(), asked, "the provider is not asked");

        for id in ["resp_whole", "resp_streamed"] {
            provider.replies_with(response(id, false));
            let told = app.get(&format!("{PATH}/{id}?include=x")).await.expect(200);
            assert_eq!(told["id"], id);
            let last = provider.received().pop().expect("a request");
            assert_eq!(last.path, format!("/responses/{id}?include=x"));
            let follows = ask(&json!({ "previous_response_id": id }));
            app.post(PATH, &follows).await.expect(200);
        }
        provider.replies_with(Reply::json(200, &json!({ "id": "resp_whole", "deleted": true })));
        let path = format!("{PATH}/resp_whole");
        app.delete(&path).await.expect(200);
        app.get(&path).await.expect_error(404);
        app.stop().await;
    }

    async fn what_is_not_kept_is_not_told_and_shared_conversations_are_refused(engine: Engine) {
        let provider = Provider::start([response("resp_1", false)]).await;
        let app = App::start_with(engine, &provider.settings()).await;
        app.post(PATH, &ask(&json!({ "store": false }))).await.expect(200);
        app.get(&format!("{PATH}/resp_1")).await.expect_error(404);
        let error = app.post(PATH, &ask(&json!({ "conversation": "conv_1" }))).await.expect_error(400);
        assert!(error["message"].as_str().expect("text").contains("conversation"), "{error}");
        assert_eq!(provider.received().len(), 1);
        app.stop().await;
    }

    async fn a_provider_of_the_projects_own_keeps_what_was_not_made_here(engine: Engine) {
        let provider = Provider::start([response("resp_old", false)]).await;
        let shared = Provider::start([response("resp_old", false)]).await;
        let private = [("APP_GATEWAY__PROVIDER_PRIVATE_HOSTS", "127.0.0.1")];
        let settings = [shared.settings().as_slice(), &private].concat();
        let app = App::start_with(engine, &settings).await;
        let own = json!({ "kind": "vllm", "base_url": provider.url, "api_key": "k" });
        app.put("/api/v1/providers/mine", &own).await.expect(200);
        let request = app.request(Method::GET, &format!("{PATH}/resp_old"));
        let told = Answer::of(request.header("x-kaname-provider", "mine")).await;
        assert_eq!(told.expect(200)["id"], "resp_old");
        let request = app.request(Method::GET, &format!("{PATH}/resp_old"));
        let hidden = Answer::of(request.header("x-kaname-provider", "openai")).await;
        hidden.expect_error(404);
        let body = json!({ "model": "mine/m", "input": "Hi", "previous_response_id": "resp_older" });
        app.post(PATH, &body).await.expect(200);
        assert_eq!(shared.received().len(), 0);
        app.stop().await;
    }
}
