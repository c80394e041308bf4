use super::*;
use crate::price::rate;

const CUT: &[u8] = include_bytes!("fixtures/litellm-cut.json");

fn import(unit: &str, mark_up: &str, exchange_rate: &str) -> LitellmImport {
    LitellmImport {
        unit: Unit::parse(unit).unwrap(),
        models: None,
        mark_up: mark_up.into(),
        exchange_rate: exchange_rate.into(),
        per: 1_000_000,
    }
}

/// `price/per` of a meter.
fn price(imported: &Imported, model: &str, meter: &str) -> String {
    let price = &imported.book.services[model].meters[meter];
    format!("{}/{}", price.price, price.per)
}

#[test]
fn every_kind_of_price_is_imported_exactly() {
    // model, meter, price at 1 USD, price at 25,400.5 VND and a fifth more
    let cases = [
        ("gpt-4o", "input_tokens", "2.5/1000000", "76201.5/1000000"),
        ("gpt-4o", "output_tokens", "10/1000000", "304806/1000000"),
        ("gpt-4o", "cached_input_tokens", "1.25/1000000", "38100.75/1000000"),
        ("claude-sonnet-4-5", "cache_write_tokens", "3.75/1000000", "114302.25/1000000"),
        ("claude-sonnet-4-5", "cache_write_1h_tokens", "6/1000000", "182883.6/1000000"),
        ("gemini-2.5-flash", "input_audio_tokens", "1/1000000", "30480.6/1000000"),
        ("gemini-2.5-flash", "cached_input_audio_tokens", "0.1/1000000", "3048.06/1000000"),
        ("gemini-2.5-flash", "reasoning_tokens", "2.5/1000000", "76201.5/1000000"),
        ("text-embedding-3-small", "input_tokens", "0.02/1000000", "609.612/1000000"),
        ("text-embedding-3-small", "output_tokens", "0/1000000", "0/1000000"),
        ("whisper-1", "input_seconds", "0.0001/1", "3.04806/1"),
        ("whisper-1", "output_seconds", "0.0001/1", "3.04806/1"),
        ("tts-1", "input_characters", "15/1000000", "457209/1000000"),
        ("mistral/mistral-ocr-latest", "pages", "0.004/1", "121.9224/1"),
        ("perplexity/pplx-70b-online", "requests", "0.005/1", "152.403/1"),
        ("amazon.nova-2-multimodal-embeddings-v1:0", "input_video_seconds", "0.0007/1", "21.33642/1"),
        ("amazon.nova-2-multimodal-embeddings-v1:0", "input_images", "0.00006/1", "1.828836/1"),
        ("1024-x-1024/50-steps/stability.stable-diffusion-xl-v1", "images", "0.04/1", "1219.224/1"),
        ("azure/low/1024-x-1024/gpt-image-1", "input_pixels", "0.010490417/1000000", "319.7542044102/1000000"),
        ("bedrock/*/1-month-commitment/cohere.command-text-v14", "input_seconds", "0.011/1", "335.2866/1"),
        ("cloudflare/@cf/meta/llama-2-7b-chat-fp16", "input_tokens", "1.923/1000000", "58614.1938/1000000"),
        (
            "databricks/databricks-gemini-2-5-flash",
            "input_tokens",
            "0.30001999999999996/1000000",
            "9144.789611999998780776/1000000",
        ),
    ];
    let dollars = import_litellm(CUT, &import("USD", "1", "1")).unwrap();
    let dong = import_litellm(CUT, &import("VND", "1.2", "25400.5")).unwrap();
    for (model, meter, list, marked_up) in cases {
        assert_eq!(price(&dollars, model, meter), list, "{model} {meter}");
        assert_eq!(price(&dong, model, meter), marked_up, "{model} {meter}");
    }
    assert_eq!(dollars.book.services.len(), 15);
    let json = serde_json::to_vec(&dong.book).unwrap();
    assert_eq!(PriceBook::parse(&json).unwrap(), dong.book, "an imported book is valid and normalised");
}

