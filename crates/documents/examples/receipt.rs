//! Draws a receipt: `cargo run -p documents --example receipt -- crates/documents/tests/receipts/ja.json ja.pdf`.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(input), Some(output)) = (arguments.next(), arguments.next()) else {
        return Err("usage: receipt <in.json> <out.pdf>".into());
    };
    let receipt = serde_json::from_str(&std::fs::read_to_string(input)?)?;
    std::fs::write(output, documents::receipt::render_pdf(&receipt)?)?;
    Ok(())
}
