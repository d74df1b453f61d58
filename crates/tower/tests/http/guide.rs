//! The guide's table of translations: each expression in it is compiled and run here.

use std::collections::BTreeSet;

use flask_session_tower::{Config, Session, SessionError};
use serde::{Deserialize, Serialize};

use crate::browser::Site;

const GUIDE: &str = include_str!("../../../../docs/moving-to-axum.md");
const HERE: &str = include_str!("guide.rs");

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    product: String,
}

async fn in_a_handler(session: Session) -> Result<(), SessionError> {
    let name = "ann";
    session.insert("user", name).await?;
    assert_eq!(session.get::<String>("user").await?.as_deref(), Some("ann"));

    let line = Line {
        product: "ink".to_owned(),
    };
    session
        .update("cart", |cart: &mut Option<Vec<Line>>| {
            cart.get_or_insert_default().push(line);
        })
        .await?;
    assert_eq!(session.get::<Vec<Line>>("cart").await?.unwrap().len(), 1);
    assert!(session.contains("cart").await?);
    session.remove("cart").await?;
    assert!(!session.contains("cart").await?);

    session.set_permanent(true).await?;
    session.flash("message", "saved").await?;
    let flashes = session.take_flashes().await?;
    assert_eq!(flashes, [("message".to_owned(), "saved".to_owned())]);

    session.renew().await?;
    assert!(session.contains("user").await?);
    session.clear().await?;
    assert!(!session.contains("user").await?);
    Ok(())
}

/// The parts of an expression that a formatter leaves alone.
fn bare(code: &str) -> String {
    code.replace("\\|", "|")
        .replace(|c: char| c.is_whitespace() || "{},;".contains(c), "")
}

#[tokio::test]
async fn every_translation_is_what_the_guide_says() {
    let site = Site::new(Config::new());
    assert_eq!(site.visit("", in_a_handler).await.status, 200);

    let (_, table) = GUIDE.split_once("| Flask | axum |\n").unwrap();
    let rows = table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    let cells: BTreeSet<_> = rows.filter_map(|row| row.rsplit(" | ").next()).collect();
    assert!(cells.len() > 6);
    for cell in cells {
        for expression in cell.split('`').skip(1).step_by(2) {
            assert!(bare(HERE).contains(&bare(expression)), "{expression}");
        }
    }
}
