//! What holds for every input: nothing panics, meaning survives a round trip, and a stream means the same
//! as the whole answer, wherever it is split.

use bytes::BytesMut;
use kaname::llm_integration::dialects::{
    Completeness, Dialect, EncodeContext, Frame, Leniency,
    chat::{
        Answer, Assembler, Choice, Content, Delta, Event, Message, Part, Request, Role, StopReason,
        Thinking, Tool, ToolChoice, ToolResult, ToolUse,
    },
};
use proptest::{collection::vec, option, prelude::*};
use serde_json::{Map, json};

/// Dialects that are spoken on both sides.
const BOTH: [Dialect; 3] = [
    Dialect::OpenAiChat,
    Dialect::OpenAiResponses,
    Dialect::Anthropic,
];
const ROOM: usize = 1 << 20;

fn text() -> impl Strategy<Value = String> {
    "[a-zé日本\"\\\\\n{}]{1,12}"
}

fn id() -> impl Strategy<Value = String> {
    "[a-z]{1,6}_[0-9]{1,3}"
}

fn arguments() -> impl Strategy<Value = String> {
    let fields = proptest::collection::btree_map("[a-z]{1,4}", text(), 0..3);
    fields.prop_map(|fields| json!(fields).to_string())
}

fn tool_use() -> impl Strategy<Value = Content> {
    (id(), "[a-z_]{1,8}", arguments()).prop_map(|(id, name, arguments)| {
        Content::ToolUse(ToolUse {
            id,
            name,
            arguments,
            custom: false,
        })
    })
}

fn thinking() -> impl Strategy<Value = Content> {
    (text(), "[a-zA-Z0-9+/]{4}").prop_map(|(text, signature)| {
        Content::Thinking(Thinking {
            text,
            signature: Some(signature),
        })
    })
}

/// An answer as models give them: it thinks, speaks, calls tools.
fn answer() -> impl Strategy<Value = Answer> {
    let parts = (
        option::of(thinking()),
        option::of(text()),
        vec(tool_use(), 0..3),
    );
    (parts, any::<bool>(), id()).prop_map(|((thinking, said, calls), whole, id)| {
        let stop = if !calls.is_empty() {
            StopReason::ToolUse
        } else if whole {
            StopReason::End
        } else {
            StopReason::MaxTokens
        };
        let contents = thinking
            .into_iter()
            .chain(said.map(Content::Text))
            .chain(calls);
        Answer {
            id: Some(id),
            model: Some("m".to_owned()),
            created: Some(1),
            choices: vec![Choice {
                parts: contents.map(Part::of).collect(),
                stop: Some(stop),
                logprobs: None,
            }],
            usage: None,
            service_tier: None,
        }
    })
}

fn turn() -> impl Strategy<Value = Message> {
    let user = text().prop_map(|text| Message::of(Role::User, vec![Part::text(text)]));
    let assistant = (text(), vec(tool_use(), 0..2)).prop_map(|(said, calls)| {
        let parts = std::iter::once(Content::Text(said)).chain(calls);
        Message::of(Role::Assistant, parts.map(Part::of).collect())
    });
    let results = vec((id(), text()), 1..3).prop_map(|results| {
        let parts = results.into_iter().map(|(tool_use_id, text)| {
            Part::of(Content::ToolResult(ToolResult {
                tool_use_id,
                parts: vec![Part::text(text)],
                is_error: false,
                custom: false,
            }))
        });
        Message::of(Role::User, parts.collect())
    });
    prop_oneof![user, assistant, results]
}

fn request() -> impl Strategy<Value = Request> {
    let tool = "[a-z]{1,8}".prop_map(|name| Tool::Function {
        name,
        description: Some("d".to_owned()),
        parameters: Some(json!({ "type": "object", "properties": {} })),
        strict: None,
        cache: None,
        extra: Map::new(),
    });
    let question = text().prop_map(|text| Message::of(Role::User, vec![Part::text(text)]));
    (
        option::of(text()),
        vec(turn(), 0..4),
        question,
        vec(tool, 0..3),
        option::of((0..100i32).prop_map(|cents| f64::from(cents) / 100.0)),
        option::of(1u64..9999),
        vec(text(), 0..4),
        any::<bool>(),
    )
        .prop_map(
            |(system, mut messages, question, tools, temperature, max, stop, stream)| {
                // Where a question ends it, every vendor takes it.
                messages.push(question);
                let mut request = Request {
                    model: "claude-opus-4-6".to_owned(),
                    system: system.into_iter().map(Part::text).collect(),
                    messages,
                    tool_choice: (!tools.is_empty()).then_some(ToolChoice::Required),
                    tools,
                    max_tokens: max,
                    stop,
                    stream,
                    ..Request::default()
                };
                request.sampling.temperature = temperature;
                request
            },
        )
}

/// What stays the same whatever the dialect: neighbouring turns of one role may become one, and the
/// dialect, the names of limits and what a dialect adds by itself do not count.
fn meaning(request: &Request) -> Request {
    let mut meant = request.clone();
    meant.dialect = Dialect::OpenAiChat;
    meant.legacy_max_tokens = false;
    meant.stream_usage = false;
    let mut messages: Vec<Message> = Vec::new();
    for message in meant.messages {
        match messages.last_mut() {
            Some(last) if last.role == message.role => last.parts.extend(message.parts),
            _ => messages.push(message),
        }
    }
    meant.messages = messages;
    meant
}

