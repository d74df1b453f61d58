use super::*;

fn all_tags() -> Vec<Tag> {
    "t s f q o n z:Europe/Berlin z:7200 z:-3600 d c l e u m i r:nan b y x B"
        .split(' ')
        .map(|text| Tag::parse(text).unwrap())
        .collect()
}

#[test]
fn every_tag_is_read_as_it_is_written() {
    for tag in all_tags() {
        assert_eq!(Tag::parse(&tag.to_string()), Some(tag));
    }
    assert_eq!(Tag::parse("w"), None);
    assert_eq!(Tag::parse(""), None);
    assert_eq!(Tag::parse("q:1"), None);
}

#[test]
fn the_writer_writes_paths_and_the_tree_finds_them() {
    let mut writer = NoteWriter::new();
    writer.enter_own_key();
    writer.note(Tag::Integer);
    writer.leave();
    writer.note(Tag::Tuple);
    writer.enter(0);
    writer.enter_key(12);
    writer.note(Tag::Date);
    writer.leave();
    writer.enter(12);
    writer.note(Tag::AwareDateTime("Asia/Tokyo".into()));
    writer.leave();
    writer.leave();
    let note = writer.take(b"value").unwrap();
    assert_eq!(note.text(), "k=i;=t;0/12k=d;0/12=z:Asia/Tokyo");
    assert!(note.fits(b"value") && !note.fits(b"other"));

    let tree = NoteTree::parse(note.text());
    assert_eq!(tree.own_key().unwrap().tag(), Some(&Tag::Integer));
    assert_eq!(tree.tag(), Some(&Tag::Tuple));
    let inner = tree.child(0).unwrap();
    assert_eq!(inner.tag(), None);
    assert_eq!(inner.key_child(12).unwrap().tag(), Some(&Tag::Date));
    assert_eq!(
        inner.child(12).unwrap().tag(),
        Some(&Tag::AwareDateTime("Asia/Tokyo".into()))
    );
    assert!(tree.child(1).is_none() && inner.child(0).is_none());
}

#[test]
fn a_writer_that_noted_nothing_gives_no_note_and_can_be_used_again() {
    let mut writer = NoteWriter::new();
    writer.enter(1);
    assert_eq!(writer.depth(), 1);
    writer.leave();
    assert!(writer.take(b"").is_none());
    writer.note(Tag::Set);
    assert_eq!(writer.take(b"").unwrap().text(), "=s");
    assert!(writer.take(b"").is_none());
}

#[test]
fn notes_of_a_nested_writer_are_appended_below_the_place_where_it_stands() {
    let mut nested = NoteWriter::new();
    nested.note(Tag::Tuple);
    nested.enter(1);
    nested.note(Tag::Uuid);
    let mut writer = NoteWriter::new();
    writer.note(Tag::Set);
    writer.append(&NoteWriter::new());
    writer.enter(3);
    writer.append(&nested);
    writer.leave();
    assert_eq!(writer.take(b"").unwrap().text(), "=s;3=t;3/1=u");
    let mut top = NoteWriter::new();
    top.append(&nested);
    assert_eq!(top.take(b"").unwrap().text(), "=t;1=u");
}

#[test]
fn a_tag_that_would_break_the_text_is_left_out() {
    let mut writer = NoteWriter::new();
    writer.note(Tag::AwareDateTime("a;b".into()));
    writer.note(Tag::AwareDateTime("a\nb".into()));
    assert!(writer.take(b"").is_none());
}

#[test]
fn malformed_notes_say_nothing() {
    for text in [
        "t",
        "x/=t",
        "1//2=t",
        "01=t",
        "-1=t",
        "+1=t",
        "1=t;0=t",
        "=t;=t",
        "1/k=t",
        "1kk=t",
        "99999999999=t",
        "=t;;0=t",
        "=t;",
        "0=t;=t",
        "1/0=t;1=t",
        "0=?;0=t",
        " =t",
    ] {
        assert_eq!(NoteTree::parse(text), NoteTree::default(), "{text:?}");
    }
    let deep = format!("{}0=t", "0/".repeat(100_000));
    assert!(NoteTree::parse(&deep).is_empty());
    assert_eq!(
        NoteTree::parse("=?;0=t").child(0).unwrap().tag(),
        Some(&Tag::Tuple)
    );
    assert_eq!(NoteTree::parse("=?").tag(), None);
}