#[test]
fn what_is_not_imported_is_reported() {
    let imported = import_litellm(CUT, &import("USD", "1", "1")).unwrap();
    let skipped: Vec<_> = imported.skipped.iter().map(|skip| (skip.model.as_str(), skip.reason.as_str())).collect();
    assert_eq!(
        skipped,
        [
            ("codestral/codestral-latest", "lists only prices of zero"),
            ("dashscope/qwen-flash", "lists no price for a meter"),
        ]
    );
    assert!(!imported.book.services.contains_key("sample_spec"));
    assert_eq!(imported.left_out["input_cost_per_token_batches"], 5);
    assert_eq!(imported.left_out["cost_per_second"], 1);
    assert!(!imported.left_out.contains_key("input_cost_per_token"));
    assert!(!imported.left_out.contains_key("max_input_tokens"));
}

#[test]
fn odd_models_are_skipped_with_a_reason() {
    // fields of a model, its price of input tokens or a part of the reason
    let cases = [
        (r#"{"input_cost_per_token":"2.5e-06"}"#, Ok("2.5")),
        (r#"{"input_cost_per_token":1e-06,"output_cost_per_token":null}"#, Ok("1")),
        (r#"{"input_cost_per_token":1E-6}"#, Ok("1")),
        (
            r#"{"cache_read_input_token_cost":2e-6,"input_cost_per_token_cache_hit":3e-6,"input_cost_per_token":1}"#,
            Ok("1000000"),
        ),
        (r#"{"input_cost_per_token":-1e-06}"#, Err("its input_cost_per_token must not be negative")),
        (
            r#"{"input_cost_per_token":1e-06,"output_cost_per_token":{"a":1}}"#,
            Err("its output_cost_per_token must be a decimal"),
        ),
        (r#"{"input_cost_per_token":true}"#, Err("must be a decimal")),
        (r#"{"input_cost_per_token":1e10}"#, Err("15 digits")),
        (r#"{"input_cost_per_token":1e-60}"#, Err("40 decimals")),
        (r#"{"input_cost_per_token":null}"#, Err("lists no price")),
        (r#"{"mode":"chat"}"#, Err("lists no price")),
        ("[1]", Err("is not an object")),
        ("null", Err("is not an object")),
    ];
    for (fields, expected) in cases {
        let json = format!(r#"{{"fine":{{"input_cost_per_token":1}},"odd":{fields}}}"#);
        let imported = import_litellm(json.as_bytes(), &import("USD", "1", "1")).unwrap();
        match expected {
            Ok(price) => assert_eq!(imported.book.services["odd"].meters["input_tokens"].price, price, "{fields}"),
            Err(reason) => assert!(imported.skipped[0].reason.contains(reason), "{fields}: {:?}", imported.skipped),
        }
    }
    let json = r#"{"fine":{"input_cost_per_token":1},"a\u0000b":{"input_cost_per_token":1}}"#;
    let imported = import_litellm(json.as_bytes(), &import("USD", "1", "1")).unwrap();
    assert!(imported.skipped[0].reason.contains("control characters"), "{:?}", imported.skipped);
}

#[test]
fn the_first_field_of_a_meter_wins() {
    let json = br#"{"m":{"input_cost_per_token_cache_hit":3e-6,"cache_read_input_token_cost":2e-6}}"#;
    let imported = import_litellm(json, &import("USD", "1", "1")).unwrap();
    assert_eq!(price(&imported, "m", "cached_input_tokens"), "2/1000000");
}

#[test]
fn models_are_selected_by_name_or_beginning() {
    // patterns, models in the book
    let cases: [(&[&str], &[&str]); 5] = [
        (&["gpt-4o"], &["gpt-4o"]),
        (&["gpt-4o*"], &["gpt-4o", "gpt-4o-mini"]),
        (&["whisper-1", "tts-*"], &["tts-1", "whisper-1"]),
        (
            &["bedrock/*/1-month-commitment/cohere.command-text-v14"],
            &["bedrock/*/1-month-commitment/cohere.command-text-v14"],
        ),
        (&["claude-sonnet-4-5", "claude-*"], &["claude-sonnet-4-5"]),
    ];
    for (patterns, models) in cases {
        let models_wanted = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        let request = LitellmImport { models: Some(models_wanted), ..import("USD", "1", "1") };
        let imported = import_litellm(CUT, &request).unwrap();
        assert_eq!(imported.book.services.keys().collect::<Vec<_>>(), models, "{patterns:?}");
        assert_eq!(imported.skipped, [], "{patterns:?}");
    }
}

#[test]
fn an_impossible_import_says_what_to_change() {
    let models = |pattern: &str| LitellmImport { models: Some(vec![pattern.to_owned()]), ..import("USD", "1", "1") };
    // request, start of the error
    let cases = [
        (import("USD", "0", "1"), "mark_up: must be more than 0"),
        (import("USD", "-1", "1"), "mark_up: must not be negative"),
        (import("USD", "20%", "1"), "mark_up: must be a decimal number"),
        (import("VND", "1", ""), "exchange_rate: must be a decimal number"),
        (import("VND", "1", "0.0"), "exchange_rate: must be more than 0"),
        (LitellmImport { per: 0, ..import("USD", "1", "1") }, "per: must be"),
        (LitellmImport { per: MAX_QUANTITY + 1, ..import("USD", "1", "1") }, "per: must be"),
        (models("gpt-5o"), "models: no model of the price map matches \"gpt-5o\""),
        (models("sample_spec"), "models: no model of the price map matches \"sample_spec\""),
        (
            models("codestral/*"),
            "models: none of the selected models has a price that can be imported; the first: \"codestral",
        ),
    ];
    for (request, start) in cases {
        let error = import_litellm(CUT, &request).unwrap_err().to_string();
        assert!(error.starts_with(start), "{error}");
    }
    for json in ["", "[]", "{", r#"{"a":1,}"#] {
        let error = import_litellm(json.as_bytes(), &import("USD", "1", "1")).unwrap_err();
        assert!(matches!(error, ImportError::Unreadable(_)), "{json}: {error}");
    }
}

#[test]
fn an_imported_book_rates_events() {
    let dong = import_litellm(CUT, &import("VND", "1.2", "25400.5")).unwrap().book.compile().unwrap();
    let meters = [("input_tokens", 13_394), ("output_tokens", 127)].map(|(meter, count)| (meter.to_owned(), count));
    let charge = rate(&dong, "gpt-4o", &meters.into()).unwrap();
    assert_eq!(charge.exact().to_string(), "1059.353253");
    assert_eq!(charge.amount(), charge.unit().parse_amount("1059.353253").unwrap());
}

#[test]
fn each_meter_name_is_valid_and_a_model_fits_a_service() {
    let fields: Vec<_> = FIELDS.iter().map(|(field, _, _)| format!(r#""{field}":1"#)).collect();
    let json = format!(r#"{{"all":{{{}}}}}"#, fields.join(","));
    let imported = import_litellm(json.as_bytes(), &import("USD", "1", "1")).unwrap();
    assert_eq!(imported.left_out, BTreeMap::new());
    assert_eq!(imported.book.services["all"].meters.len(), FIELDS.len() - 1, "one meter has two fields");
}

/// The whole map, for developers who have it beside the workspace.
#[test]
fn the_whole_price_map_is_imported() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/litellm-model-prices.json");
    let Ok(json) = std::fs::read(path) else {
        println!("skipped: the whole price map is not beside the workspace");
        return;
    };
    let imported = import_litellm(&json, &import("USD", "1", "1")).unwrap();
    println!("{} imported, {} skipped", imported.book.services.len(), imported.skipped.len());
    assert!(imported.book.services.len() > 1_000);
    let cases = [("input_tokens", "2.5"), ("output_tokens", "10"), ("cached_input_tokens", "1.25")];
    assert_eq!(imported.book.services["gpt-4o"].meters.len(), cases.len());
    for (meter, list) in cases {
        assert_eq!(price(&imported, "gpt-4o", meter), format!("{list}/1000000"));
    }
    let marked_up = import_litellm(&json, &import("VND", "1.2345", "25400.123456")).unwrap();
    assert_eq!(marked_up.book.services.len(), imported.book.services.len());
    marked_up.book.compile().unwrap();
}