fn context(dialect: Dialect) -> EncodeContext {
    let request = Request {
        model: "m".to_owned(),
        stream_usage: true,
        ..Request::default()
    };
    dialect.context(&request, "1", 1)
}

/// `event:` and `data:` of each event.
fn frames(text: &str) -> Vec<(Option<String>, String)> {
    let events = text.split("\n\n").filter_map(|event| {
        let field = |name| event.lines().find_map(|line| line.strip_prefix(name));
        Some((
            field("event: ").map(str::to_owned),
            field("data: ")?.to_owned(),
        ))
    });
    events.collect()
}

/// The answer that a stream of this dialect spells.
fn read(dialect: Dialect, text: &str) -> (Answer, Completeness) {
    let mut decoder = dialect.event_decoder();
    let mut assembler = Assembler::new(ROOM);
    let mut events = Vec::new();
    for (event, data) in frames(text) {
        let frame = Frame {
            event: event.as_deref(),
            data: data.as_bytes(),
        };
        decoder
            .take(frame, &mut events)
            .expect("an event of the dialect");
    }
    let completeness = decoder.finish(&mut events);
    for event in events {
        assembler.take(event);
    }
    (assembler.finish(), completeness)
}

/// The same delta in pieces of a few characters.
fn split(event: Event, chars: usize) -> Vec<Event> {
    let Event::Delta {
        choice,
        part,
        delta,
    } = event
    else {
        return vec![event];
    };
    let (text, of): (String, fn(String) -> Delta) = match delta {
        Delta::Text(text) => (text, Delta::Text),
        Delta::Thinking(text) => (text, Delta::Thinking),
        Delta::Arguments(text) => (text, Delta::Arguments),
        Delta::Refusal(text) => (text, Delta::Refusal),
        other @ (Delta::Signature(_) | Delta::Citation(_)) => {
            let delta = other;
            return vec![Event::Delta {
                choice,
                part,
                delta,
            }];
        }
    };
    let characters: Vec<char> = text.chars().collect();
    let pieces = characters.chunks(chars).map(|piece| Event::Delta {
        choice,
        part,
        delta: of(piece.iter().collect()),
    });
    pieces.collect()
}

/// The stream of this dialect that spells an answer, by way of another's.
fn stream_of(dialect: Dialect, answer: &Answer, cuts: usize) -> String {
    let mut encoder = dialect.event_encoder(&context(dialect));
    let mut out = BytesMut::new();
    for event in answer.clone().into_events() {
        for event in split(event, cuts) {
            encoder.take(&event, &mut out);
        }
    }
    encoder.finish(&mut out);
    String::from_utf8(out.to_vec()).expect("text")
}

proptest! {
    #[test]
    fn random_bytes_panic_nowhere(bytes in vec(any::<u8>(), 0..200), json in "[\\[\\]{}\",:a-z0-9 ]{0,80}") {
        for dialect in Dialect::ALL {
            for body in [bytes.as_slice(), json.as_bytes()] {
                if let Ok(request) = dialect.decode_request(body) {
                    for provider in Dialect::ALL {
                        drop(provider.encode_request(&request, Leniency::Drop));
                    }
                }
                drop(dialect.decode_answer(body));
                dialect.decode_error(500, body);
                let mut events = Vec::new();
                let mut decoder = dialect.event_decoder();
                drop(decoder.take(Frame { event: None, data: body }, &mut events));
                decoder.finish(&mut events);
            }
        }
    }

    #[test]
    fn a_request_means_the_same_after_a_round_trip(request in request()) {
        for dialect in BOTH {
            let mut request = request.clone();
            request.dialect = dialect;
            // This vendor needs a limit, and gets one where there is none.
            if dialect == Dialect::Anthropic && request.max_tokens.is_none() {
                request.max_tokens = Some(100);
            }
            // Responses have no stop sequences.
            if dialect == Dialect::OpenAiResponses {
                request.stop.clear();
            }
            let encoded = dialect.encode_request(&request, Leniency::Refuse).unwrap();
            prop_assert_eq!(&encoded.dropped, &Vec::<String>::new());
            let decoded = dialect.decode_request(&encoded.body).unwrap();
            prop_assert_eq!(meaning(&decoded), meaning(&request), "{:?}", dialect);
        }
    }

    #[test]
    fn a_whole_answer_means_the_same_after_a_round_trip(answer in answer()) {
        for dialect in BOTH {
            let body = dialect.encode_answer(&answer, &context(dialect));
            let decoded = dialect.decode_answer(&body).unwrap();
            prop_assert_eq!(&decoded.choices, &answer.choices, "{:?}", dialect);
        }
    }

    #[test]
    fn a_stream_spells_the_whole_answer_wherever_it_is_split(answer in answer(), cuts in 1usize..9) {
        for dialect in BOTH {
            let (read, completeness) = read(dialect, &stream_of(dialect, &answer, cuts));
            prop_assert_eq!(completeness, Completeness::Complete);
            prop_assert_eq!(&read.choices, &answer.choices, "{:?}", dialect);
        }
    }
}
